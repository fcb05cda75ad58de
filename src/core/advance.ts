import type { Actor } from './actor.ts'
import { idOf, nameOf } from './actor.ts'
import { claim, placeOf } from './environment.ts'
import type { Event, Next, StageEvent, World } from './event.ts'
import type { Ending, StageRun } from './execution.ts'
import { isOver, stageOf, wordOf } from './execution.ts'
import { changed, changeStage, giveWay, go, refuse } from './finish.ts'
import type { Judgment } from './judgment.ts'
import { clock, judgmentText } from './judgment.ts'
import { chosen, left } from './mend.ts'
import { adopted, ended, lost, neverBegun, started, stuck } from './running.ts'
import { digestOf } from './settle.ts'
import { stolen } from './steal.ts'
import { isDue, moved, waited } from './wait.ts'
import type { Outcome } from './workflow.ts'

/**
 * All deciding: what an event makes of an execution and of its environment, and what has to be done about it.
 * Pure: the same world, event and time give the same answer. Events that no longer fit change nothing.
 */
export function advance(world: World, event: Event, now: number): Next {
  const late = event.type === 'stage.ended' || event.type === 'judged' || event.type === 'stolen'
  if (isOver(world.execution) && !late) return refuse(world, `It is over: ${wordOf(world.execution)}.`)
  switch (event.type) {
    case 'requested':
      return requested(world, event.first ?? false, now)
    case 'lock.granted':
      return holdsLock(world) && world.execution.lock === 'queued' ? go(granted(world), now) : refuse(world, null)
    case 'stage.started':
      return started(world, event, now)
    case 'stage.adopted':
      return adopted(world, event)
    case 'stage.ended':
      return ended(world, event, now)
    case 'stage.lost':
      return lost(world, event, now)
    case 'stage.stuck':
      return stuck(world, event)
    case 'begin.due':
      return neverBegun(world, event, now)
    case 'judged':
      return judged(world, event.judgment, now)
    case 'judgment.due':
      return expired(world, event, now)
    case 'wait.due':
      return waited(world, event, now)
    case 'wait.moved':
      return moved(world, event, now)
    case 'cancel':
      return canceled(world, event, now)
    case 'superseded':
      return superseded(world, event.why, now)
    case 'left':
      return left(world, event.by, now)
    case 'stolen':
      return stolen(world, event, now)
    case 'chosen':
      return chosen(world, event.choice, now)
  }
}

function requested(world: World, first: boolean, now: number): Next {
  const { execution, environment } = world
  if (!environment) return go({ execution: { ...execution, status: 'running' }, environment }, now)
  const { id, line, actor } = execution
  const next = claim(environment, { execution: id, line, actor, since: now }, first)
  if (placeOf(next, id) === 0) return go(granted({ execution, environment: next }), now)
  return changed({ execution: { ...execution, lock: 'queued', status: 'queued' }, environment: next }, [])
}

function holdsLock(world: World): boolean {
  return world.environment?.lock?.execution === world.execution.id
}

function granted(world: World): World {
  return { ...world, execution: { ...world.execution, lock: 'held', status: 'running' } }
}

function judged(world: World, judgment: Judgment, now: number): Next {
  const stage = stageOf(world.execution, judgment.stage)
  const before = world.execution.judgments.findLast((given) => given.stage === judgment.stage && !given.fell)
  if (before) return refuse(world, `Already decided. ${judgmentText(before)}.`)
  if (stage?.state !== 'waiting' || stage.kind !== 'judgment')
    return refuse(world, `Nobody is asked to judge this now: it is ${wordOf(world.execution)}.`)
  const refusal = refusalOf(world, stage, judgment, now)
  if (refusal) return refuse(world, refusal)
  const execution = { ...world.execution, judgments: [...world.execution.judgments, judgment] }
  const outcome: Outcome =
    judgment.decision === 'approved'
      ? { kind: 'succeeded', output: { by: nameOf(judgment.by), digest: judgment.digest } }
      : { kind: 'failed', error: judgmentText(judgment) }
  const ending: Ending | null = judgment.decision === 'rejected' ? 'rejected' : null
  const state = outcome.kind === 'succeeded' ? 'succeeded' : 'failed'
  const next = { ...world, execution: { ...execution, ending } }
  return go(
    changeStage(next, { stage: stage.id, attempt: stage.attempt }, ['waiting'], () => ({
      state,
      outcome,
      endedAt: now,
    })),
    now,
  )
}

/** Whoever judges was checked before; what may have changed since, and what must never be, is checked once more. */
function refusalOf({ execution }: World, stage: StageRun, { by, digest }: Judgment, now: number): string | null {
  if (stage.dueAt !== null && now >= stage.dueAt) return `The time to judge ended at ${clock(stage.dueAt)}.`
  if (execution.askers.includes(idOf(by))) return `${nameOf(by)} asked for this, so somebody else has to judge it.`
  return digest === digestOf(execution, stage) ? null : 'The plan was made anew since. Look at the new one, then judge.'
}

function expired(world: World, event: StageEvent, now: number): Next {
  const stage = stageOf(world.execution, event.stage)
  if (stage?.kind !== 'judgment' || !isDue(stage, event, now)) return refuse(world, null)
  const outcome: Outcome = {
    kind: 'failed',
    error: `Nobody judged it until ${clock(stage.dueAt ?? now)}. That is not a rejection: ask again.`,
  }
  const next = { ...world, execution: { ...world.execution, ending: 'expired' as const } }
  return go(
    changeStage(next, event, ['waiting'], () => ({ state: 'failed', outcome, endedAt: now })),
    now,
  )
}

function canceled(world: World, event: { by: Actor; why: string; force: boolean }, now: number): Next {
  const { execution } = world
  if (execution.status === 'unknown') return refuse(world, 'Nobody knows how it stands, so there is nothing to cancel.')
  if (execution.cancel && (!event.force || execution.cancel.force)) {
    return refuse(
      world,
      `${nameOf(execution.cancel.by)} asked to ${execution.cancel.force ? 'stop it by force' : 'cancel it'} at ${clock(execution.cancel.at)}.`,
    )
  }
  if (event.force && !execution.cancel)
    return refuse(world, 'Cancel it first; a forced stop is for one that does not end.')
  const cancel = { by: event.by, at: now, why: event.why, force: event.force }
  return go({ ...world, execution: { ...execution, cancel } }, now)
}

/** Only what waits gives way; what runs is left to end. */
function superseded(world: World, why: string, now: number): Next {
  const { execution } = world
  if (execution.status === 'unknown') return refuse(world, null)
  if (execution.stages.some(({ state }) => state === 'running' || state === 'ready')) return refuse(world, null)
  return giveWay(world, why, now)
}
