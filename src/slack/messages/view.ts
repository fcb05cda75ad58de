import { nameOf } from '../../core/actor.ts'
import { spoken } from '../../core/duration.ts'
import type { EnvironmentRecord } from '../../core/environment.ts'
import type { Execution, StageRun } from '../../core/execution.ts'
import { isOver } from '../../core/execution.ts'
import { clock, dayAndClock } from '../../core/judgment.ts'
import { wordOf } from '../../core/status-word.ts'
import type { Progress } from '../../engine/progress.ts'
import type { Related } from './nested.ts'
import type { StepView } from './promotion.ts'
import { code, people } from './text.ts'

/** All that the message of an execution is made of. */
export type ExecutionView = {
  readonly execution: Execution
  readonly environment: EnvironmentRecord | null
  /** The latest word of each stage. */
  readonly progress: readonly Progress[]
  /** What all generators of a load measured so far. */
  readonly load?: string | null
  /** The time it is drawn at, and how long a stage may say nothing before that is said; without them nothing is said of it. */
  readonly now?: number
  readonly quietAfter?: number
  /** Address of its page, where people can reach one. */
  readonly page?: string
  /** The steps of its promotion, in order. */
  readonly steps?: readonly StepView[]
  /** What its stages began, and what it is part of. */
  readonly related?: Related
  /** Permalink of another execution's message, where it has one. */
  readonly runsLink?: ((executionId: string) => string | undefined) | undefined
}

const EMOJI: Readonly<Record<string, string>> = {
  queued: '⏳',
  planning: '🔍',
  'waiting for approval': '✋',
  waiting: '⏲️',
  frozen: '🧊',
  'outside its window': '🌙',
  baking: '📦',
  switching: '🔀',
  draining: '🚰',
  returning: '↩️',
  applying: '🚧',
  loading: '🏋️',
  succeeded: '✅',
  failed: '❌',
  rejected: '⛔',
  expired: '⌛',
  withdrawn: '↩️',
  canceled: '🚫',
  canceling: '🛑',
  stopping: '🛑',
  'stopping by force': '🛑',
  unknown: '❓',
}

/** The picture of its status. */
export function emojiOf(execution: Execution): string {
  return EMOJI[wordOf(execution)] ?? '▶️'
}

/** Emoji, status word and command line; the word says what the emoji says. */
export function statusLine(execution: Execution): string {
  return `${emojiOf(execution)} *${wordOf(execution)}*: ${code(execution.line)}`
}

/** The first line as a notification says it: without the bold. */
export function unbold(line: string): string {
  return line.replace(/\*([^*`]+)\*/, '$1')
}

const BY_ITSELF: readonly string[] = ['lifetime', 'schedule', 'trigger', 'breakglass']

/** Who asked; the end of a lifetime begins by itself. */
export function askedBy({ actor }: Execution): string {
  return people(`${BY_ITSELF.includes(actor.kind) ? 'begun by' : 'asked by'} ${nameOf(actor)}`)
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

/** Which of several stages of its kind a result is of; nothing for the one that bears the name of its kind. */
export function labelOf({ id, kind }: StageRun): string {
  return id === kind ? '' : `${code(id)} `
}

/** The stages of a kind, in order. */
export function stagesOf(execution: Execution, kind: string): StageRun[] {
  return execution.stages.filter((stage) => stage.kind === kind)
}
