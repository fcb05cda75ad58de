import type { Execution, StageRun } from './execution.ts'
import { isOver } from './execution.ts'
import { wordOf } from './status-word.ts'

/** What came to its end with one change of an execution, for counting. Times in milliseconds. */
export type Ends = {
  /** `status`: as people read it (`rejected` and `expired` are words of their own). */
  readonly execution: { readonly status: string; readonly took: number } | null
  readonly stages: readonly { readonly kind: string; readonly outcome: string; readonly took: number | null }[]
}

/** Each end is in exactly one change, whoever stored it: so that counts of all processes may be added. */
export function endsBetween(before: Execution | null, after: Execution): Ends {
  const ended = after.endedAt !== null && !(before && isOver(before))
  // Most stages of a large one are the same as before: who is not, is looked up once.
  const changed = after.stages.filter((stage, at) => stage !== before?.stages[at] && outcomeOf(stage))
  const earlierOf = new Map(changed.length > 0 ? before?.stages.map((stage) => [stage.id, stage]) : [])
  return {
    execution: ended ? { status: wordOf(after), took: (after.endedAt ?? 0) - after.createdAt } : null,
    stages: changed.flatMap((stage) => {
      const earlier = earlierOf.get(stage.id)
      return !(earlier && outcomeOf(earlier) && earlier.attempt === stage.attempt)
        ? [{ kind: stage.kind, outcome: outcomeOf(stage) ?? '', took: tookOf(stage) }]
        : []
    }),
  }
}

const OUTCOMES = ['succeeded', 'failed', 'unknown', 'skipped', 'canceled']

function outcomeOf({ state }: StageRun): string | null {
  return OUTCOMES.includes(state) ? state : null
}

/** What never began took no time, and would make every average wrong. */
function tookOf({ startedAt, endedAt }: StageRun): number | null {
  return startedAt === null || endedAt === null ? null : endedAt - startedAt
}
