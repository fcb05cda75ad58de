import { z } from 'zod'
import { milliseconds } from '../core/duration.ts'
import { checkRequirement } from '../core/judgment/planned.ts'
import { choices, group } from '../core/judgment/settings.ts'
import { inAdvance, preapproved } from '../core/preapproval.ts'
import type { Fields, Shape, StageDraft, StageKind } from '../core/workflow.ts'
import { UserError } from '../errors.ts'

const approvers = z.strictObject({
  /** How many people have to approve, each of them once. */
  count: z.number().int().min(1).max(20).optional(),
  /** They have to own the stack besides, by the CODEOWNERS file of its repository. */
  codeowners: z.boolean().optional(),
})

const input = z.strictObject({
  /** The plan stage whose summary the approver is shown and whose digest the approval is bound to. */
  show: z.string(),
  within: z.string().optional(),
  /** What approvers may choose, instead of only approving: texts, or `{ value, label, style, rejects }`. */
  choices: choices.optional(),
  /** What the approvers should look at or do before. */
  instructions: z.string().min(1).max(1000).optional(),
  approvers: approvers.optional(),
  /** So many people of each role; who has several of the roles counts for one only. */
  groups: z.array(group).min(1).optional(),
  /** What expiry means for the rest, where it is something else than a rejection (`onFailure`). */
  onExpiry: z.enum(['halt', 'halt-branch', 'finish-then-fail']).optional(),
  /** How often the approvers are told again, while it waits. */
  remind: z.string().optional(),
  /** Whether an approver may hand his right for this judgment to somebody by name; by default as the site says, which is no. */
  delegate: z.boolean().optional(),
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
 * Waits for somebody else to approve what a plan showed. Who may, how many of them, and until when, is fixed when it is planned, so that
 * nothing an execution does can change it.
 */
export const judgmentKind: StageKind<Input> = {
  kind: 'judgment',
  input,
  repeatable: true,
  output: ({ choices }: Fields) => (choices ? outputWithChoice : output),
  plan(draft, { site, environment, image, kv }) {
    const target = environment ?? image ?? kv
    if (!target)
      throw new UserError('A judgment needs something whose approvers are asked: give the command an `environment`.')
    const { within, approvers, groups = [], delegate = site.judgment.delegate, ...rest } = draft
    const [most, every] = [within ?? site.judgment.within, draft.remind]
    for (const time of [most, every]) if (time !== undefined) milliseconds(time)
    if (every !== undefined && milliseconds(every) >= milliseconds(most))
      throw new UserError(`This judgment expires within ${most}, before its first reminder (\`remind: '${every}'\`).`)
    const count = approvers?.count ?? groups.reduce((sum, each) => sum + each.count, 0)
    checkRequirement({ count: Math.max(count, 1), groups }, { site, approvers: target.approvers, name: target.name })
    if (approvers?.codeowners && !site.codeowners)
      throw new UserError(
        'This judgment asks the owners of the stack, and the site does not say who is who (`codeowners`).',
      )
    if (approvers?.codeowners && !environment)
      throw new UserError('`approvers: { codeowners: true }` needs an environment, whose stack has owners.')
    const names = approvers?.codeowners ? { team: site.slack.team, ...site.codeowners } : null
    return {
      ...given(rest),
      show: draft.show,
      within: most,
      approvers: [...target.approvers],
      ...(count > 1 ? { count } : {}),
      ...(names ? { codeowners: { ...names } } : {}),
      ...(delegate ? { delegate } : {}),
      ...(groups.length > 0 ? { groups } : {}),
    }
  },
}

const output = z.object({
  by: z.string(),
  approvers: z.array(z.string()),
  digest: z.string(),
  preapproved: z.boolean(),
})
const outputWithChoice = output.extend({ choice: z.string() })

/** A judgment in a workflow: `judgment({ show: 'terraform.plan', choices: ['10 %', 'all', 'stop'], approvers: { count: 2 } })`. */
export function judgment(draft: Shape & z.input<typeof input>): StageDraft {
  const names = Object.keys(input.shape)
  const own = Object.entries(draft).filter(([name]) => names.includes(name))
  const shape = Object.entries(draft).filter(([name]) => !names.includes(name))
  return { kind: judgmentKind.kind, input: given(Object.fromEntries(own)), ...Object.fromEntries(shape) }
}

function given(fields: Readonly<Record<string, unknown>>): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields
}
