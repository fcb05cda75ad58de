import type { EnvironmentRecord } from './environment.ts'
import { placeOf, release } from './environment.ts'
import type { Effect, Next, StageEvent, World } from './event.ts'
import type { Ending, Execution, ExecutionStatus, StageRun } from './execution.ts'
import { isOver, stageOf } from './execution.ts'
import { halts } from './failure.ts'
import { shown } from './lifetime.ts'
import { tellParent } from './nested.ts'
import { whenOver } from './promotion.ts'
import { isRecovery } from './recover.ts'
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
  const { execution, environment, effects, over } = settled
  if (over) return withEffects(finish(settled, over, execution.ending, now), effects)
  if (execution.status === 'waiting' && environment && timeIsOver(environment, execution.id))
    return withEffects(giveWay(settled, `${environment.name}'s time is over, which waits for nobody.`, now), effects)
  return changed({ execution, environment }, effects)
}

/** Whether the end of the environment's lifetime queues for the lock: whatever comes to a wait meanwhile gives way to it. */
function timeIsOver(environment: EnvironmentRecord, execution: string): boolean {
  const ending = environment.lifetime?.ending
  return !!ending && ending !== execution && placeOf(environment, ending) > 0
}

/** Called off for something that goes before it. */
export function giveWay(world: World, why: string, now: number): Next {
  const notes = [...world.execution.notes, { at: now, text: why }]
  return finish({ ...world, execution: { ...world.execution, notes } }, 'canceled', 'superseded', now)
}

export function finish(world: World, status: ExecutionStatus, ending: Ending | null, now: number): Next {
  const stopped = whyStopped(world.execution)
  const stages = world.execution.stages.map((stage) => closed(stage, status, stopped(stage)))
  const execution: Execution = { ...world.execution, stages, status, ending, endedAt: now }
  const after = [...whenOver(execution, status, now), ...tellParent(execution, status, now)]
  if (!world.environment || execution.lock === 'none')
    return changed({ execution, environment: world.environment }, after)
  const { environment, effects } = passOn(world.environment, execution.id, now)
  return changed({ execution: { ...execution, lock: 'released' }, environment }, [...effects, ...after])
}

/** The lock, or the place in its queue, goes from an execution to whoever is next; those who wait are shown their new places. */
export function passOn(before: EnvironmentRecord, execution: string, now: number) {
  const free = notTakenDown(before, execution, now)
  const environment = release(free.environment, execution, now)
  const queued: Effect[] = environment.queue.map(({ execution }) => ({
    do: 'show',
    message: `execution:${execution}`,
    at: now,
  }))
  const effects = [...free.effects, ...queued]
  const next = environment.lock
  if (next && next.execution !== before.lock?.execution) {
    effects.push({ do: 'tell', execution: next.execution, event: { type: 'lock.granted' }, at: now })
  }
  return { environment, effects }
}

/** The end of a lifetime that did not take the environment down (expired, rejected, failed) leaves it to people: extend it, or `down`. */
function notTakenDown(environment: EnvironmentRecord, execution: string, now: number) {
  const { lifetime } = environment
  if (lifetime?.ending !== execution) return { environment, effects: [] }
  return { environment: { ...environment, lifetime: { ...lifetime, ending: null } }, effects: shown(lifetime, now) }
}

type LeftOut = { readonly why: string; readonly because?: string }

/** Why a stage is not done that never began, and which failure keeps it from that: of one before it, or beside it. */
function whyStopped(execution: Execution): (stage: StageRun) => LeftOut {
  const { stages } = execution
  const failed = stages.find(halts)
  const after = failed && new Set([failed.id])
  for (const { id, after: before } of after ? stages : []) if (before.some((name) => after?.has(name))) after?.add(id)
  return ({ id, recovers }) => {
    if (recovers && !isRecovery(execution, { recovers })) return { why: 'nothing to recover from' }
    if (recovers) return { why: 'what comes before it failed' }
    const why = failed && !after?.has(id) ? `\`${failed.id}\` failed` : 'the stage before did not succeed'
    return { why, ...(failed ? { because: failed.id } : {}) }
  }
}

function closed(stage: StageRun, status: ExecutionStatus, because: LeftOut): StageRun {
  if (stage.aside && stage.outcome === null) {
    return { ...stage, state: 'canceled', outcome: { kind: 'canceled', why: 'no longer needed' } }
  }
  if (stage.state !== 'pending' && stage.state !== 'ready' && stage.state !== 'waiting') return stage
  const canceled = status === 'canceled'
  const outcome: Outcome = canceled
    ? { kind: 'canceled', why: stage.tries ? 'not tried again' : 'never started' }
    : { kind: 'skipped', ...because }
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
