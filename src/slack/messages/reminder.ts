import type { Execution, StageRun } from '../../core/execution.ts'
import { remindedOf } from '../../core/judgment/remind-whom.ts'
import type { Site } from '../../core/site.ts'
import type { Message } from '../limits.ts'
import { mentionsText } from './alert-words.ts'
import { finished, section } from './blocks.ts'
import { openLines } from './judgment.ts'
import { code } from './text.ts'
import { timeFrom } from './view.ts'

/** The reply that says again that a judgment waits: it mentions those who can still give what is missing, as the site names them. */
export function reminderReply(site: Site, execution: Execution, stage: StageRun, at: number): Message {
  const { id, line, version } = execution
  const { dueAt } = stage
  const until = dueAt === null ? '' : ` until ${timeFrom(dueAt, at)}`
  const names = mentionsText(remindedOf(site, execution, stage))
  const waiting = execution.stages.filter((each) => each.kind === 'judgment' && each.state === 'waiting' && !each.held)
  const which = waiting.length > 1 ? ` (${code(stage.id)})` : ''
  const first = `⏰ ${code(line)}${which} waits for approval${until}${names ? `, ${names}` : ''}`
  return finished(
    { text: first, blocks: [section(first, ...openLines(execution, stage))] },
    { first: `reminder-${id}-${stage.attempt}-${at}-v${version}`, prefix: `r-${id}-${at}-${version}` },
  )
}
