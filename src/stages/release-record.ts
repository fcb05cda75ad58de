import { z } from 'zod'
import type { Fields, Outcome, PlanContext, StageKind } from '../core/workflow.ts'
import { consulOf } from './consul.ts'
import { groupsOf, releaseFields } from './release-groups.ts'
import { recordFailure, recordLive } from './release-records.ts'

const input = z.strictObject({ service: z.string(), failed: z.boolean().default(false) })
type Input = z.infer<typeof input>

/** Writes into the catalogue what is live since when, or that a version did not come up healthy. A second time changes nothing. */
export const releaseRecord: StageKind<Input> = {
  kind: 'release.record',
  input,
  repeatable: true,
  plan: ({ failed, service }: Input, context: PlanContext): Fields => ({
    ...releaseFields({ service }, context),
    failed,
  }),
  async run(fields, context): Promise<Outcome> {
    const groups = groupsOf(fields, context, consulOf(context))
    const { image, version, old, environment } = groups
    if (fields.failed !== true) {
      await recordLive(groups, context, groups.inService.includes(version))
      return { kind: 'succeeded', output: { recorded: version, closed: old } }
    }
    await recordFailure(groups, context)
    const why = `its release to ${environment} failed (${context.execution})`
    const offers = [{ label: `Mark ${version} bad`, line: `images mark ${image} ${version} bad --why "${why}"` }]
    return { kind: 'succeeded', output: { recorded: version, offers } }
  },
}
