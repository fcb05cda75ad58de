import { milliseconds } from './duration.ts'
import type { Effect, Next, StageEvent, World } from './event.ts'
import type { StageRun, WorkerName } from './execution.ts'
import { fresh, isOver, stageOf } from './execution.ts'
import { changeStage, go, refuse, withEffects } from './finish.ts'
import { applied, applyStarted } from './lifetime.ts'
import { isMending, lookFirst } from './look.ts'
import { mayBegin } from './recover.ts'
import type { Outcome } from './workflow.ts'

/** How often a stale plan is made anew before the execution gives up. */
const MOST_PLANS = 3

/** How often a stage is started whose worker dies each time: more of them would only fall one after the other. */
const MOST_STARTS = 5

export function started(world: World, event: StageEvent & { worker: WorkerName }, now: number): Next {
  const stage = stageOf(world.execution, event.stage)
  if (stage && !stage.aside && !mayBegin(world.execution, stage)) return refuse(world, null)
  const next = changeStage(world, event, ['ready'], () => ({
    state: 'running',
    worker: event.worker,
    startedAt: now,
    stuck: undefined,
  }))
  if (!next.changed) return next
  const life = applyStarted(next, event.stage, now)
  return { ...next, environment: life.environment, effects: [...next.effects, ...life.effects] }
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
  const { outcome, note } = event
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
  return withEffects(go(seen, now), [...seen.effects, ...filesOf(world, event, now), ...catchUps(world, event, now)])
}

/** A late true result replaces `unknown`: the execution that stood still goes on from it, and nothing has to be looked at any more. */
function reopen(world: World): World {
  const { execution } = world
  if (execution.status !== 'unknown' || execution.endedAt !== null) return world
  const stages = execution.stages.filter((stage) => !stage.aside)
  return { ...world, execution: { ...execution, stages, status: 'running' } }
}

function mayPlanAgain({ execution }: World, first: string): boolean {
  const planned = stageOf(execution, first)
  if (!planned || planned.attempt >= MOST_PLANS || isOver(execution) || execution.cancel) return false
  const reset = restFrom(execution.stages, first)
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

type Lost = StageEvent & { why: string; repeatable: boolean; harmless?: boolean; from?: string }

export function lost(world: World, event: Lost, now: number): Next {
  const { execution } = world
  if (!isFrom(world, event)) return refuse(world, null)
  if (event.repeatable && execution.cancel) {
    return ended(world, { ...event, outcome: { kind: 'canceled', why: event.why } }, now)
  }
  if (event.repeatable && event.attempt >= MOST_STARTS) {
    const error = `${event.why} It was started ${event.attempt} times, and each time its worker died.`
    return ended(world, { ...event, outcome: { kind: 'failed', error } }, now)
  }
  if (event.repeatable) {
    const notes = [
      ...execution.notes,
      { at: now, text: `${event.why} \`${event.stage}\` is started again; that does no harm.` },
    ]
    const again = changeStage({ ...world, execution: { ...execution, notes } }, event, ['running'], (stage) =>
      fresh(stage),
    )
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
