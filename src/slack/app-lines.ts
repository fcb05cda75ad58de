import type { App, BlockAction } from '@slack/bolt'
import { onClicks, personOf } from './clicks.ts'
import type { Desk } from './desk.ts'
import { readLineValue } from './messages/line-buttons.ts'
import { readWatchValue } from './messages/watch.ts'
import type { Delivery } from './requests.ts'
import { typed } from './requests.ts'

/** Buttons that run a line which could be typed as well, with the rights of whoever presses them: those of answers, and **Stop** of a watch. */
export function listenToLines(app: App, desk: Desk): void {
  const run = (line: string, body: BlockAction, delivery: Delivery) =>
    typed(desk, line, { ...personOf(body), channel: body.channel?.id ?? '', trigger: body.trigger_id }, delivery)
  const onLine = onClicks(app, desk, {
    read: readLineValue,
    notMine: 'This button is none of mine. Type the command anew.',
  })
  onLine('answer.run', (body, line, delivery) => run(line, body, delivery))
  const onWatch = onClicks(app, desk, {
    read: readWatchValue,
    notMine: 'This button is none of mine. `consul watches` lists what is followed.',
  })
  onWatch('consul.watch.stop', (body, id, delivery) => run(`consul unwatch ${id}`, body, delivery))
}
