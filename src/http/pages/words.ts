import type { StageRun, StageState } from '../../core/execution.ts'
import { clock, dayAndClock } from '../../core/judgment.ts'

/** What a state is called; colour alone says nothing to many. */
export const STATES: Readonly<Record<StageState, string>> = {
  pending: 'not started yet',
  ready: 'waiting for a worker',
  running: 'running',
  waiting: 'waiting',
  succeeded: 'succeeded',
  failed: 'failed',
  unknown: 'unknown',
  skipped: 'skipped',
  canceled: 'canceled',
}

/** The same of one stage: a judgment waits for people and is approved. */
export function stateText({ kind, state, held, outcome }: StageRun): string {
  if (state === 'waiting' && held) return held.text
  if (kind !== 'judgment') return STATES[state]
  if (state === 'waiting') return 'waiting for approval'
  const expired = outcome?.kind === 'failed' && outcome.output?.expired === true
  return state === 'succeeded'
    ? 'approved'
    : state === 'failed'
      ? expired
        ? 'expired'
        : 'not approved'
      : STATES[state]
}

/** What is said of how it ended, as the message in Slack says it. */
export function whyText({ outcome, stuck, state }: StageRun): string {
  if (state === 'ready' && stuck) return stuck
  if (outcome === null || outcome.kind === 'succeeded') return ''
  return outcome.kind === 'failed' ? outcome.error : outcome.why
}

/** `17:42 UTC`, with the day where it is another one than that of `from`. */
export function timeText(at: number | null, from: number): string {
  if (at === null) return ''
  const day = (time: number) => new Date(time).toISOString().slice(0, 10)
  return day(at) === day(from) ? clock(at) : dayAndClock(at)
}
