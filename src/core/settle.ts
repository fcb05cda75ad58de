import { milliseconds } from './duration.ts'
import type { Effect, StageEvent, World } from './event.ts'
import type { Execution, ExecutionStatus, StageRun } from './execution.ts'
import { outputOf } from './execution.ts'
import type { Judgment } from './judgment.ts'
import { nothingApplied } from './lifetime.ts'
import { approvedEarlier, givenInAdvance, preapproval } from './preapproval.ts'
import { canceling, isRecovery, mayBegin, recovering } from './recover.ts'
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
  const stopped = standing(execution)
  if (stopped) return { ...stopped, environment, effects }
  for (let next = following(execution); next; next = following(execution)) {
    const step = begin(execution, next, now)
    const skipped = step.stage.state === 'skipped'
    execution = withStep(execution, step)
    effects.push(...step.effects)
    if (!skipped || !environment) continue
    const life = nothingApplied({ execution, environment }, step.stage, now)
    environment = life.environment
    effects.push(...life.effects)
  }
  const after = standing(execution) ?? { execution: { ...execution, status: moving(execution) }, over: null }
  return { ...after, environment, effects }
}

/** The digest of what a judgment or an apply is about: the one its plan stage gave. */
export function digestOf(execution: Execution, stage: StageRun): string {
  const digest = planOutput(execution, stage)?.digest
  return typeof digest === 'string' ? digest : ''
}

function following(execution: Execution): StageRun | undefined {
  return execution.stages.find(
    (stage) =>
      stage.state === 'pending' &&
      !stage.aside &&
      mayBegin(execution, stage) &&
      stage.after.every((id) => endedWell(execution.stages.find((each) => each.id === id))),
  )
}

function endedWell(stage: StageRun | undefined): boolean {
  if (stage?.state === 'failed') return stage.onFailure === 'continue'
  return stage?.state === 'succeeded' || stage?.state === 'skipped'
}

function begin(execution: Execution, stage: StageRun, now: number): Step {
  const plan = stage.aside ? null : planOutput(execution, stage)
  const { onlyIf, evenIfEmpty } = stage.input
  const idle = typeof onlyIf === 'string' && outputOf(execution, onlyIf)?.needsApply === false
  if (idle || (plan?.needsApply === false && evenIfEmpty !== true))
    return { stage: skip(stage, 'nothing to do', now), effects: [] }
  if (stage.kind === 'judgment') return ask(execution, stage, now)
  if (stage.kind === 'wait') {
    const { when } = stage.input
    if (typeof when === 'string' && plan?.[when] !== true) return { stage: skip(stage, 'not needed', now), effects: [] }
    return pause(execution, stage, now)
  }
  const attempt = stage.attempt + 1
  const run: Effect = { do: 'run', execution: execution.id, stage: stage.id, attempt, at: now }
  const effects = [run, ...lapse(execution, { ...stage, attempt }, now)]
  return { stage: { ...stage, state: 'ready', attempt, readyAt: now }, effects }
}

/** The end of the time within which a worker has to begin it, where it has one. */
function lapse({ id }: Execution, { id: stage, attempt, input }: StageRun, now: number): Effect[] {
  const { beginWithin } = input
  if (typeof beginWithin !== 'string') return []
  const at = now + milliseconds(beginWithin)
  return [{ do: 'tell', execution: id, event: { type: 'begin.due', stage, attempt }, at }]
}

function ask(execution: Execution, stage: StageRun, now: number): Step {
  const attempt = stage.attempt + 1
  const plan = planOutput(execution, stage)
  const given =
    preapproval(stage.input, plan) ??
    givenInAdvance(execution, stage.input, plan) ??
    approvedEarlier(execution, stage.input, plan)
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
  const dueAt = now + milliseconds(String(stage.input.within))
  const due: Effect = {
    do: 'tell',
    execution: execution.id,
    event: { type: 'judgment.due', stage: stage.id, attempt },
    at: dueAt,
  }
  return { stage: { ...stage, attempt, state: 'waiting', startedAt: now, dueAt }, effects: [due] }
}

function pause(execution: Execution, stage: StageRun, now: number): Step {
  const attempt = stage.attempt + 1
  const dueAt = now + milliseconds(String(stage.input.for))
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
  const failed = own.some((stage) => stage.state === 'failed' && stage.onFailure === 'halt')
  const needed = own.filter((stage) => !stage.recovers || isRecovery(execution, stage))
  if (needed.every(endedWell)) return { execution, over: 'succeeded' }
  if (has('running') && (canceling(execution) || (failed && !recovering(execution)))) return { execution, over: null }
  if (has('running')) return null
  if (canceling(execution)) return { execution, over: 'canceled' }
  return failed && !recovering(execution) ? { execution, over: 'failed' } : null
}

function moving(execution: Execution): ExecutionStatus {
  const busy = execution.stages.some(({ state }) => state === 'running' || state === 'ready')
  return !busy && execution.stages.some(({ state }) => state === 'waiting') ? 'waiting' : 'running'
}
