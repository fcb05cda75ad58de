import { z } from 'zod'
import type { Actor } from './actor.ts'
import { idOf } from './actor.ts'
import type { Execution } from './execution.ts'
import { outputOf, stageOf } from './execution.ts'
import type { Judgment } from './judgment.ts'
import { reference, stageNamed } from './reference.ts'
import { owns } from './release/owned.ts'
import type { Fields } from './workflow.ts'

/**
 * Approving `--for` approves a plan that only deletes, of the same state, when the time ends. Anything else asks.
 * `lineage` names the Terraform state; null means that nobody has seen it, so nothing is approved in advance.
 */
export const preapproved = z.strictObject({
  execution: z.string(),
  environment: z.string(),
  lineage: z.string().nullable(),
  approvers: z.array(z.string()),
})

export type Preapproved = z.infer<typeof preapproved>

/** The judgment that was given in advance, or null when this plan is not the one that was approved then. */
export function preapproval(input: Fields, plan: Fields | null): { by: Actor; reason: string } | null {
  const given = preapproved.safeParse(input.preapproved)
  if (!given.success || !plan) return null
  const { lineage, environment, execution, approvers } = given.data
  if (!lineage || plan.lineage !== lineage || plan.deleteOnly !== true || approvers.length === 0) return null
  return {
    by: { kind: 'lifetime', environment },
    reason: `the plan only deletes what was approved with its time limit in ${execution}`,
  }
}

/**
 * An approval of this execution that counts for a later plan too: one of the same state that only deletes (outputs may change), and only
 * at addresses that fit the patterns that an earlier stage gave. Anything else asks.
 */
export const inAdvance = z.strictObject({ judgment: z.string(), owned: reference })

export type InAdvance = z.infer<typeof inAdvance>

const texts = z.array(z.string().min(1))

/** The same for a judgment that an earlier one of the execution was given for, or null when people have to be asked. */
export function givenInAdvance(
  execution: Execution,
  input: Fields,
  plan: Fields | null,
): (Pick<Judgment, 'by' | 'from' | 'glass'> & { reason: string }) | null {
  const wanted = inAdvance.safeParse(input.inAdvance)
  if (!wanted.success || !plan) return null
  const { judgment, owned } = wanted.data
  const given = execution.judgments.findLast((each) => each.stage === judgment && !each.fell)
  // One of several approvals alone approves nothing, neither while the others are awaited nor when they never came.
  if (stageOf(execution, judgment)?.state !== 'succeeded') return null
  if (given?.decision !== 'approved' || execution.askers.includes(idOf(given.by))) return null
  const deletes = texts.safeParse(plan.deletes).data
  const patterns = texts.safeParse(outputNamed(execution, owned.ref)).data
  if (!deletes || !patterns || !isSameState(execution, judgment, plan)) return null
  if (!deletes.every((address) => owns(patterns, address))) return null
  return {
    by: given.by,
    // By whose right it was given counts for what is done with it later, too.
    ...(given.from ? { from: given.from } : {}),
    ...(given.glass ? { glass: given.glass } : {}),
    reason: 'in advance, with the first approval: this plan only removes what was to go then',
  }
}

const person = z.object({ kind: z.literal('slack'), team: z.string(), user: z.string() })

/** What a plan stage says of the execution in which the same was approved, by whom. */
const earlier = z.object({ execution: z.string(), by: person })

/**
 * A datacenter that was away gets what was approved for it then: its plan stage has compared it change by change. Who asks for it now
 * was no approver of it.
 */
export function approvedEarlier(
  execution: Execution,
  input: Fields,
  plan: Fields | null,
): { by: Actor; reason: string } | null {
  if (input.asApproved !== true || !plan) return null
  const given = earlier.safeParse(plan.approvedEarlier)
  if (!given.success || execution.askers.includes(idOf(given.data.by))) return null
  return { by: given.data.by, reason: `with ${given.data.execution}, which this completes` }
}

function outputNamed(execution: Execution, ref: string) {
  const stage = stageNamed(ref, execution.stages)
  return outputOf(execution, stage)?.[ref.slice(stage.length + 1)]
}

/** The state of the plan that was approved; where it did not exist yet, the one that its apply made. */
function isSameState(execution: Execution, judgment: string, plan: Fields): boolean {
  const shown = stageOf(execution, judgment)?.input.show
  if (typeof shown !== 'string' || typeof plan.lineage !== 'string') return false
  const applies = execution.stages.filter(({ kind, input }) => kind === 'terraform.apply' && input.plan === shown)
  const seen = [shown, ...applies.map(({ id }) => id)].map((id) => outputOf(execution, id)?.lineage)
  const known = seen.filter((lineage) => typeof lineage === 'string')
  return known.length > 0 && known.every((lineage) => lineage === plan.lineage)
}
