import { milliseconds } from './duration.ts'
import type { Effect, StageEvent, World } from './event.ts'
import type { Execution, ExecutionStatus, StageRun } from './execution.ts'
import { outputOf } from './execution.ts'
import { haltOthers, halts, isDone } from './failure.ts'
import { following } from './following.ts'
import { orHeld } from './hold.ts'
import { unmet, unmetText } from './judgment/condition.ts'
import { reminder } from './judgment/remind.ts'
import { isPlain } from './judgment/settings.ts'
import { whyNotAsked } from './judgment/unaskable.ts'
import type { Judgment } from './judgment.ts'
import { nothingApplied } from './lifetime.ts'
import { WORKFLOW } from './nested.ts'
import { approvedEarlier, givenInAdvance, preapproval } from './preapproval.ts'
import { canceling, isRecovery, recovering } from './recover.ts'
import { nextClock } from './schedule/clock.ts'
import { limitOf } from './stage/limit.ts'
import type { Fields, Outcome } from './workflow.ts'

/** `over` is how the execution ended, or null while something runs or waits. */
export type Settled = World & { readonly effects: readonly Effect[]; readonly over: ExecutionStatus | null }

type Step = { readonly stage: StageRun; readonly effects: readonly Effect[]; readonly judgment?: Judgment }

/** Moves on every stage whose predecessors ended well, until nothing moves; then says where the execution stands. */
export function settle(world: World, now: number): Settled {
  let { execution, environment } = world
  const effects: Effect[] = []
  for (const stage of execution.stages.filter(({ aside, state }) => aside && state === 'pending')) {
    const step = begin(execution, stage, now)
    execution = withStep(execution, step)
    effects.push(...step.effects)
  }
  const halted = haltOthers(execution, now)
  execution = halted.execution
  effects.push(...halted.effects)
  const stopped = standing(execution)
  if (stopped) return { ...stopped, environment, effects }
  for (let moved = true; moved; ) {
    moved = false
    for (const next of following(execution)) {
      const begun = next.cut === null ? begin(execution, next.stage, now) : cutOff(next.stage, next.cut, now)
      const step: Step = orHeld({ execution, environment }, next.stage, begun, now)
      moved = true
      execution = withStep(execution, step)
      effects.push(...step.effects)
      if (step.stage.state !== 'skipped' || next.cut !== null || !environment) continue
      const life = nothingApplied({ execution, environment }, step.stage, now)
      environment = life.environment
      effects.push(...life.effects)
    }
  }
  const after = standing(execution) ?? { execution: { ...execution, status: moving(execution) }, over: null }
  return { ...after, environment, effects }
}

/** The digest of what a judgment or an apply is about: the one its plan stage gave. */
export function digestOf(execution: Execution, stage: StageRun): string {
  const digest = planOutput(execution, stage)?.digest
  return typeof digest === 'string' ? digest : ''
}

function cutOff(stage: StageRun, because: string, now: number): Step {
  const outcome: Outcome = { kind: 'skipped', why: `\`${because}\` failed`, because }
  return { stage: { ...stage, state: 'skipped', endedAt: now, outcome }, effects: [] }
}

function begin(execution: Execution, stage: StageRun, now: number): Step {
  const plan = stage.aside ? null : planOutput(execution, stage)
  const { onlyIf, evenIfEmpty } = stage.input
  const idle = typeof onlyIf === 'string' && outputOf(execution, onlyIf)?.needsApply === false
  if (idle || (plan?.needsApply === false && evenIfEmpty !== true))
    return { stage: skip(stage, 'nothing to do', now), effects: [] }
  const other = unmet(execution, stage.input)
  if (other) return { stage: skip(stage, unmetText(other), now), effects: [] }
  if (stage.kind === 'judgment') return ask(execution, stage, now)
  if (stage.kind === 'wait') {
    const { when } = stage.input
    if (typeof when === 'string' && plan?.[when] !== true) return { stage: skip(stage, 'not needed', now), effects: [] }
    return pause(execution, stage, now)
  }
  if (stage.kind === WORKFLOW) return nest(execution, stage, now)
  const attempt = stage.attempt + 1
  const run: Effect = { do: 'run', execution: execution.id, stage: stage.id, attempt, at: now }
  const effects = [run, ...lapse(execution, { ...stage, attempt }, now)]
  return { stage: { ...stage, state: 'ready', attempt, readyAt: now }, effects }
}

/** An execution of its own does it: this one only waits for its end. */
function nest({ id }: Execution, before: StageRun, now: number): Step {
  const attempt = before.attempt + 1
  const stage: StageRun = { ...before, state: 'running', attempt, readyAt: now, startedAt: now }
  const child: Effect = { do: 'child', execution: id, stage: stage.id, attempt, at: now }
  return { stage, effects: [child, ...limitOf(id, stage, now)] }
}

