import { triedAgain } from './again.ts'
import { mayPlanAgain, planAgain } from './anew.ts'
import { milliseconds } from './duration.ts'
import type { Effect, Next, StageEvent, World } from './event.ts'
import type { WorkerName } from './execution.ts'
import { fresh, isOver, stageOf } from './execution.ts'
import { stoppedOutcome } from './failure.ts'
import { changeStage, go, refuse, withEffects } from './finish.ts'
import { heldBack } from './held.ts'
import { applied, applyStarted } from './lifetime.ts'
import { isMending, LOOK, lookFirst } from './look.ts'
import { mayBegin } from './recover.ts'
import { limitOf } from './stage/limit.ts'
import type { Outcome } from './workflow.ts'

/** How often a stage is started whose worker dies each time: more of them would only fall one after the other. */
const MOST_STARTS = 5

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
  return next.changed ? go(next, now) : next
}

/** A new worker on the same machine takes over what a dead one left: a process that still runs, or the file that says how it ended. */
export function adopted(world: World, event: StageEvent & { worker: WorkerName; from?: string }): Next {
  if (!isFrom(world, event)) return refuse(world, null)
  const next = changeStage(world, event, ['running', 'unknown'], () => ({
    state: 'running',
    worker: event.worker,
    endedAt: null,
    outcome: null,
  }))
  const aside = stageOf(world.execution, event.stage)?.aside
  return next.changed && !aside ? { ...next, ...reopen(next) } : next
}

export function ended(
  before: World,
  event: StageEvent & { outcome: Outcome; note?: string | undefined },
  now: number,
): Next {
  const { note } = event
  const outcome = stoppedOutcome(stageOf(before.execution, event.stage)?.stopped, event.outcome)
  const world = note === undefined ? before : notedOnce(before, note, now)
  const again = outcome.kind === 'failed' ? outcome.again : undefined
  const next = changeStage(world, event, ['running', 'unknown'], (stage) => ({
    state: outcome.kind === 'unknown' ? 'unknown' : outcome.kind,
    outcome,
    endedAt: stage.endedAt ?? now,
  }))
  if (!next.changed) return next
  const aside = stageOf(next.execution, event.stage)?.aside
  const reopened = mayLook(aside ? mended(next, event.stage, now) : reopen(next), event.stage)
  const seen = applied(reopened, event.stage, now)
  const anew =
    outcome.kind === 'failed' && again && mayPlanAgain(reopened, again)
      ? planAgain(seen, again, outcome.error, now)
      : null
  if (anew) return withEffects(go(anew, now), seen.effects)
  const tried = triedAgain(seen, event, now)
  if (tried)
    return withEffects(go(tried, now), [
      ...seen.effects,
      ...tried.effects,
      ...filesOf(world, { ...event, outcome }, now),
    ])
  return withEffects(go(seen, now), [
    ...seen.effects,
    ...filesOf(world, { ...event, outcome }, now),
    ...catchUps(world, event, now),
  ])
}

/** A late true result replaces `unknown`: the execution that stood still goes on from it, and nothing has to be looked at any more. */
function reopen(world: World): World {
  const { execution } = world
  if (execution.status !== 'unknown' || execution.endedAt !== null) return world
  const stages = execution.stages.filter((stage) => !stage.aside)
  const still = stages.filter(({ state }) => state === 'unknown')
  const looked = stageOf(execution, LOOK)?.input.of
  if (still[0]) {
    // Another one stands there still: what was found about the one that is clear now helps nobody.
    if (looked === undefined || still.some(({ id }) => id === looked)) return world
    return lookFirst({ ...world, execution: { ...execution, stages } }, still[0].id)
  }
  return { ...world, execution: { ...execution, stages, status: 'running' } }
}

type Lost = StageEvent & { why: string; repeatable: boolean; harmless?: boolean; from?: string }

