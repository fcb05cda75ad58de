import type { World } from './event.ts'
import type { StageRun } from './execution.ts'
import { fresh, isOver, stageOf } from './execution.ts'
import { halts } from './failure.ts'

/** How often a stale plan is made anew before the execution gives up. */
const MOST_PLANS = 3

export function mayPlanAgain({ execution }: World, first: string): boolean {
  const planned = stageOf(execution, first)
  if (!planned || planned.attempt >= MOST_PLANS || isOver(execution) || execution.cancel) return false
  const reset = restFrom(execution.stages, first)
  if (execution.stages.some((stage) => stage.stopped || (halts(stage) && !reset.has(stage.id)))) return false
  return !execution.stages.some(({ id, state }) => reset.has(id) && (state === 'running' || state === 'unknown'))
}

/** A stage and all that come after it, directly or not; a branch beside them is left alone. */
function restFrom(stages: readonly StageRun[], first: string): Set<string> {
  const rest = new Set([first])
  for (const { id, after, input } of stages) {
    if ([...after, input.plan, input.show].some((name) => typeof name === 'string' && rest.has(name))) rest.add(id)
  }
  return rest
}

/** The stages from `first` on are done anew; the judgments that were given for them no longer count. */
export function planAgain(world: World, first: string, why: string, now: number): World {
  const { execution } = world
  const reset = restFrom(execution.stages, first)
  const stages = execution.stages
    .filter(({ aside }) => !aside)
    .map((stage) => (reset.has(stage.id) ? fresh(stage) : stage))
  const judgments = execution.judgments.map((judgment) =>
    reset.has(judgment.stage) && !judgment.fell ? { ...judgment, fell: why } : judgment,
  )
  const notes = [...execution.notes, { at: now, text: `Planned again: ${why}` }]
  return { ...world, execution: { ...execution, stages, judgments, notes } }
}
