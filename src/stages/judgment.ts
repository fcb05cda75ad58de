import { z } from 'zod'
import { milliseconds } from '../core/duration.ts'
import type { Preapproved } from '../core/preapproval.ts'
import { preapproved } from '../core/preapproval.ts'
import type { StageDraft, StageKind } from '../core/workflow.ts'

const input = z.strictObject({
  /** The plan stage whose summary the approver is shown and whose digest the approval is bound to. */
  show: z.string(),
  within: z.string().optional(),
  preapproved: preapproved.optional(),
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
  plan({ show, within, preapproved }, { site, environment }) {
    if (!environment)
      throw new Error('A judgment needs the environment whose approvers are asked: give the command an `environment`.')
    if (within !== undefined) milliseconds(within)
    return {
      show,
      within: within ?? site.judgment.within,
      approvers: [...environment.approvers],
      ...(preapproved ? { preapproved } : {}),
    }
  },
}

/** A judgment in a workflow: `judgment({ show: 'terraform.plan', within: '1h' })`. */
export function judgment(draft: { show: string; within?: string; preapproved?: Preapproved }): StageDraft {
  return { kind: judgmentKind.kind, input: draft }
}
