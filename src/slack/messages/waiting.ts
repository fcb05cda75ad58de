import { nameOfId } from '../../core/actor.ts'
import type { Execution, StageRun } from '../../core/execution.ts'
import { outputOf } from '../../core/execution.ts'
import { readPlanOutput } from '../../core/report.ts'
import type { Message } from '../limits.ts'
import { finished, section } from './blocks.ts'
import { code, people, plain } from './text.ts'
import { timeFrom } from './view.ts'

/** The reply that says that something will happen which people may put off: who asked is mentioned, since an edit notifies nobody. */
export function waitingReply(execution: Execution, stage: StageRun): Message {
  const { id, line, askers, version } = execution
  const { dueAt, startedAt, input } = stage
  const names = people(
    askers
      .map(nameOfId)
      .filter((name) => name.startsWith('@'))
      .join(' '),
  )
  const until = dueAt === null ? '' : ` waits until ${timeFrom(dueAt, startedAt ?? dueAt)}`
  const plan = typeof input.plan === 'string' ? readPlanOutput(outputOf(execution, input.plan)) : null
  const first = `⏲️ ${code(line)}${until}${names ? `, ${names}` : ''}`
  const later = typeof input.postpone === 'string' ? '*Postpone* in the message above puts it off.' : ''
  const lines = [
    `${typeof input.why === 'string' ? plain(input.why) : ''} ${plan ? plain(plan.headline) : ''}`.trim(),
    later,
  ]
  return finished(
    { text: first, blocks: [section(first, ...lines.filter(Boolean))] },
    { first: `waiting-${id}-${stage.attempt}-v${version}`, prefix: `w-${id}-${version}` },
  )
}
