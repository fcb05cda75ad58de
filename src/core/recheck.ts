import type { Groups } from './access.ts'
import { decide, rolesOf } from './access.ts'
import type { Actor } from './actor.ts'
import { idOf, nameOf } from './actor.ts'
import type { Glass } from './break-glass/glass.ts'
import { countingFor, rolesGiven, withGiven } from './break-glass/glass.ts'
import { refusalToJudgeWith, rolesToJudge } from './break-glass/judging.ts'
import type { Execution, StageRun } from './execution.ts'
import { approvalsOf, standingOf, standingText } from './judgment/count.ts'
import { refusalOfOwner } from './judgment/owners.ts'
import { approversIn, requirementOf } from './judgment/settings.ts'
import type { Judgment } from './judgment.ts'
import { refusalToJudge, rolesText } from './judgment.ts'
import { isRecovery } from './recover.ts'
import { planOutput } from './settle.ts'
import type { Site } from './site.ts'
import type { Fields } from './workflow.ts'

/** The stage that is about to start: which plan it applies, and whether it is there to bring back what went wrong. */
export type Starting = Pick<StageRun, 'recovers'> & { readonly input: Fields }

/** Break glass that counts: what the asker holds now, and what those who judged held when they did. */
export type Lent = { readonly asker: readonly Glass[]; readonly judges: readonly Glass[] }
const NOTHING_LENT: Lent = { asker: [], judges: [] }

/** `refused`: why it may not be started. `note`: why it may although a right was lost; people are told. */
export type Recheck = { readonly refused: string | null; readonly note?: string | undefined }

/**
 * Rights may have been lost since somebody asked or approved. The worker asks this before it starts a stage. `gated` stages need every
 * judgment before them given by somebody who may still give it, or who gave it under break glass while that held (`lent`); one that applies
 * a `plan` those of that plan. What brings back does not hang on the asker: it was begun with his right, and half of it is worse than
 * either end.
 */
export function recheck(
  execution: Execution,
  site: Site,
  groups: Groups,
  gated: boolean,
  stage?: Starting,
  lent: Lent = NOTHING_LENT,
): Recheck {
  const rights = { site, groups, lent }
  if (execution.actor.kind === 'breakglass' && gated) return { refused: 'The end of a break glass may only look.' }
  const lost = lostRight(execution, rights)
  const recovers = stage?.recovers !== undefined && isRecovery(execution, stage)
  if (lost && !recovers) return { refused: lost }
  const fallen = gated ? refusalOfJudges(execution, rights, stage?.input.plan) : null
  const refused = fallen && `${fallen} Ask again, so that somebody who may approves it.`
  return { refused, note: lost ? `${lost} What was begun is brought back all the same.` : undefined }
}

type Rights = { readonly site: Site; readonly groups: Groups; readonly lent: Lent }

/** What somebody has himself, and with what was lent to him. */
function rolesWith({ site, groups }: Rights, actor: Actor, lent: readonly Glass[]) {
  const own = rolesOf(site, actor, groups)
  return { own, roles: withGiven(own, rolesGiven(site, countingFor(site, actor, own, lent))) }
}

function lostRight({ actor, command, allow, args, environment, glass = [] }: Execution, rights: Rights): string | null {
  if (actor.kind === 'lifetime' || actor.kind === 'breakglass') return null
  const { roles } = rolesWith(rights, actor, rights.lent.asker)
  const decision = decide(rights.site, roles, { command, allow, args, environment })
  if (decision.allowed) return null
  const over = glass.filter(({ id }) => !rights.lent.asker.some((each) => each.id === id))
  const under =
    over.length > 0 ? ` It was asked for under break glass ${rolesText(over.map(({ id }) => id))}, which is over.` : ''
  return `${nameOf(actor)} may no longer run this: ${decision.why}${under}`
}

function refusalOfJudges(execution: Execution, rights: Rights, plan: unknown): string | null {
  const given = execution.stages.filter((stage) => stage.kind === 'judgment' && stage.state === 'succeeded')
  // What was approved earlier in the execution is done: whoever approved that may have become an asker of what is left.
  const ofPlan = given.filter(({ input }) => typeof plan === 'string' && input.show === plan)
  for (const stage of ofPlan.length > 0 ? ofPlan : given) {
    const refusal = refusalOfOne(execution, stage, rights)
    if (refusal) return refusal
  }
  return null
}

/** Why the approvals of one judgment no longer do: they have to be enough still, of people who may still give them. */
function refusalOfOne(execution: Execution, stage: StageRun, rights: Rights): string | null {
  const judgment = execution.judgments.findLast((each) => each.stage === stage.id && !each.fell)
  if (judgment?.decision !== 'approved') return `Stage ${stage.id} has no approval that counts.`
  if (judgment.digest !== planOutput(execution, stage)?.digest)
    return 'What was approved is not the plan that would be applied.'
  if (judgment.by.kind === 'lifetime') return null
  const approvers = approversIn(stage.input).filter((role) => Object.hasOwn(rights.site.roles, role))
  const gate = { askers: execution.askers, approvers, glass: execution.glass ?? [] }
  const all = approvalsOf(execution.judgments, stage.id, judgment.digest)
  const looked = all
    .filter(({ choice }) => choice === judgment.choice)
    .map((each) => {
      const held = rolesAsJudge(each, rights)
      const why = refusalNow(execution, stage, { gate, each, held })
      return { each, why, roles: rolesToJudge(gate, held).filter((role) => approvers.includes(role)) }
    })
  const left = looked.filter(({ why }) => why === null)
  const counted = standingOf(
    requirementOf(stage.input),
    left.map(({ each, roles }) => ({ by: idOf(each.by), roles })),
  )
  if (counted.done) return null
  const lost = looked.find(({ why }) => why !== null)
  if (lost) return `${nameOf(lost.each.by)} may no longer approve this (needed: ${rolesText(approvers)}). ${lost.why}`
  return `Stage ${stage.id} has not enough approvals that count: ${standingText(counted)}.`
}

type Held = { readonly own: readonly string[]; readonly roles: readonly string[] }

/** With what he held by break glass when he judged; what somebody handed over is never more than he has himself. */
function rolesAsJudge({ by, from, glass }: Judgment, rights: Rights): Held {
  if (from) return rolesWith(rights, from, [])
  return rolesWith(
    rights,
    by,
    rights.lent.judges.filter(({ id }) => glass?.includes(id)),
  )
}

type Gate = Parameters<typeof refusalToJudgeWith>[0]

/** What was handed over hangs on the right of who handed it over. */
function refusalNow(
  execution: Execution,
  stage: StageRun,
  { gate, each, held }: { readonly gate: Gate; readonly each: Judgment; readonly held: Held },
): string | null {
  const { by, from = by } = each
  const roles = rolesToJudge(gate, held)
  const refusal = refusalToJudgeWith(gate, from, held) ?? refusalToJudge(gate, by, roles)
  return refusal ?? refusalOfOwner(execution, stage, from, roles)
}
