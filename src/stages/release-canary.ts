import { z } from 'zod'
import { isBad } from '../core/catalogue.ts'
import type { Fields, Outcome, RunContext, StageKind } from '../core/workflow.ts'
import { createCatalogue } from './catalogue.ts'
import { consulOf } from './consul.ts'
import { shown, words } from './instances.ts'
import type { Groups } from './release-groups.ts'
import {
  groupsOf,
  inService,
  instancesOf,
  releaseFields,
  releaseInput,
  setService,
  untilWell,
} from './release-groups.ts'

const input = releaseInput.extend({ percent: z.number().int().min(1).max(100) })

const share = z.looseObject({ percent: z.number() })

/**
 * Puts a share of the new group into service beside the whole old one: at least one instance, rounded up. Doing it twice does no harm. It
 * fails where they do not pass in service, and takes them out again.
 */
export const releaseCanary: StageKind<z.infer<typeof input>> = {
  kind: 'release.canary',
  input,
  repeatable: true,
  changes: true,
  gated: true,
  output: z.object({ services: z.json(), canary: z.array(z.string()) }),
  plan: ({ service, percent }, context): Fields => ({ ...releaseFields({ service }, context), percent }),
  run: (fields, context) =>
    putShare(groupsOf(fields, context, consulOf(context)), share.parse(fields).percent, context),
}

async function putShare(groups: Groups, percent: number, context: RunContext): Promise<Outcome> {
  const { client, version, image, healthy_within } = groups
  // Traffic moves only by the approval of exactly this plan, in this execution.
  const { digest } = context.output('terraform.plan')
  const approvals = context.approved('terraform.plan')
  if (approvals.length === 0 || approvals.some((approved) => approved !== digest))
    return { kind: 'failed', error: `Nobody approved that ${version} takes traffic; nothing was put into service.` }
  const entry = await createCatalogue(client).find(image, version)
  if (entry && isBad(entry))
    return { kind: 'failed', error: `Version \`${version}\` of the image ${image} was marked bad meanwhile.` }
  const group = (await instancesOf(groups, version)).toSorted((one, other) => (one.id < other.id ? -1 : 1))
  const count = Math.max(1, Math.ceil((group.length * percent) / 100))
  const chosen = group.slice(0, count)
  context.progress(`putting ${count} of ${group.length} instances of ${version} into service`)
  for (const instance of chosen) if (instance.maintenance) await client.maintenance(instance, null)
  const wanted = { ...inService(groups, version, context), count }
  const { seen, well } = await untilWell(client, wanted, { time: 0, within: healthy_within }, context)
  const services = [shown(seen)]
  const canary = chosen.map(({ id }) => id)
  if (well) return { kind: 'succeeded', output: { services, canary } }
  await setService(groups, version, `groundcrew ${context.execution}: the canary was taken out of service`)
  if (context.signal.aborted)
    return {
      kind: 'canceled',
      why: 'canceled while the canary came into service, and taken out again',
      output: { services },
    }
  return {
    kind: 'failed',
    error: `The canary of ${version} did not come into service within ${healthy_within}: ${words([seen])}.`,
    output: { services },
  }
}