export function lost(world: World, event: Lost, now: number): Next {
  const { execution } = world
  if (!isFrom(world, event)) return refuse(world, null)
  if (event.repeatable && (execution.cancel || stageOf(execution, event.stage)?.stopped)) {
    return ended(world, { ...event, outcome: { kind: 'canceled', why: event.why } }, now)
  }
  const tries = stageOf(execution, event.stage)?.tries ?? []
  const starts = event.attempt - tries.length
  if (event.repeatable && starts >= MOST_STARTS) {
    const error = `${event.why} It was started ${starts} times, and each time its worker died.`
    return ended(world, { ...event, outcome: { kind: 'failed', error } }, now)
  }
  if (event.repeatable) {
    const notes = [
      ...execution.notes,
      { at: now, text: `${event.why} \`${event.stage}\` is started again; that does no harm.` },
    ]
    const again = changeStage({ ...world, execution: { ...execution, notes } }, event, ['running'], (stage) => ({
      ...fresh(stage),
      ...(tries.length > 0 ? { tries } : {}),
      ...(stage.guard ? { begun: true as const } : {}),
    }))
    return again.changed ? go(again, now) : refuse(world, null)
  }
  if (event.harmless) return ended(world, { ...event, outcome: { kind: 'failed', error: event.why } }, now)
  const next = changeStage(world, event, ['running'], () => ({
    state: 'unknown',
    outcome: { kind: 'unknown', why: event.why },
    endedAt: now,
  }))
  return next.changed ? go(lookFirst(next, event.stage), now) : next
}

/** An end that nobody saw, and what was mended about one, is looked at before people are asked. */
function mayLook(world: World, stage: string): World {
  const ended = stageOf(world.execution, stage)
  if (isOver(world.execution) || (ended?.state !== 'unknown' && !isMending(ended))) return world
  return lookFirst(world, stage)
}

/** What became of an attempt to mend something stays, whatever is looked at afterwards. */
function mended(world: World, id: string, now: number): World {
  const stage = stageOf(world.execution, id)
  const text = isMending(stage) && stage?.outcome ? mendedText(stage.outcome) : null
  if (!text) return world
  return { ...world, execution: { ...world.execution, notes: [...world.execution.notes, { at: now, text }] } }
}

function mendedText(outcome: Outcome): string | null {
  if (outcome.kind === 'failed') return outcome.error
  return outcome.kind === 'succeeded' && typeof outcome.output.said === 'string' ? outcome.output.said : null
}

/** Several stages may have the same to say. */
function notedOnce(world: World, text: string, at: number): World {
  const { notes } = world.execution
  if (notes.some((note) => note.text === text)) return world
  return { ...world, execution: { ...world.execution, notes: [...notes, { at, text }] } }
}

/** Whether the stage is still in the hands of the worker that the event takes it from. */
function isFrom({ execution }: World, event: StageEvent & { from?: string }): boolean {
  return event.from === undefined || stageOf(execution, event.stage)?.worker?.id === event.from
}

/** What was away when it was planned is not looked for at once again. */
const AWAY_AGAIN_MS = 60_000

/** Datacenters that were away are looked after until they answer. */
function catchUps({ execution }: World, { stage, outcome }: StageEvent & { outcome: Outcome }, now: number): Effect[] {
  const waits = outcome.kind !== 'skipped' && outcome.output?.catchUp
  if (!Array.isArray(waits)) return []
  const at = stageOf(execution, stage)?.kind === 'kv.plan' ? now + AWAY_AGAIN_MS : now
  return waits.map((dc) => ({ do: 'kv-catch-up', execution: execution.id, dc: String(dc), at }))
}

/** Files that a stage wrote for people go into the thread of the execution's message. */
function filesOf({ execution }: World, { outcome, attempt }: StageEvent & { outcome: Outcome }, now: number): Effect[] {
  const files = outcome.kind !== 'skipped' && outcome.output?.files
  if (!Array.isArray(files)) return []
  return files.map((name) => ({ do: 'show', message: `file:${execution.id}:${name}:${attempt}`, at: now }))
}
