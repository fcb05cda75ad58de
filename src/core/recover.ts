import type { Execution, StageRun } from './execution.ts'
import { stageOf } from './execution.ts'

/** Whether one of the stages that this one is there to recover from has failed, or was stopped halfway when another one did. */
export function isRecovery(execution: Execution, { recovers }: Pick<StageRun, 'recovers'>): boolean {
  return recovers?.some((id) => brokeOff(stageOf(execution, id))) ?? false
}

function brokeOff(stage: StageRun | undefined): boolean {
  return stage?.state === 'failed' || (stage?.state === 'canceled' && stage.stopped !== undefined)
}

/** Whether a stage has failed, the execution is not called off, and something that recovers from it is still to be done. */
export function recovering(execution: Execution): boolean {
  if (canceling(execution)) return false
  const never = neverBack(execution)
  return execution.stages.some(
    (stage) =>
      !stage.aside &&
      !['succeeded', 'skipped', 'failed'].includes(stage.state) &&
      !never.has(stage.id) &&
      isRecovery(execution, stage),
  )
}

/** What would bring back, and comes after something that should have and failed itself. What recovers from just that is done all the same. */
function neverBack(execution: Execution): Set<string> {
  const never = new Set<string>()
  const failed = new Set<string>()
  for (const stage of execution.stages) {
    if (stage.aside || !stage.recovers || !isRecovery(execution, stage)) continue
    if (stage.state === 'failed' && stage.onFailure === 'halt') failed.add(stage.id)
    const stands = (id: string) => never.has(id) || (failed.has(id) && !stage.recovers?.includes(id))
    if (stage.state === 'pending' && stage.after.some(stands)) never.add(stage.id)
  }
  return never
}

/** Called off, by somebody or with one of its stages; one that was stopped because another failed calls nothing off. */
export function canceling(execution: Execution): boolean {
  if (execution.cancel !== null) return true
  return execution.stages.some(({ state, aside, stopped }) => !aside && state === 'canceled' && !stopped)
}

/** Whether a stage may begin as far as failures go, seen once for all of its stages. */
export type Leave = (stage: StageRun) => boolean

/**
 * What recovers begins when something failed that it recovers from, and not before what is being stopped has ended; everything else while
 * nothing has failed that halts.
 */
export function leaveOf(execution: Execution): Leave {
  const own = execution.stages.filter(({ aside }) => !aside)
  if (canceling(execution) || own.some(({ state }) => state === 'unknown')) return () => false
  const halted = own.some(({ state, onFailure }) => state === 'failed' && onFailure === 'halt')
  const stopping = own.some(({ state, stopped }) => state === 'running' && stopped)
  const bringsBack = !(halted && stopping) && recovering(execution)
  return (stage) => (stage.recovers ? bringsBack && isRecovery(execution, stage) : !halted)
}

/** The same for one stage. */
export function mayBegin(execution: Execution, stage: StageRun): boolean {
  return leaveOf(execution)(stage)
}
