import { z } from 'zod'
import type { StageKind } from '../../core/workflow.ts'

const input = z.strictObject({ report: z.string() })

/** What workers need stands beside it. */
const planned = z.object(input.shape)

/** After the generators were scaled back: a load test that failed has failed, whatever came after it. */
export const loadVerdict: StageKind<z.infer<typeof input>> = {
  kind: 'load.verdict',
  input,
  repeatable: true,
  plan: (input) => input,
  async run(fields, context) {
    const { report } = planned.parse(fields)
    const outcome = (await context.ends()).find(({ stage }) => stage === report)?.outcome
    if (outcome?.kind === 'succeeded') return { kind: 'succeeded', output: {} }
    return { kind: 'failed', error: outcome?.kind === 'failed' ? outcome.error : 'The load test gave no report.' }
  },
}
