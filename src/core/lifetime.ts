import { idOf } from './actor.ts'
import type { Cost } from './cost.ts'
import { costAfter, costBegins, costGoesOn } from './cost.ts'
import { milliseconds } from './duration.ts'
import type { EnvironmentRecord, Lifetime } from './environment.ts'
import { holds, prolonged } from './environment.ts'
import type { Effect, World } from './event.ts'
import type { Execution, StageRun } from './execution.ts'
import { outputOf, stageOf } from './execution.ts'
import { nowLive } from './live.ts'
import type { Fields } from './workflow.ts'

type Change = { readonly environment: EnvironmentRecord | null; readonly effects: readonly Effect[] }

/** The wake-ups of a lifetime. They carry its id, so those of an earlier end find nothing to do. */
export function wakeUps(environment: string, lifetime: Lifetime, warn: number): Effect[] {
  const { id, endsAt } = lifetime
  const at = Math.max(lifetime.startedAt, endsAt - warn)
  return [
    { do: 'lifetime', environment, id, what: 'warn', at },
    { do: 'lifetime', environment, id, what: 'end', at: endsAt },
  ]
}

/** What has to be shown anew when a lifetime begins, changes or ends. */
export function shown(lifetime: Lifetime, at: number): Effect[] {
  return [
    { do: 'show', message: `execution:${lifetime.execution}`, at },
    { do: 'show', message: `warning:${lifetime.id}`, at },
  ]
}

/** The time begins with the first apply, even if that fails: what it made costs from then on. */
export function applyStarted(world: World, stageId: string, now: number): Change {
  const stage = stageOf(world.execution, stageId)
  if (!world.environment || stage?.kind !== 'terraform.apply') return { environment: world.environment, effects: [] }
  const cost = costBegins(world.environment.cost ?? null, rateIn(planOf(world.execution, stage)), now)
  return timeBegins({ ...world, environment: { ...world.environment, cost } }, stage, now)
}

function timeBegins(world: World, stage: StageRun, now: number): Change {
  const { execution, environment } = world
  const wanted = execution.lifetime
  const unchanged = { environment, effects: [] }
  if (!environment || isDestroy(world, stage) || !wanted) return unchanged
  if (environment.lifetime?.execution === execution.id) return unchanged
  const approved = execution.judgments.filter((judgment) => judgment.decision === 'approved' && !judgment.fell)
  const before = environment.lifetime
  const lifetime: Lifetime = {
    id: execution.id,
    execution: execution.id,
    channel: execution.origin.channel,
    startedAt: now,
    endsAt: now + milliseconds(wanted),
    latest: now + (Number(stage.input.longest) || 0),
    askers: execution.askers,
    ...(execution.glass ? { glass: execution.glass } : {}),
    approvers: approved.map((judgment) => idOf(judgment.by)),
    lineage: null,
    warned: false,
    ending: null,
    extendedBy: [],
    ...(before ? { replaced: withoutEarlier(before) } : {}),
  }
  const effects = [
    ...wakeUps(environment.name, lifetime, warnOf(stage)),
    ...(before ? [...shown(before, now), ...calledOff(before, execution.id, now)] : []),
  ]
  return { environment: { ...environment, lifetime }, effects }
}

function withoutEarlier({ replaced: _, ...lifetime }: Lifetime): Lifetime {
  return lifetime
}

/** The end of the earlier time, should it queue by now, would take down what was just approved to be up for longer. */
function calledOff({ ending }: Lifetime, by: string, at: number): Effect[] {
  const why = `${by} began a new time before this came to its turn.`
  return ending ? [{ do: 'tell', execution: ending, event: { type: 'superseded', why }, at }] : []
}

/** The apply never began (a stale plan, a right that was lost): no time runs for it, and the one before it runs on. */
function takenBack(environment: EnvironmentRecord, stage: StageRun, now: number): Change {
  const { lifetime } = environment
  const before = lifetime?.replaced
  if (!lifetime) return { environment, effects: [] }
  if (!before) return { environment: { ...environment, lifetime: null }, effects: shown(lifetime, now) }
  const again = before.ending ? { ...before, id: `${before.id}-again`, ending: null } : before
  const effects = [...wakeUps(environment.name, again, warnOf(stage)), ...shown(again, now), ...shown(lifetime, now)]
  return { environment: { ...environment, lifetime: again }, effects }
}

