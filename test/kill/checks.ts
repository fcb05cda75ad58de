import { basename, dirname } from 'node:path'
import type { SlackMessage } from '../../examples/demo/slack-control.ts'
import { type Execution, isOver } from '../../src/core/execution.ts'
import { wordOf } from '../../src/core/status-word.ts'
import { wordsOf } from '../e2e/talk.ts'
import type { Lane } from './people.ts'
import { shownIn } from './shown.ts'
import type { Town } from './town.ts'

/** What must be 0 at the end, in the words of the last line. */
export const faults = [
  'applied twice',
  'lost',
  'messages doubled',
  'messages lost',
  'messages untrue',
  'told late',
  'locks wrong',
  'state locks wrong',
  'wrong person',
  'answered twice',
  'not taken down',
  'processes left',
  'fell by themselves',
] as const
export type Fault = (typeof faults)[number]
export type Problem = { readonly fault: Fault; readonly text: string }

/** An apply is started in a folder of its own for each attempt: more than one there, or more than approvals, is one too many. */
export function appliesOf(executions: readonly Execution[], notes: readonly string[]): Problem[] {
  const attempts = new Map<string, number>()
  for (const note of notes) attempts.set(attemptOf(note), (attempts.get(attemptOf(note)) ?? 0) + 1)
  const twice = [...attempts].filter(([, times]) => times > 1)
  const more = executions.filter(({ id, judgments }) => {
    if (twice.some(([attempt]) => attempt.startsWith(`${id}/`))) return false
    const approved = judgments.filter(({ decision }) => decision === 'approved').length
    return notes.filter((note) => attemptOf(note).startsWith(`${id}/`)).length > approved
  })
  return [
    ...twice.map(([attempt, times]) => ({ fault: 'applied twice' as const, text: `${attempt}: ${times} times` })),
    ...more.map(({ id }) => ({ fault: 'applied twice' as const, text: `${id}: more applies than approvals` })),
  ]
}

/** `<execution>/<stage>-<attempt>`, of the folder in which Terraform is run. */
function attemptOf(folder: string): string {
  const attempt = dirname(folder)
  return `${basename(dirname(attempt))}/${basename(attempt)}`
}

/** One execution at most holds the lock of an environment, and it is the one that the environment names. */
export async function locksOf(town: Town, lane: Lane): Promise<Problem[]> {
  const { environment } = lane.place
  const before = await town.store.environment(environment)
  const open = lane.mine(await town.store.list({ limit: 500, open: true }))
  const after = await town.store.environment(environment)
  // It changed while it was read: there is nothing to compare.
  if (before.version !== after.version) return []
  const holding = open.filter(({ lock }) => lock === 'held').map(({ id }) => id)
  const named = after.lock ? [after.lock.execution] : []
  const known = named.filter((id) => !holding.includes(id))
  const queued = open.filter(({ lock }) => lock === 'queued').map(({ id }) => id)
  const waits = [...named, ...after.queue.map(({ execution }) => execution)]
  const strays = queued.filter((id) => !waits.includes(id))
  const wrong =
    holding.length > 1 ||
    holding.some((id) => !named.includes(id)) ||
    strays.length > 0 ||
    known.some((id) => !queued.includes(id))
  const text = `${environment}: named ${named}, held by ${holding}, queued ${queued}`
  return wrong ? [{ fault: 'locks wrong', text }] : []
}

/** Everything that a channel has to say about executions that are over. */
export async function channelOf(town: Town, lane: Lane, executions: readonly Execution[]): Promise<Problem[]> {
  const messages = await lane.talk.all()
  const accepted = messages.flatMap(({ text, ephemeral_to }) =>
    ephemeral_to ? [...text.matchAll(/is stored as `([^`]+)`/g)].map(([, id = '']) => id) : [],
  )
  const found = await Promise.all(accepted.map((id) => town.store.execution(id)))
  const lost = accepted.filter((_, at) => !found[at])
  const open = executions.filter((execution) => !isOver(execution))
  return [
    ...[...lost, ...open.map(({ id }) => id)].map((id) => ({ fault: 'lost' as const, text: id })),
    ...executions.filter(isOver).flatMap((execution) => messagesOf(execution, messages)),
  ]
}

/** One message that tells the truth, one closing reply for each ending, and each file once. */
function messagesOf(execution: Execution, messages: readonly SlackMessage[]): Problem[] {
  const { id } = execution
  const word = wordOf(execution)
  const shown = shownIn(messages).filter((each) => each.id === id)
  const closings = messages.filter(({ blocks }) => blocks?.[0]?.block_id?.startsWith(`closing-${id}-`)).map(wordsOf)
  const says = (closing: string, status: string) => closing.split('\n')[0]?.includes(`*${status}*`) ?? false
  const last = closings.filter((closing) => says(closing, word)).length
  // One that was left is told of twice: that nobody knows, and that somebody left it.
  const most = word === 'unknown' ? 2 : 1
  const asked = closings.filter((closing) => word !== 'unknown' && says(closing, 'unknown')).length
  const threads = messages.filter(
    (each) => each.thread_ts && shown.some(({ message }) => message.ts === each.thread_ts),
  )
  const files = threads.flatMap((each) => each.files ?? []).map(({ name }) => name)
  const problem = (fault: Fault, text: string): Problem => ({ fault, text: `${id} (${word}): ${text}` })
  return [
    ...(shown.length === 0 ? [problem('messages lost', 'it has no message')] : []),
    ...(shown.length > 1 ? [problem('messages doubled', `${shown.length} messages`)] : []),
    ...shown.filter((each) => each.word !== word).map((each) => problem('messages untrue', `it says ${each.word}`)),
    ...(last === 0 ? [problem('messages lost', 'it has no closing reply')] : []),
    ...(last > most || asked > 1 ? [problem('messages doubled', `closing replies: ${closings.join(' | ')}`)] : []),
    ...(new Set(files).size < files.length ? [problem('messages doubled', `files: ${files.join(', ')}`)] : []),
  ]
}

/** How many executions stood at unknown at some time, whatever became of them. */
export function unknownsIn(messages: readonly SlackMessage[]): number {
  const ids = messages.flatMap((message) => {
    const id = /^closing-([a-z0-9]+)-v/.exec(message.blocks?.[0]?.block_id ?? '')?.[1]
    return id && wordsOf(message).split('\n')[0]?.includes('*unknown*') ? [id] : []
  })
  return new Set(ids).size
}

/** Who ended without being killed. */
export function fallenIn(town: Town): Problem[] {
  return town.fallen().map(({ role, crew }) => ({
    fault: 'fell by themselves' as const,
    text: `${role} ${crew.pid}: ${crew.log().slice(-1_500)}`,
  }))
}
