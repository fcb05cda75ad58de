import type { AlertGroup } from '../../core/alert.ts'
import { dayAndClock } from '../../core/judgment.ts'
import type { CatchUp } from '../../engine/alerts/records.ts'
import type { Message } from '../limits.ts'
import { within } from './alert-lines.ts'
import { headline } from './alert-words.ts'
import { finished, section } from './blocks.ts'
import { code, link } from './text.ts'
import { timeFrom } from './view.ts'

/** `groups`: those that it names, as far as they are known still; `linkOf`: to the message of one of them. */
export type CatchUpView = {
  readonly caughtUp: CatchUp
  readonly groups: readonly AlertGroup[]
  readonly linkOf: (id: string) => string | undefined
}

const MOST_GROUPS = 12
const ROOM = 2_600

/** One message of what happened while nobody watched, in place of one for each thing that did. */
export function catchUpMessage({ caughtUp, groups, linkOf }: CatchUpView): Message {
  const { at, since, raised, ended, open } = caughtUp
  const line = (id: string) => {
    const group = groups.find((each) => each.id === id)
    const url = linkOf(id)
    return `• ${url ? link(url, id) : code(id)}${group ? ` ${headline(group)}` : ''}`
  }
  const first = `📋 *Nobody watched* from ${dayAndClock(since)} to ${timeFrom(at, since)}; what began and ended in between was not seen.`
  const counts = `${raised.length} new, ${ended.length} over, ${open} open now.`
  const list = (title: string, ids: readonly string[]) =>
    ids.length > 0 ? [section(title, ...within(ids.map(line), { most: MOST_GROUPS, room: ROOM }))] : []
  const blocks = [
    section(first, counts),
    ...list('*New*', raised),
    ...list('*Over*', ended),
    ...(open > 0 ? [section(`*Next*: ${code('alerts list')} shows what is open.`)] : []),
  ]
  const text = `${first.replaceAll('*', '')} ${counts}`
  return finished({ text, blocks }, { first: `alert-catchup-${at}`, prefix: `ac-${at}` })
}
