import type { Effect } from './event.ts'
import type { Execution, StageRun } from './execution.ts'
import { WORKFLOW } from './nested.ts'
import { isRecovery } from './recover.ts'
import type { Stopped } from './stage/shape.ts'
import type { Outcome } from './workflow.ts'

/** A failure that ends the whole execution. */
export function halts({ state, onFailure, aside }: StageRun): boolean {
  return state === 'failed' && onFailure === 'halt' && !aside
}

/** A failure that ends only what comes after it. */
export function endsBranch({ state, onFailure }: StageRun): boolean {
  return state === 'failed' && (onFailure === 'halt-branch' || onFailure === 'finish-then-fail')
}

/** The stage whose failure keeps another from ever being done, as seen from one that comes before that; null where nothing does. */
export function cutBy(before: StageRun): string | null {
  if (endsBranch(before)) return before.id
  return before.outcome?.kind === 'skipped' ? (before.outcome.because ?? null) : null
}

/** Its failure is shown, and the execution can end all the same. */
export function isDone(stage: StageRun): boolean {
  if (stage.state === 'failed') return stage.onFailure !== 'halt'
  return stage.state === 'succeeded' || stage.state === 'skipped'
}

/**
 * One that failed and halts stops what else goes on: what runs is told to stop, with the care of a cancel; what only waits is left out.
 * What brings back goes on.
 */
export function haltOthers(execution: Execution, now: number): { execution: Execution; effects: readonly Effect[] } {
  const failed = execution.stages.find(halts)
  if (!failed) return { execution, effects: [] }
  const why = `\`${failed.id}\` failed`
  const effects: Effect[] = []
  let changed = false
  const stages = execution.stages.map((stage): StageRun => {
    const free = stage.aside || (stage.recovers && isRecovery(execution, stage))
    if (free || stage.stopped || !['running', 'ready', 'waiting'].includes(stage.state)) return stage
    changed = true
    if (stage.state !== 'running')
      return {
        ...stage,
        state: 'skipped',
        dueAt: null,
        endedAt: now,
        outcome: { kind: 'skipped', why, because: failed.id },
      }
    effects.push(...stopEffects(execution, stage, now))
    return { ...stage, stopped: { why, at: now } }
  })
  return changed ? { execution: { ...execution, stages }, effects } : { execution, effects: [] }
}

/** What has to be done to stop one that no worker runs; a worker reads it from the store. */
export function stopEffects({ id }: Execution, { id: stage, kind, attempt }: StageRun, at: number): Effect[] {
  return kind === WORKFLOW ? [{ do: 'child', execution: id, stage, attempt, at }] : []
}

/** The same for all that run, when a person cancels it. */
export function cancelEffects(execution: Execution, now: number): Effect[] {
  return execution.stages
    .filter(({ state }) => state === 'running')
    .flatMap((stage) => stopEffects(execution, stage, now))
}

/** Whether something of it can be stopped: also where it stands at unknown because of another stage. */
export function hasRunning({ stages }: Execution): boolean {
  return stages.some(({ state, aside }) => state === 'running' && !aside)
}

/** How its worker has to stop a stage that runs: by an interrupt, or by force; null while it may go on. */
export function stopOf(
  { cancel }: Execution,
  { stopped }: Pick<StageRun, 'stopped'>,
): { readonly force: boolean } | null {
  if (!cancel && !stopped) return null
  return { force: cancel?.force === true || stopped?.force === true }
}

/** What the end of a stage means that was told to stop: one whose time was over has failed, unless it ended well or nobody saw it. */
export function stoppedOutcome(stopped: Stopped | undefined, outcome: Outcome): Outcome {
  if (!stopped) return outcome
  if (stopped.late && outcome.kind === 'unknown') {
    const killed = stopped.force ? ' and did not end when it was interrupted, so that it was killed' : ''
    return { ...outcome, why: `It ${stopped.why}${killed}. ${outcome.why}` }
  }
  if (stopped.late && (outcome.kind === 'canceled' || outcome.kind === 'failed')) {
    const said = outcome.kind === 'failed' ? outcome.error : outcome.why
    const output = outcome.output ? { output: outcome.output } : {}
    return { kind: 'failed', error: `It ${stopped.why}. ${said}`, ...output }
  }
  return outcome.kind === 'canceled' ? { ...outcome, why: `${stopped.why}: ${outcome.why}` } : outcome
}
