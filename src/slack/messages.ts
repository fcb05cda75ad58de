import type { Button, KnownBlock } from '@slack/types'
import { nameOf } from '../core/actor.ts'
import type { EnvironmentRecord } from '../core/environment.ts'
import { mayExtend, placeOf } from '../core/environment.ts'
import type { Execution, StageRun } from '../core/execution.ts'
import { isOver } from '../core/execution.ts'
import { clock, rolesText } from '../core/judgment.ts'
import { zonedText } from '../core/schedule/zone.ts'
import { targetText } from '../core/target.ts'
import type { Message } from './limits.ts'
import { joinLines } from './messages/bake.ts'
import { actions, context, finished, section } from './messages/blocks.ts'
import { controlButtons, extendButton, stepButtons, waitButtons } from './messages/buttons.ts'
import { glassLines } from './messages/glass.ts'
import { askLines, judgmentButtons } from './messages/judgment.ts'
import { kvBlocks } from './messages/kv.ts'
import { lifetimeLine, lifetimeOf } from './messages/lifetime.ts'
import { loadingBlocks } from './messages/load.ts'
import { parentLines } from './messages/nested.ts'
import { judgmentLine, noteText, outcomeLines } from './messages/outcome.ts'
import { planBlocks, planWaiting } from './messages/plan.ts'
import { promotionLines } from './messages/promotion.ts'
import { releaseBlocks } from './messages/release.ts'
import { resultBlocks } from './messages/results.ts'
import { stageLines } from './messages/stages.ts'
import { code, link, people, plain } from './messages/text.ts'
import { choiceButtons } from './messages/unknown.ts'
import type { ExecutionView } from './messages/view.ts'
import { askedBy, statusLine, timeFrom, tookText, unbold } from './messages/view.ts'

export { answerMessage, errorMessage, refusalMessage } from './messages/answers.ts'
export { buttonValue, type Press, readButtonValue } from './messages/buttons.ts'
export { closingReply } from './messages/closing.ts'
export { glassMessage, glassSummary } from './messages/glass.ts'
export { warningMessage } from './messages/lifetime.ts'
export { reminderReply } from './messages/reminder.ts'
export { scheduleChangedMessage, scheduleMessage } from './messages/schedule.ts'
export type { ExecutionView } from './messages/view.ts'
export { waitingReply } from './messages/waiting.ts'

const MOST_NOTES = 4

/**
 * The one message of an execution: a pure function of what is stored, so that it can be posted anew at any time. Its first block
 * has the id `execution-<id>-v<version>`, by which the bot finds it again in the channel.
 */
export function executionMessage(view: ExecutionView): Message {
  const { execution } = view
  const { id, version } = execution
  const first = `${statusLine(execution)}${tookText(execution)}, ${askedBy(execution)}`
  const blocks = [
    section(
      `${first}${view.page ? ` · ${link(view.page, 'Open')}` : ''}`,
      ...glassLines(execution),
      ...outcomeLines(execution),
      ...queueLines(view),
      ...promotionLines(view),
      ...parentLines(execution, view.related),
    ),
    ...releaseBlocks(execution),
    section(...stageLines(view)),
    ...loadingBlocks(view),
    ...resultBlocks(execution),
    ...planBlocks(execution),
    ...kvBlocks(execution),
    ...recordBlocks(view),
    ...askBlocks(view),
  ]
  const text = `${unbold(first)}${planWaiting(execution)}`
  return finished({ text, blocks }, { first: `execution-${id}-v${version}`, prefix: `x-${id}-${version}` })
}

/** Place in the queue, and who holds the lock since when with what. */
function queueLines({ execution, environment, runsLink }: ExecutionView): string[] {
  if (execution.lock !== 'queued' || !environment || isOver(execution)) return []
  const name = plain(targetText(environment.name))
  const place = placeOf(environment, execution.id)
  const line = place
    ? `Place ${place} of ${environment.queue.length} in the queue for ${name}.`
    : `In the queue for ${name}.`
  return [line, ...joinLines(execution, environment.lock), ...holderLine(environment, runsLink)]
}

