import { z } from 'zod'
import { milliseconds } from '../core/duration.ts'
import type { InAdvance, Preapproved } from '../core/preapproval.ts'
import { inAdvance, preapproved } from '../core/preapproval.ts'
import type { Shape, StageDraft, StageKind } from '../core/workflow.ts'

const input = z.strictObject({
  /** The plan stage whose summary the approver is shown and whose digest the approval is bound to. */
  show: z.string(),
  within: z.string().optional(),
  preapproved: preapproved.optional(),
  /** An earlier judgment of the same execution, given for this one too where the plan only deletes what is owned. */
  inAdvance: inAdvance.optional(),
  /** Given already where the plan is what was approved in an earlier execution, as its stage says (`approvedEarlier`). */
  asApproved: z.boolean().optional(),
  /** What comes after it, as its message says it. */
  follows: z.array(z.string()).optional(),
})

type Input = z.infer<typeof input>

/**
 * Waits for somebody else to approve what a plan showed. Who may, and until when, is fixed when it is planned, so that nothing an
 * execution does can change it.
 */
export const judgmentKind: StageKind<Input> = {
  kind: 'judgment',
  input,
  repeatable: true,
  plan({ show, within, preapproved, inAdvance, asApproved, follows }, { site, environment, image, kv }) {
    const target = environment ?? image ?? kv
    if (!target)
      throw new Error('A judgment needs something whose approvers are asked: give the command an `environment`.')
    if (within !== undefined) milliseconds(within)
    return {
      show,
      within: within ?? site.judgment.within,
      approvers: [...target.approvers],
      ...(preapproved ? { preapproved } : {}),
      ...(inAdvance ? { inAdvance } : {}),
      ...(asApproved ? { asApproved } : {}),
      ...(follows ? { follows } : {}),
    }
  },
}

type Draft = {
  readonly show: string
  readonly within?: string
  readonly preapproved?: Preapproved
  readonly inAdvance?: InAdvance
  readonly asApproved?: boolean
  readonly follows?: string[]
}

/** A judgment in a workflow: `judgment({ show: 'terraform.plan', within: '1h' })`. */
export function judgment(draft: Shape & Draft): StageDraft {
  const { show, within, preapproved, inAdvance, asApproved, follows, ...shape } = draft
  const input = {
    show,
    ...(within === undefined ? {} : { within }),
    ...(preapproved ? { preapproved } : {}),
    ...(inAdvance ? { inAdvance } : {}),
    ...(asApproved ? { asApproved } : {}),
    ...(follows ? { follows } : {}),
  }
  return { kind: judgmentKind.kind, input, ...shape }
}