/** The end of the time within which a worker has to begin it, where it has one. */
export function lapse({ id }: Execution, { id: stage, attempt, input }: StageRun, now: number): Effect[] {
  const { beginWithin } = input
  if (typeof beginWithin !== 'string') return []
  const at = now + milliseconds(beginWithin)
  return [{ do: 'tell', execution: id, event: { type: 'begin.due', stage, attempt }, at }]
}

function ask(execution: Execution, stage: StageRun, now: number): Step {
  const attempt = stage.attempt + 1
  const plan = planOutput(execution, stage)
  const given = isPlain(stage.input)
    ? (preapproval(stage.input, plan) ??
      givenInAdvance(execution, stage.input, plan) ??
      approvedEarlier(execution, stage.input, plan))
    : null
  if (given) {
    const judgment: Judgment = {
      stage: stage.id,
      decision: 'approved',
      at: now,
      digest: digestOf(execution, stage),
      ...given,
    }
    const outcome: Outcome = { kind: 'succeeded', output: { digest: judgment.digest, preapproved: true } }
    return { stage: { ...stage, attempt, state: 'succeeded', endedAt: now, outcome }, judgment, effects: [] }
  }
  const why = whyNotAsked(execution, stage)
  if (why !== null) {
    const outcome: Outcome = { kind: 'failed', error: why }
    return { stage: { ...stage, attempt, state: 'failed', endedAt: now, outcome }, effects: [] }
  }
  const dueAt = now + milliseconds(String(stage.input.within))
  const due: Effect = {
    do: 'tell',
    execution: execution.id,
    event: { type: 'judgment.due', stage: stage.id, attempt },
    at: dueAt,
  }
  const asked: StageRun = { ...stage, attempt, state: 'waiting', startedAt: now, dueAt }
  return { stage: asked, effects: [due, ...reminder(execution.id, asked, now)] }
}

function pause(execution: Execution, stage: StageRun, now: number): Step {
  const attempt = stage.attempt + 1
  const { until, zone } = stage.input
  const dueAt =
    typeof until === 'string' ? nextClock(until, String(zone), now) : now + milliseconds(String(stage.input.for))
  return {
    stage: { ...stage, attempt, state: 'waiting', startedAt: now, dueAt },
    effects: [wakeUp(execution.id, { stage: stage.id, attempt }, dueAt), ...warning(execution, stage, attempt, now)],
  }
}

/** An edit notifies nobody: before something is done that people may put off, they are told in the thread. */
function warning({ id }: Execution, stage: StageRun, attempt: number, at: number): Effect[] {
  if (typeof stage.input.why !== 'string') return []
  return [{ do: 'show', message: `waiting:${id}:${stage.id}:${attempt}`, at }]
}

/** The wake-up of a stage that waits; one that was set for an earlier end finds that it is not due. */
export function wakeUp(execution: string, stage: StageEvent, at: number): Effect {
  return { do: 'tell', execution, event: { type: 'wait.due', ...stage }, at }
}

/** Output of the plan stage that a judgment shows or an apply applies. */
export function planOutput(execution: Execution, stage: StageRun): Fields | null {
  const plan = stage.input.show ?? stage.input.plan
  return typeof plan === 'string' ? outputOf(execution, plan) : null
}

function skip(stage: StageRun, why: string, now: number): StageRun {
  return { ...stage, state: 'skipped', endedAt: now, outcome: { kind: 'skipped', why } }
}

function withStep(execution: Execution, { stage, judgment }: Step): Execution {
  const stages = execution.stages.map((each) => (each.id === stage.id ? stage : each))
  return { ...execution, stages, judgments: judgment ? [...execution.judgments, judgment] : execution.judgments }
}

/** Where an execution stands that starts nothing more: over, at unknown, or canceling what still runs. Null: it goes on. */
function standing(execution: Execution): { execution: Execution; over: ExecutionStatus | null } | null {
  const own = execution.stages.filter(({ aside }) => !aside)
  const has = (state: StageRun['state']) => own.some((stage) => stage.state === state)
  if (has('unknown')) return { execution: { ...execution, status: 'unknown' }, over: null }
  const failed = own.some(halts)
  const needed = own.filter((stage) => !stage.recovers || isRecovery(execution, stage))
  if (needed.every(isDone)) return { execution, over: failsAtEnd(own) ? 'failed' : 'succeeded' }
  if (has('running') && (canceling(execution) || (failed && !recovering(execution)))) return { execution, over: null }
  if (has('running')) return null
  if (canceling(execution)) return { execution, over: 'canceled' }
  return failed && !recovering(execution) ? { execution, over: 'failed' } : null
}

function failsAtEnd(stages: readonly StageRun[]): boolean {
  return stages.some(({ state, onFailure }) => state === 'failed' && onFailure === 'finish-then-fail')
}

function moving(execution: Execution): ExecutionStatus {
  const busy = execution.stages.some(({ state }) => state === 'running' || state === 'ready')
  return !busy && execution.stages.some(({ state }) => state === 'waiting') ? 'waiting' : 'running'
}