function holderLine({ lock }: EnvironmentRecord, runsLink: ExecutionView['runsLink']): string[] {
  if (!lock) return []
  const url = runsLink?.(lock.execution)
  const shown = url ? link(url, lock.execution) : code(lock.execution)
  return [`🔒 Held by ${code(lock.line)} ${people(`of ${nameOf(lock.actor)} since ${clock(lock.since)}`)} (${shown})`]
}

/** Who decided, how long it may live, what happened on the way. */
function recordBlocks(view: ExecutionView): KnownBlock[] {
  const { judgments, notes, ending } = view.execution
  const given = judgments.filter(({ decision, fell }) => decision === 'approved' || fell)
  const several = new Set(given.map(({ stage }) => stage)).size > 1
  const decided = given.map((each) => `${several ? `${code(each.stage)}: ` : ''}${judgmentLine(each)}`)
  const lifetime = lifetimeLine(view)
  const said = ending === 'superseded' || ending === 'left' || ending === 'withdrawn' ? notes.slice(0, -1) : notes
  const left = Math.max(said.length - MOST_NOTES, 0)
  const lines = [
    ...decided.map((line) => `👤 ${line}`),
    ...(lifetime ? [lifetime] : []),
    ...(left > 0 ? [`… +${left} more earlier notes`] : []),
    ...said.slice(left).map(({ at, text }) => `📝 ${clock(at)} ${noteText(text)}`),
  ]
  return lines.length > 0 ? [context(...lines)] : []
}

/** What people may do now: nothing that would be refused to everybody. */
function askBlocks(view: ExecutionView): KnownBlock[] {
  const { execution, environment } = view
  const lifetime = lifetimeOf(view)
  const controls: Button[] = [
    ...controlButtons(execution),
    ...choiceButtons(execution),
    ...stepButtons(execution),
    ...(lifetime && mayExtend(lifetime) && environment ? [extendButton(lifetime, environment.name)] : []),
  ]
  const waiting =
    isOver(execution) || execution.status === 'unknown'
      ? []
      : execution.stages.filter(({ state }) => state === 'waiting')
  if (execution.cancel || waiting.length === 0) return actions(controls)
  return waiting.flatMap((stage, at) => [
    section(
      ...(waiting.length > 1 ? [whichOf(stage)] : []),
      ...(stage.held ? heldLines(execution, stage) : stage.kind === 'wait' ? waitLines(stage) : askLines(view, stage)),
    ),
    ...actions([...buttonsOf(execution, stage), ...(at === waiting.length - 1 ? controls : [])]),
  ])
}

function buttonsOf(execution: Execution, stage: StageRun): ReturnType<typeof judgmentButtons> {
  if (stage.held) return []
  return stage.kind === 'wait' ? waitButtons(execution, stage) : judgmentButtons(execution, stage)
}

/** Where several branches wait at once: which one this is, and what of it is judged. */
function whichOf({ id, input }: StageRun): string {
  return `*${code(id)}*${typeof input.show === 'string' ? `, about ${code(input.show)}` : ''}`
}

/** Why it is not begun, by itself when, and how it can be begun all the same. */
function heldLines({ id }: Execution, { held }: StageRun): string[] {
  return [
    `${held?.by === 'freeze' ? '🧊' : '🌙'} ${code(id)} waits: ${noteText(held?.text ?? '')}. It goes on by itself then.`,
    `Roles that the site names for it (${code('outside_window')}) may let it go on now: ${code(`runs override ${id} --why "..."`)}`,
  ]
}

function waitLines({ dueAt, startedAt, input }: StageRun): string[] {
  const { until: time, zone } = input
  const there = typeof time === 'string' && typeof zone === 'string' && dueAt !== null
  const when = dueAt === null ? '' : there ? zonedText(dueAt, zone) : timeFrom(dueAt, startedAt ?? dueAt)
  const until = when && ` until ${when}`
  const skip = Array.isArray(input.skip)
    ? people(rolesText(input.skip.map(String)))
    : 'Approvers, and who may cancel it,'
  return [`⏲️ It waits${until}.${typeof input.why === 'string' ? ` ${plain(input.why)}` : ''}`, `${skip} may skip it.`]
}
