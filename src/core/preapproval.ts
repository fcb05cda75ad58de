import { z } from 'zod'
import type { Actor } from './actor.ts'
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
