import { release } from './environment.ts'
import type { Effect, Next, StageEvent, World } from './event.ts'
import type { Ending, Execution, ExecutionStatus, StageRun } from './execution.ts'
import { isOver, stageOf } from './execution.ts'
import { settle } from './settle.ts'
import type { Outcome } from './workflow.ts'

type Change = (stage: StageRun) => Partial<StageRun>

export function changeStage(world: World, event: StageEvent, from: readonly StageRun['state'][], change: Change): Next {
  const stage = stageOf(world.execution, event.stage)
  if (!stage || stage.attempt !== event.attempt || !from.includes(stage.state)) return refuse(world, null)
  const stages = world.execution.stages.map((each) => (each === stage ? { ...stage, ...change(stage) } : each))
  return changed({ ...world, execution: { ...world.execution, stages } }, [])
}

/** Lets the stages move on, and ends the execution when none can. */
export function go(world: World, now: number): Next {
  if (isOver(world.execution)) return changed({ execution: world.execution, environment: world.environment }, [])
  const settled = settle(world, now)
  if (!settled.over) return changed({ execution: settled.execution, environment: world.environment }, settled.effects)
  const over = { execution: settled.execution, environment: world.environment }
  return withEffects(finish(over, settled.over, settled.execution.ending, now), settled.effects)
}

export function finish(world: World, status: ExecutionStatus, ending: Ending | null, now: number): Next {
  const stages = world.execution.stages.map((stage) => closed(stage, status))
  const execution: Execution = { ...world.execution, stages, status, ending, endedAt: now }
  if (!world.environment || execution.lock === 'none') return changed({ execution, environment: world.environment }, [])
  const environment = release(world.environment, execution.id, now)
  const effects: Effect[] = environment.queue.map(({ execution }) => ({
    do: 'show',
    message: `execution:${execution}`,
    at: now,
  }))
  const next = environment.lock
  if (next && next.execution !== world.environment.lock?.execution) {
    effects.push({ do: 'tell', execution: next.execution, event: { type: 'lock.granted' }, at: now })
  }
  return changed({ execution: { ...execution, lock: 'released' }, environment }, effects)
}

function closed(stage: StageRun, status: ExecutionStatus): StageRun {
  if (stage.state !== 'pending' && stage.state !== 'ready' && stage.state !== 'waiting') return stage
  const canceled = status === 'canceled'
  const outcome: Outcome = canceled
    ? { kind: 'canceled', why: 'never started' }
    : { kind: 'skipped', why: 'the stage before did not succeed' }
  return { ...stage, state: canceled ? 'canceled' : 'skipped', outcome, dueAt: null }
}

export function changed(world: World, effects: readonly Effect[]): Next {
  return { execution: world.execution, environment: world.environment, effects, changed: true, refused: null }
}

export function refuse(world: World, refused: string | null): Next {
  return { execution: world.execution, environment: world.environment, effects: [], changed: false, refused }
}

export function withEffects(next: Next, effects: readonly Effect[]): Next {
  return { ...next, effects: [...next.effects, ...effects] }
}