/** An apply ended, well or not: remember what it left, and which state it was. */
export function applied(world: World, stageId: string, now: number): World & { effects: readonly Effect[] } {
  const { execution, environment } = world
  const stage = stageOf(execution, stageId)
  const outcome = stage?.outcome
  if (!environment || stage?.kind !== 'terraform.apply' || !outcome || outcome.kind === 'skipped')
    return { ...world, effects: [] }
  // Left as it is and done with: others may have applied since.
  if (!holds(environment, execution.id)) return { ...world, effects: [] }
  const { lifetime } = environment
  const mine = lifetime?.execution === execution.id
  if (!outcome.output) {
    if (outcome.kind === 'unknown') return { ...world, effects: [] }
    const same = { ...environment, cost: costGoesOn(environment.cost ?? null) }
    const began = !mine || lifetime.lineage !== null
    return began ? { execution, environment: same, effects: [] } : { execution, ...takenBack(same, stage, now) }
  }
  const down = outcome.kind === 'succeeded' && outcome.output.empty === true
  if (down) return { execution, ...isDown(world, environment, now) }
  const last = { execution: execution.id, line: execution.line, at: now, up: true }
  const lineage = typeof outcome.output?.lineage === 'string' ? outcome.output.lineage : null
  const well = outcome.kind === 'succeeded'
  const end = { well, rate: rateIn(planOf(execution, stage)), down: false }
  // What nobody saw end goes on as an apply, until somebody knows.
  const cost = outcome.kind === 'unknown' ? (environment.cost ?? null) : costAfter(environment.cost ?? null, end, now)
  const live = well ? nowLive(environment, planOf(execution, stage), execution.id, now) : (environment.live ?? null)
  return {
    execution,
    environment: { ...environment, last, live, cost, lifetime: mine ? seen(lifetime, lineage) : lifetime },
    effects: [],
  }
}

/** Only the apply that began the time says which state it is about, and once: another state was approved by nobody. */
function seen(lifetime: Lifetime, lineage: string | null): Lifetime {
  return lifetime.lineage ? lifetime : { ...lifetime, lineage }
}

/**
 * Nothing had to be applied. A destroy then found nothing left, so no time runs any more; an `up --for` asks for more
 * time, which whoever may run the command may have without a judgment, up to the maximum (as with **Extend**).
 */
export function nothingApplied(world: World, stage: StageRun, now: number): Change {
  const { execution, environment } = world
  const lifetime = environment?.lifetime
  if (!environment || stage.kind !== 'terraform.apply') return { environment, effects: [] }
  if (isDestroy(world, stage)) return isDown(world, environment, now)
  const plan = planOf(execution, stage)
  const same = {
    ...environment,
    live: nowLive(environment, plan, execution.id, now),
    cost: costNow(environment.cost ?? null, plan, now),
  }
  if (!lifetime || lifetime.ending || !execution.lifetime) return { environment: same, effects: [] }
  const latest = lifetime.startedAt + (Number(stage.input.longest) || 0)
  const endsAt = Math.min(now + milliseconds(execution.lifetime), latest)
  if (endsAt <= lifetime.endsAt) return { environment: same, effects: [] }
  const longer = prolonged(lifetime, endsAt, execution.actor)
  const effects = [...wakeUps(environment.name, longer, warnOf(stage)), ...shown(lifetime, now)]
  return { environment: { ...same, lifetime: longer }, effects }
}

function isDown(world: World, environment: EnvironmentRecord, now: number): Change {
  const { last: before, live } = environment
  const dropped = live?.kept ?? before?.dropped
  const last = {
    ...{ execution: world.execution.id, line: world.execution.line, at: now, up: false },
    ...(dropped ? { dropped } : {}),
  }
  const effects = environment.lifetime ? shown(environment.lifetime, now) : []
  const cost = environment.cost ? costAfter(environment.cost, { well: true, rate: 0, down: true }, now) : null
  return { environment: { ...environment, last, live: null, cost, lifetime: null }, effects }
}

/** Prices may have changed where nothing else did. */
function costNow(cost: Cost | null, plan: Fields | null, now: number): Cost | null {
  return typeof plan?.rate === 'number' ? costAfter(cost, { well: true, rate: plan.rate, down: false }, now) : cost
}

function rateIn(plan: Fields | null): number | null {
  return typeof plan?.rate === 'number' ? plan.rate : null
}

function planOf(execution: Execution, { input }: StageRun): Fields | null {
  return typeof input.plan === 'string' ? outputOf(execution, input.plan) : null
}

function isDestroy(world: World, stage: StageRun): boolean {
  const plan = typeof stage.input.plan === 'string' ? stageOf(world.execution, stage.input.plan) : undefined
  return plan?.input.destroy === true
}

/** Milliseconds before the end at which to warn; fixed when the execution was planned. */
function warnOf(stage: StageRun): number {
  return Number(stage.input.warn) || 0
}
