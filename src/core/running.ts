import type { Effect, Next, StageEvent, World } from './event.ts'
import type { WorkerName } from './execution.ts'
import { fresh, stageOf } from './execution.ts'
import { changeStage, go, refuse, withEffects } from './finish.ts'
import { applied, applyStarted } from './lifetime.ts'
import type { Outcome } from './workflow.ts'

/** How often a stale plan is made anew before the execution gives up. */
const MOST_PLANS = 3

export function started(world: World, event: StageEvent & { worker: WorkerName }, now: number): Next {
  if (world.execution.cancel) return refuse(world, null)
  const next = changeStage(world, event, ['ready'], () => ({
    state: 'running',
    worker: event.worker,
    startedAt: now,
  }))
  if (!next.changed) return next
  const life = applyStarted(next, event.stage, now)
  return { ...next, environment: life.environment, effects: [...next.effects, ...life.effects] }
}

/** A new worker on the same machine takes over what a dead one left: a process that still runs, or the file that says how it ended. */
export function adopted(world: World, event: StageEvent & { worker: WorkerName }): Next {
  const next = changeStage(world, event, ['running', 'unknown'], () => ({
    state: 'running',
    worker: event.worker,
    endedAt: null,
    outcome: null,
  }))
  return next.changed ? { ...next, ...reopen(next) } : next
}

export function ended(world: World, event: StageEvent & { outcome: Outcome }, now: number): Next {
  const { outcome } = event
  const again = outcome.kind === 'failed' && outcome.again ? outcome.again : null
  const next = changeStage(world, event, ['running', 'unknown'], (stage) => ({
    state: outcome.kind === 'unknown' ? 'unknown' : outcome.kind,
    outcome,
    endedAt: stage.endedAt ?? now,
  }))
  if (!next.changed) return next
  const reopened = reopen(next)
  const seen = applied(reopened, event.stage, now)
  const planned = stageOf(world.execution, again ?? '')
  if (again && planned && planned.attempt < MOST_PLANS && !reopened.execution.cancel)
    return go(planAgain(seen, again, outcome, now), now)
  return withEffects(go(seen, now), [...seen.effects, ...filesOf(world, event.outcome, now)])
}

/** A late true result replaces `unknown`: the execution that stood still goes on from it. */
function reopen(world: World): World {
  const { execution } = world
  if (execution.status !== 'unknown' || execution.endedAt !== null) return world
  return { ...world, execution: { ...execution, status: 'running' } }
}

/** The stages from `first` on are done anew; the judgments that were given for them no longer count. */
function planAgain(world: World, first: string, outcome: Outcome, now: number): World {
  const { execution } = world
  const index = execution.stages.findIndex((stage) => stage.id === first)
  const why = outcome.kind === 'failed' ? outcome.error : 'the plan was made anew'
  const stages = execution.stages.map((stage, at) => (at < index ? stage : fresh(stage)))
  const reset = new Set(stages.slice(index).map((stage) => stage.id))
  const judgments = execution.judgments.map((judgment) =>
    reset.has(judgment.stage) && !judgment.fell ? { ...judgment, fell: why } : judgment,
  )
  const notes = [...execution.notes, { at: now, text: `Planned again: ${why}` }]
  return { ...world, execution: { ...execution, stages, judgments, notes } }
}

export function lost(world: World, event: StageEvent & { why: string; repeatable: boolean }, now: number): Next {
  const { execution } = world
  if (event.repeatable && execution.cancel) {
    return ended(world, { ...event, outcome: { kind: 'canceled', why: event.why } }, now)
  }
  if (event.repeatable) {
    const notes = [
      ...execution.notes,
      { at: now, text: `${event.why} \`${event.stage}\` is started again; that does no harm.` },
    ]
    const again = changeStage({ ...world, execution: { ...execution, notes } }, event, ['running'], (stage) =>
      fresh(stage),
    )
    return again.changed ? go(again, now) : again
  }
  const next = changeStage(world, event, ['running'], () => ({
    state: 'unknown',
    outcome: { kind: 'unknown', why: event.why },
    endedAt: now,
  }))
  return next.changed ? go(next, now) : next
}

/** Files that a stage wrote for people go into the thread of the execution's message. */
function filesOf({ execution }: World, outcome: Outcome, now: number): Effect[] {
  const files = outcome.kind !== 'skipped' && outcome.output?.files
  if (!Array.isArray(files)) return []
  return files.map((name) => ({ do: 'show', message: `file:${execution.id}:${name}`, at: now }))
}
