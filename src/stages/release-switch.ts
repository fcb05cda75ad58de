import type { z } from 'zod'
import { isBad } from '../core/catalogue.ts'
import type { Outcome, RunContext, StageKind } from '../core/workflow.ts'
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
import { recordLive } from './release-records.ts'

/**
 * Puts the new group into service, and takes the old one out once the new one passes there: at no moment is there none. Doing it twice
 * does no harm, and the catalogue is told. It fails, and changes nothing of the old group, where the new one does not pass in service.
 */
export const releaseSwitch: StageKind<z.infer<typeof releaseInput>> = {
  kind: 'release.switch',
  input: releaseInput,
  repeatable: true,
  changes: true,
  gated: true,
  plan: releaseFields,
  run: (fields, context) => switchOver(groupsOf(fields, context, consulOf(context)), context),
}

async function switchOver(groups: Groups, context: RunContext): Promise<Outcome> {
  const { client, version, old, image, healthy_within } = groups
  // Whatever led here: traffic moves only by the approval of exactly this plan, in this execution.
  const { digest } = context.output('terraform.plan')
  const approvals = context.approved('terraform.plan')
  if (approvals.length === 0 || approvals.some((approved) => approved !== digest))
    return { kind: 'failed', error: `Nobody approved that ${version} takes over; nothing was switched.` }
  const entry = await createCatalogue(client).find(image, version)
  if (entry && isBad(entry))
    return { kind: 'failed', error: `Version \`${version}\` of the image ${image} was marked bad meanwhile.` }
  context.progress(`putting ${version} into service`)
  const put = await setService(groups, version, null)
  const wanted = inService(groups, version, context)
  const { seen, well } = await untilWell(client, wanted, { time: 0, within: healthy_within }, context)
  const services = [shown(seen)]
  // What served before is not taken out: where it is sick, it is still all there is.
  if (!well && old !== '' && !groups.inService.includes(version))
    await setService(groups, version, `groundcrew ${context.execution}: not taken into service`)
  if (!well && context.signal.aborted)
    return { kind: 'canceled', why: `canceled before ${old || 'anything'} went out of service`, output: { services } }
  if (!well)
    return {
      kind: 'failed',
      error: `${version} did not come into service within ${healthy_within}: ${words([seen])}.`,
      output: { services },
    }
  if (old !== '') context.progress(`taking ${old} out of service`)
  const out = await setService(groups, old, `groundcrew ${context.execution}: ${version} took its place`)
  const left = (await instancesOf(groups, old)).filter(({ maintenance }) => !maintenance).map(({ id }) => id)
  if (left.length > 0)
    return { kind: 'failed', error: `Consul still has ${left.join(', ')} of ${old} in service.`, output: { services } }
  // In the same stage: a cancel can come between two of them, and the catalogue would say the opposite of what serves.
  await recordLive(groups, context, groups.inService.includes(version))
  return { kind: 'succeeded', output: { services, put, out } }
}
