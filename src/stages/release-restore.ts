import type { z } from 'zod'
import { milliseconds } from '../core/duration.ts'
import type { Outcome, RunContext, StageKind } from '../core/workflow.ts'
import { consulOf } from './consul.ts'
import { shown, words } from './instances.ts'
import type { Groups } from './release-groups.ts'
import { groupsOf, inService, releaseFields, releaseInput, setService, untilWell } from './release-groups.ts'
import { recordReturned } from './release-records.ts'

/** Puts the old group back into service, and takes the new one out once the old one passes there. Nothing is removed here. */
export const releaseRestore: StageKind<z.infer<typeof releaseInput>> = {
  kind: 'release.restore',
  input: releaseInput,
  repeatable: true,
  plan: releaseFields,
  run: (fields, context) => restore(groupsOf(fields, context, consulOf(context)), context),
}

async function restore(groups: Groups, context: RunContext): Promise<Outcome> {
  const { client, version, old, healthy_for, healthy_within } = groups
  if (!groups.mayReturn)
    return {
      kind: 'failed',
      error: old
        ? `${old} was not in service when this began and never was live and healthy here, so it is not put into service: all stays as it is.`
        : `${version} was in service before this began, and there is nothing beside it: all stays as it is.`,
    }
  const away = `groundcrew ${context.execution}: taken back`
  if (old === '') {
    const out = await setService(groups, version, away)
    await recordReturned(groups, context)
    return { kind: 'succeeded', output: { put: [], out } }
  }
  context.progress(`putting ${old} back into service`)
  const put = await setService(groups, old, null)
  const wanted = inService(groups, old, context)
  const health = { time: milliseconds(healthy_for), within: healthy_within }
  const { seen, well } = await untilWell(client, wanted, health, context)
  const services = [shown(seen)]
  if (!well && context.signal.aborted)
    return { kind: 'canceled', why: `canceled while ${old} came back into service`, output: { services, put } }
  if (!well)
    return {
      kind: 'failed',
      error: `${old} did not pass for ${healthy_for} within ${healthy_within}, so ${version} stays where it is: ${words([seen])}.`,
      output: { services, put },
    }
  const out = await setService(groups, version, away)
  await recordReturned(groups, context)
  return { kind: 'succeeded', output: { services, put, out } }
}
