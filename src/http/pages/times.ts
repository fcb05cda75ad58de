import { spoken } from '../../core/duration.ts'
import type { Execution, StageRun } from '../../core/execution.ts'

type Span = readonly [from: number, to: number]

/** `queued 3 s, waited for people 4 m, ran 12 m`. What happened side by side counts once; nothing is said of what did not happen. */
export function timesText({ stages, createdAt, endedAt, lock }: Execution, now: number): string {
  const end = endedAt ?? now
  const first = Math.min(...stages.flatMap(({ readyAt, startedAt }) => readyAt ?? startedAt ?? []), end)
  const begun = (of: (stage: StageRun) => boolean) =>
    stages
      .filter(of)
      .map((stage) => spanOf(stage, end))
      .filter((span) => span !== null)
  const queued = stages.flatMap((stage): Span[] => {
    const until = stage.startedAt ?? (stage.state === 'ready' ? end : null)
    return stage.readyAt === null || until === null ? [] : [[stage.readyAt, until]]
  })
  const parts: [string, number][] = [
    ['queued', together([[createdAt, lock === 'queued' ? end : first], ...queued])],
    ['waited for people', together(begun(({ kind }) => kind === 'judgment'))],
    ['waited for the clock', together(begun(({ kind }) => kind === 'wait'))],
    ['ran', together(begun(({ kind }) => kind !== 'judgment' && kind !== 'wait'))],
  ]
  return parts.flatMap(([what, ms]) => (ms >= 500 ? [`${what} ${spoken(ms)}`] : [])).join(', ')
}

function spanOf({ startedAt, endedAt, state }: StageRun, end: number): Span | null {
  if (startedAt === null) return null
  const over = endedAt ?? (state === 'running' || state === 'waiting' ? end : null)
  return over === null ? null : [startedAt, over]
}

/** How long at least one of them was so. */
function together(spans: readonly Span[]): number {
  let [sum, reached] = [0, Number.NEGATIVE_INFINITY]
  for (const [from, to] of spans.toSorted(([one], [other]) => one - other)) {
    sum += Math.max(0, to - Math.max(from, reached))
    reached = Math.max(reached, to)
  }
  return sum
}
