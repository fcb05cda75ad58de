import type { Execution, StageRun } from '../execution.ts'
import { outputOf, stageOf } from '../execution.ts'
import { ownersOf } from './owners.ts'

/** Why nobody is asked to judge: nobody could, or what failed and was gone on from left nothing to approve. Null where people are asked. */
export function whyNotAsked(execution: Execution, stage: StageRun): string | null {
  const { show } = stage.input
  const shown = typeof show === 'string' ? stageOf(execution, show) : undefined
  if (shown?.state === 'failed' && !outputOf(execution, shown.id))
    return `There is nothing to approve: \`${shown.id}\` failed, and left nothing to show.`
  const owners = ownersOf(execution, stage)
  return typeof owners === 'string' ? owners : null
}
