import type { Groups } from './access.ts'
import { decide, rolesOf } from './access.ts'
import { nameOf } from './actor.ts'
import type { Execution, StageRun } from './execution.ts'
import { refusalToJudge, rolesText } from './judgment.ts'
import { isRecovery } from './recover.ts'
import { planOutput } from './settle.ts'
import type { Site } from './site.ts'
import type { Fields } from './workflow.ts'

/** The stage that is about to start: which plan it applies, and whether it is there to bring back what went wrong. */
export type Starting = Pick<StageRun, 'recovers'> & { readonly input: Fields }

/** `refused`: why it may not be started. `note`: why it may although a right was lost; people are told. */
export type Recheck = { readonly refused: string | null; readonly note?: string | undefined }

/**
 * Rights may have been lost since somebody asked or approved. The worker asks this before it starts a stage. `gated` stages need every
 * judgment before them given by somebody who may still give it; one that applies a `plan` those of that plan. What brings back does
 * not hang on the asker: it was begun with his right, and half of it is worse than either end.
 */
export function recheck(execution: Execution, site: Site, groups: Groups, gated: boolean, stage?: Starting): Recheck {
  const lost = lostRight(execution, site, groups)
  const recovers = stage?.recovers !== undefined && isRecovery(execution, stage)
  if (lost && !recovers) return { refused: lost }
  const refused = gated ? refusalOfJudges(execution, site, groups, stage?.input.plan) : null
  return { refused, note: lost ? `${lost} What was begun is brought back all the same.` : undefined }
}

function lostRight({ actor, command, allow, args, environment }: Execution, site: Site, groups: Groups): string | null {
  if (actor.kind === 'lifetime') return null
  const decision = decide(site, rolesOf(site, actor, groups), { command, allow, args, environment })
  return decision.allowed ? null : `${nameOf(actor)} may no longer run this: ${decision.why}`
}

function refusalOfJudges(execution: Execution, site: Site, groups: Groups, plan: unknown): string | null {
  const given = execution.stages.filter((stage) => stage.kind === 'judgment' && stage.state === 'succeeded')
  // What was approved earlier in the execution is done: whoever approved that may have become an asker of what is left.
  const ofPlan = given.filter(({ input }) => typeof plan === 'string' && input.show === plan)
  for (const stage of ofPlan.length > 0 ? ofPlan : given) {
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
