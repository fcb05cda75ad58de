import { nameOf } from '../../core/actor.ts'
import { spoken } from '../../core/duration.ts'
import type { EnvironmentRecord } from '../../core/environment.ts'
import type { Execution, StageRun } from '../../core/execution.ts'
import { isOver, wordOf } from '../../core/execution.ts'
import { clock, dayAndClock } from '../../core/judgment.ts'
import { code, people } from './text.ts'

/** How far a running stage has come, as its worker last said. */
export type Progress = { readonly stage: string; readonly text: string; readonly at: number }

/** All that the message of an execution is made of. */
export type ExecutionView = {
  readonly execution: Execution
  readonly environment: EnvironmentRecord | null
  readonly progress: Progress | null
  /** Permalink of another execution's message, where it has one. */
  readonly runsLink?: ((executionId: string) => string | undefined) | undefined
}

const EMOJI: Readonly<Record<string, string>> = {
  queued: '⏳',
  planning: '🔍',
  'waiting for approval': '✋',
  applying: '🚧',
  succeeded: '✅',
  failed: '❌',
  rejected: '⛔',
  expired: '⌛',
  canceled: '🚫',
  canceling: '🛑',
  'stopping by force': '🛑',
  unknown: '❓',
}

/** Emoji, status word and command line; the word says what the emoji says. */
export function statusLine(execution: Execution): string {
  const word = wordOf(execution)
  return `${EMOJI[word] ?? '▶️'} *${word}*: ${code(execution.line)}`
}

/** The first line as a notification says it: without the bold. */
export function unbold(line: string): string {
  return line.replace(/\*([^*`]+)\*/, '$1')
}

/** Who asked; the end of a lifetime begins by itself. */
export function askedBy({ actor }: Execution): string {
  return people(`${actor.kind === 'lifetime' ? 'begun by' : 'asked by'} ${nameOf(actor)}`)
}

/** How long it took, once it is over. */
export function tookText(execution: Execution): string {
  if (execution.endedAt === null) return ''
  return ` ${execution.status === 'succeeded' ? 'in' : 'after'} ${spoken(execution.endedAt - execution.createdAt)}`
}

/** The time of day, with the day where it is not the day of `from`. */
export function timeFrom(at: number, from: number): string {
  const sameDay = new Date(at).toISOString().slice(0, 10) === new Date(from).toISOString().slice(0, 10)
  return sameDay ? clock(at) : dayAndClock(at)
}

/** It neither moves nor ends by itself any more. */
export function standsStill(execution: Execution): boolean {
  return isOver(execution) || execution.status === 'unknown'
}

/** Stages that only look: nothing is changed by them. */
const HARMLESS = ['terraform.plan', 'judgment', 'health']

/** Whether it may have changed anything. */
export function touched(execution: Execution): boolean {
  return execution.stages.some((stage) => stage.startedAt !== null && !HARMLESS.includes(stage.kind))
}

/** The stages of a kind, in order. */
export function stagesOf(execution: Execution, kind: string): StageRun[] {
  return execution.stages.filter((stage) => stage.kind === kind)
}
