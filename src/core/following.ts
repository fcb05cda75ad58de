import type { Execution, StageRun } from './execution.ts'
import { cutBy, halts } from './failure.ts'
import { isRecovery, leaveOf } from './recover.ts'

export type Following = { readonly stage: StageRun; readonly cut: string | null }

/** What can move now: stages whose predecessors ended well, and those that a failure before them keeps from ever being done. */
export function following(execution: Execution): Following[] {
  const pending = execution.stages.filter(({ state, aside }) => state === 'pending' && !aside)
  if (pending.length === 0) return []
  const byId = new Map(execution.stages.map((stage) => [stage.id, stage]))
  const may = leaveOf(execution)
  const halted = execution.stages.some(halts)
  return pending.flatMap((stage): Following[] => {
    const before = stage.after.flatMap((id) => byId.get(id) ?? [])
    const cuts = before.filter(({ id, recovers }) => !stage.recovers || (recovers && !stage.recovers.includes(id)))
    const cut = cuts.flatMap((each) => cutBy(each) ?? [])[0]
    if (cut !== undefined) return [{ stage, cut }]
    const goes = (each: StageRun) =>
      stage.recovers ? isPast(execution, stage, each, halted) : endedWell(execution, each)
    return before.length === stage.after.length && may(stage) && before.every(goes) ? [{ stage, cut: null }] : []
  })
}

function endedWell(execution: Execution, stage: StageRun): boolean {
  if (stage.state === 'failed') return stage.onFailure === 'continue'
  // What brings back from something that did not fail is not waited for.
  if (stage.state === 'pending' && stage.recovers) return !isRecovery(execution, stage)
  return stage.state === 'succeeded' || stage.state === 'skipped'
}

/** As what brings back sees it: it comes after the failure of others, and so does not wait for what will never be done. */
function isPast(execution: Execution, back: StageRun, stage: StageRun, halted: boolean): boolean {
  if (stage.recovers && stage.state === 'failed' && back.recovers?.includes(stage.id)) return true
  if (stage.recovers) return endedWell(execution, stage)
  if (stage.state === 'pending') return halted
  return !['ready', 'running', 'waiting', 'unknown'].includes(stage.state)
}
