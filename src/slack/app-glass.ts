import type { App } from '@slack/bolt'
import { endGlass } from '../engine/break-glass/deeds.ts'
import { actorOf, onClicks } from './clicks.ts'
import type { Desk } from './desk.ts'
import { readGlassValue } from './messages/glass-button.ts'
import { answerMessage } from './messages.ts'

const NOT_MINE = 'This button is none of mine. `breakglass list` shows what holds; `breakglass end <id>` ends it.'

/** The one button of a break glass. Anybody may press it, whatever his roles are: it only takes rights away. */
export function listenToGlass(app: App, desk: Desk): void {
  const onClick = onClicks(app, desk, { read: readGlassValue, notMine: NOT_MINE })
  onClick('glass.end', async (body, id, { request, until }) =>
    answerMessage({ text: await endGlass(desk.parts, id, { actor: actorOf(body), request, until }) }),
  )
}
