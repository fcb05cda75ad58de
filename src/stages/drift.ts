import { z } from 'zod'
import { planOutput } from '../core/report.ts'
import type { Shape, StageDraft, StageKind } from '../core/workflow.ts'

const input = z.strictObject({
  /** The plan stage that only refreshed, and the one that says what would put things back. */
  moved: z.string(),
  back: z.string(),
  /** What **Put it back** runs. */
  line: z.string(),
})

/**
 * What a look for drift comes to: what moved outside of Terraform, and what a plan with the live values would do about it. It has
 * something to say (`loud`) where either is not nothing.
 */
export const driftKind: StageKind<z.infer<typeof input>> = {
  kind: 'drift',
  input,
  repeatable: true,
  plan: (fields) => fields,
  async run(fields, context) {
    const { moved: look, back, line } = input.parse(pick(fields))
    const seen = context.output(look)
    if (seen.unchanged === true)
      return { kind: 'succeeded', output: { headline: String(seen.headline), loud: false, offers: [] } }
    const moved = planOutput.parse(seen)
    const plan = planOutput.parse(context.output(back))
    const some = moved.moved.length > 0
    return {
      kind: 'succeeded',
      output: {
        headline: headlineOf(some, plan.needsApply),
        loud: some || plan.needsApply,
        offers: plan.needsApply ? [{ label: 'Put it back', line }] : [],
      },
    }
  },
}

function headlineOf(moved: boolean, differs: boolean): string {
  if (differs) return 'It is not as it was applied. *Put it back* plans with the values that are live, and asks.'
  if (moved)
    return 'Something moved, and a plan would change nothing back: only the state is brought up to date by the next apply.'
  return 'Nothing moved: it is as it was applied.'
}

/** Without what the planner adds to every stage. */
function pick({ moved, back, line }: Readonly<Record<string, unknown>>) {
  return { moved, back, line }
}

/** The end of a look for drift: `drift({ moved: 'moved', back: 'terraform.plan', line: 'drift fix loadtest' })`. */
export function drift({ moved, back, line, ...shape }: Shape & z.infer<typeof input>): StageDraft {
  return { kind: driftKind.kind, input: { moved, back, line }, ...shape }
}
