import { triedAgain } from '../again.ts'
import { milliseconds } from '../duration.ts'
import type { Next, StageEvent, World } from '../event.ts'
import type { WorkerName } from '../execution.ts'
import { stageOf } from '../execution.ts'
import { changeStage, go, refuse, withEffects } from '../finish.ts'
import { heldBack } from '../held.ts'
import { applyStarted } from '../lifetime.ts'
import { mayBegin } from '../recover.ts'
import { limitOf } from './limit.ts'

/** A worker took it, unless it may not begin now. */
export function started(world: World, event: StageEvent & { worker: WorkerName }, now: number): Next {
  const stage = stageOf(world.execution, event.stage)
  if (stage && !stage.aside && !mayBegin(world.execution, stage)) return refuse(world, null)
  const held = heldBack(world, event, now)
  if (held) return held
  // What changes is begun on the environment as it was read: a freeze that comes in between is seen.
  const fenced = stage?.guard && world.environment ? { ...world, environment: { ...world.environment } } : world
  const next = changeStage(fenced, event, ['ready'], () => ({
    state: 'running',
    worker: event.worker,
    startedAt: now,
    stuck: undefined,
  }))
  if (!next.changed) return next
  const life = applyStarted(next, event.stage, now)
  const running = stageOf(next.execution, event.stage)
  const limit = running ? limitOf(next.execution.id, running, now) : []
  return { ...next, environment: life.environment, effects: [...next.effects, ...life.effects, ...limit] }
}

/** Nobody took it for a while: said as long as it is so, that people do not wait for nothing. */
export function stuck(world: World, event: StageEvent & { why: string }): Next {
  if (stageOf(world.execution, event.stage)?.stuck === event.why) return refuse(world, null)
  return changeStage(world, event, ['ready'], () => ({ stuck: event.why }))
}

/** The time within which a worker had to begin it is over; one that some worker has begun goes on. */
export function neverBegun(world: World, event: StageEvent, now: number): Next {
  const stage = stageOf(world.execution, event.stage)
  const { beginWithin } = stage?.input ?? {}
  if (stage?.state !== 'ready' || typeof beginWithin !== 'string') return refuse(world, null)
  if (now < (stage.readyAt ?? now) + milliseconds(beginWithin)) return refuse(world, null)
  const error = `No worker began it within ${beginWithin}.${stage.stuck ? ` ${stage.stuck}` : ''}`
  const next = changeStage(world, event, ['ready'], () => ({
    state: 'failed',
    outcome: { kind: 'failed', error },
    endedAt: now,
    stuck: undefined,
  }))
  if (!next.changed) return next
  const tried = triedAgain(next, event, now)
  return tried ? withEffects(go(tried, now), tried.effects) : go(next, now)
}
