import type { Groups } from './access.ts'
import { decide, rolesOf } from './access.ts'
import { nameOf } from './actor.ts'
import type { Execution } from './execution.ts'
import { refusalToJudge, rolesText } from './judgment.ts'
import { planOutput } from './settle.ts'
import type { Site } from './site.ts'

/**
 * Rights may have been lost since somebody asked or approved. The worker asks this before it starts a stage: null, or
 * why it may not be started. `gated` stages need every judgment before them given by somebody who may still give it.
 */
export function refusalToRun(execution: Execution, site: Site, groups: Groups, gated: boolean): string | null {
  const { actor, command, allow, args, environment } = execution
  if (actor.kind !== 'lifetime') {
    const decision = decide(site, rolesOf(site, actor, groups), { command, allow, args, environment })
    if (!decision.allowed) return `${nameOf(actor)} may no longer run this: ${decision.why}`
  }
  return gated ? refusalOfJudges(execution, site, groups) : null
}

function refusalOfJudges(execution: Execution, site: Site, groups: Groups): string | null {
  for (const stage of execution.stages.filter((stage) => stage.kind === 'judgment' && stage.state === 'succeeded')) {
    const judgment = execution.judgments.findLast((each) => each.stage === stage.id && !each.fell)
    if (judgment?.decision !== 'approved') return `Stage ${stage.id} has no approval that counts.`
    if (judgment.digest !== planOutput(execution, stage)?.digest)
      return 'What was approved is not the plan that would be applied.'
    if (judgment.by.kind === 'lifetime') continue
    const roles = rolesOf(site, judgment.by, groups)
    const approvers = (stage.input.approvers as string[]).filter((role) => Object.hasOwn(site.roles, role))
    const refusal = refusalToJudge({ askers: execution.askers, approvers }, judgment.by, roles)
    if (refusal)
      return `${nameOf(judgment.by)} may no longer approve this (needed: ${rolesText(approvers)}). ${refusal}`
  }
  return null
}
