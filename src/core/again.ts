import { milliseconds } from './duration.ts'
import type { Effect, StageEvent, World } from './event.ts'
import type { StageRun } from './execution.ts'
import { fresh, isOver, stageOf } from './execution.ts'
import { halts } from './failure.ts'
import { lapse } from './settle.ts'
import type { Try } from './stage/shape.ts'

export type Retried = World & { readonly effects: readonly Effect[] }

/**
 * A stage that just failed is tried again, as often as its `retry` says: it is ready at its due time, and until then nothing is held for it
 * but a record. Null where it is not tried again. Only kinds that may be started twice are planned with a `retry`.
 */
export function triedAgain(world: World, event: StageEvent, now: number): Retried | null {
  const { execution } = world
  const stage = stageOf(execution, event.stage)
  const outcome = stage?.outcome
  if (!stage?.retry || stage.state !== 'failed' || outcome?.kind !== 'failed' || outcome.again) return null
  const tries: Try[] = [...(stage.tries ?? []), { attempt: stage.attempt, at: now, error: outcome.error }]
  const others = execution.stages.some((each) => each !== stage && halts(each))
  if (tries.length > stage.retry.times || isOver(execution) || execution.cancel || others) return null
  const attempt = stage.attempt + 1
  const at = now + waitBefore(tries.length, stage.retry)
  const begun = stage.guard ? { begun: true as const } : {}
  const next: StageRun = { ...fresh(stage), ...begun, state: 'ready', attempt, readyAt: at, tries }
  const stages = execution.stages.map((each) => (each === stage ? next : each))
  const run: Effect = { do: 'run', execution: execution.id, stage: stage.id, attempt, at }
  return { ...world, execution: { ...execution, stages }, effects: [run, ...lapse(execution, next, at)] }
}

/** Before the first one more try it is `wait`, and then twice as long each time, up to `most`. */
function waitBefore(number: number, { wait, most }: { readonly wait: string; readonly most: string }): number {
  return Math.min(milliseconds(wait) * 2 ** (number - 1), milliseconds(most))
}
