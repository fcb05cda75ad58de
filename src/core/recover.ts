import type { Execution, StageRun } from './execution.ts'
import { stageOf } from './execution.ts'

/** Whether one of the stages that this one is there to recover from has failed. */
export function isRecovery(execution: Execution, { recovers }: Pick<StageRun, 'recovers'>): boolean {
  return recovers?.some((id) => stageOf(execution, id)?.state === 'failed') ?? false
}

/** Whether a stage has failed, the execution is not called off, and what recovers from it is not done. */
export function recovering(execution: Execution): boolean {
  if (canceling(execution)) return false
  const recovery = execution.stages.filter((stage) => !stage.aside && isRecovery(execution, stage))
  if (recovery.some(({ state, onFailure }) => state === 'failed' && onFailure === 'halt')) return false
  return recovery.some(({ state }) => state !== 'succeeded' && state !== 'skipped' && state !== 'failed')
}

/** Called off, by somebody or with one of its stages. */
export function canceling(execution: Execution): boolean {
  return execution.cancel !== null || execution.stages.some(({ state, aside }) => !aside && state === 'canceled')
}

/**
 * Whether a stage may begin as far as failures go: what recovers begins when something failed that it recovers from, everything else
 * while nothing has failed that halts.
 */
export function mayBegin(execution: Execution, stage: StageRun): boolean {
  if (canceling(execution)) return false
  const own = execution.stages.filter(({ aside }) => !aside)
  if (own.some(({ state }) => state === 'unknown')) return false
  if (stage.recovers) return isRecovery(execution, stage) && recovering(execution)
  return !own.some(({ state, onFailure }) => state === 'failed' && onFailure === 'halt')
}
