import type { Actor } from './actor.ts'
import { nameOf } from './actor.ts'
import { claim, placeOf } from './environment.ts'
import type { Effect, Event, Next, World } from './event.ts'
import { isOver } from './execution.ts'
import { cancelEffects, hasRunning } from './failure.ts'
import { changed, changeStage, giveWay, go, refuse, withEffects } from './finish.ts'
import { holdDue, overridden } from './held.ts'
import { noticeOf } from './hold.ts'
import { delegated } from './judgment/delegate.ts'
import { expired, judged } from './judgment/judged.ts'
import { reminded } from './judgment/reminded.ts'
import { withdrawn } from './judgment/withdraw.ts'
import { clock } from './judgment.ts'
import { limitDue } from './limit.ts'
import { chosen, left } from './mend.ts'
import { neverBegun, started, stuck } from './stage/begin.ts'
import { ended } from './stage/end.ts'
import { adopted, lost } from './stage/lost.ts'
import { wordOf } from './status-word.ts'
import { stolen } from './steal.ts'
import { moved, waited } from './wait.ts'

/**
 * All deciding: what an event makes of an execution and of its environment, and what has to be done about it.
 * Pure: the same world, event and time give the same answer. Events that no longer fit change nothing.
 */
export function advance(world: World, event: Event, now: number): Next {
  const next = decided(world, event, now)
  const { parent } = next.execution
  if (!next.changed || !parent || wordOf(world.execution) === wordOf(next.execution)) return next
  const show: Effect = { do: 'show', message: `execution:${parent.execution}`, at: now }
  // It went on from unknown, where nobody could cancel it: its parent may not want it any more.
  const { execution, stage, attempt } = parent
  const cleared = world.execution.status === 'unknown' && !isOver(next.execution)
  return withEffects(next, [show, ...(cleared ? [{ do: 'child', execution, stage, attempt, at: now } as const] : [])])
}

function decided(world: World, event: Event, now: number): Next {
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
    case 'child.ended':
      return childEnded(world, event, now)
    case 'limit.due':
      return limitDue(world, event, now)
    case 'judged':
      return judged(world, event.judgment, now)
    case 'judgment.remind':
      return reminded(world, event, now)
    case 'delegated':
      return delegated(world, event.delegation, now)
    case 'withdrawn':
      return withdrawn(world, event, now)
    case 'judgment.due':
      return expired(world, event, now)
    case 'wait.due':
      return waited(world, event, now)
    case 'wait.moved':
      return moved(world, event, now)
    case 'cancel':
      return canceled(world, event, now)
    case 'hold.due':
      return holdDue(world, now)
    case 'overridden':
      return overridden(world, event, now)
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

function requested(before: World, first: boolean, now: number): Next {
  const notice = noticeOf(before, now)
  const said = notice ? { ...before.execution, notes: [{ at: now, text: notice }] } : before.execution
  const { execution, environment } = { ...before, execution: said }
  if (!environment) return go({ execution: { ...execution, status: 'running' }, environment }, now)
  const { id, line, actor } = execution
  const under = execution.parent ? { under: execution.parent.execution } : {}
  const next = claim(environment, { execution: id, line, actor, since: now, ...under }, first)
  if (placeOf(next, id) === 0) return go(granted({ execution, environment: next }), now)
  return changed({ execution: { ...execution, lock: 'queued', status: 'queued' }, environment: next }, [])
}

function childEnded(world: World, event: Extract<Event, { type: 'child.ended' }>, now: number): Next {
  if (!event.begun) return ended(world, event, now)
  const marked = changeStage(world, event, ['running'], () => ({ begun: true }))
  return ended(marked.changed ? marked : world, event, now)
}

function holdsLock(world: World): boolean {
  return world.environment?.lock?.execution === world.execution.id
}

function granted(world: World): World {
  return { ...world, execution: { ...world.execution, lock: 'held', status: 'running' } }
}

function canceled(world: World, event: { by: Actor; why: string; force: boolean }, now: number): Next {
  const { execution } = world
  if (execution.status === 'unknown' && !hasRunning(execution))
    return refuse(world, 'Nobody knows how it stands, so there is nothing to cancel.')
  if (execution.cancel && (!event.force || execution.cancel.force)) {
    return refuse(
      world,
      `${nameOf(execution.cancel.by)} asked to ${execution.cancel.force ? 'stop it by force' : 'cancel it'} at ${clock(execution.cancel.at)}.`,
    )
  }
  if (event.force && !execution.cancel)
    return refuse(world, 'Cancel it first; a forced stop is for one that does not end.')
  const cancel = { by: event.by, at: now, why: event.why, force: event.force }
  const next = go({ ...world, execution: { ...execution, cancel } }, now)
  return withEffects(next, cancelEffects(next.execution, now))
}

/** Only what waits gives way; what runs is left to end. */
function superseded(world: World, why: string, now: number): Next {
  const { execution } = world
  if (execution.status === 'unknown') return refuse(world, null)
  if (execution.stages.some(({ state }) => state === 'running' || state === 'ready')) return refuse(world, null)
  return giveWay(world, why, now)
}
