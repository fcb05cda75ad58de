import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { milliseconds } from '../core/duration.ts'
import { consulName, serviceNamed } from '../core/release.ts'
import type { Fields, PlanContext, RunContext } from '../core/workflow.ts'
import type { ConsulClient, Instance } from '../tools/consul.ts'
import type { Seen, Wanted } from './instances.ts'
import { countOf, isWell, look } from './instances.ts'

export const LOOK_EVERY_MS = 500

/** What every stage of a release is given: the service; what is chosen stands in the output of `release.choose`. */
export const releaseInput = z.strictObject({ service: z.string() })

const planned = z.object({
  service: z.string(),
  consul: z.string(),
  count: z.string(),
  healthy_for: z.string(),
  healthy_within: z.string(),
  drain: z.string(),
  connections: z.string().nullable(),
})

export type Groups = z.infer<typeof planned> & {
  readonly image: string
  readonly environment: string
  readonly version: string
  /** Empty where nothing was live. */
  readonly old: string
  /** Versions with instances in service when the release began. */
  readonly inService: readonly string[]
  /** Whether there is something to go back to. */
  readonly mayReturn: boolean
  readonly client: ConsulClient
}

const chosen = z.object({
  image: z.string(),
  environment: z.string(),
  version: z.string(),
  old: z.string(),
  inService: z.array(z.string()).catch([]),
  mayReturn: z.boolean().catch(true),
})

/** Fixes what the site says of the service now. */
export function releaseFields({ service }: { service: string }, { site, environment }: PlanContext): Fields {
  if (!environment) throw new Error('A release needs an environment: give the command one.')
  const settings = serviceNamed(site, service)
  const { count, healthy_for, healthy_within, drain, connections = null } = settings
  return {
    service,
    consul: consulName(settings, environment.name),
    count,
    healthy_for,
    healthy_within,
    drain,
    connections,
  }
}

export function groupsOf(fields: Fields, context: RunContext, client: ConsulClient): Groups {
  return { ...planned.parse(fields), ...chosen.parse(context.output('release.choose')), client }
}

/** The instances that say that they run this version. */
export async function instancesOf({ client, consul }: Groups, version: string): Promise<Instance[]> {
  if (version === '') return []
  return (await client.instances(consul)).filter((instance) => instance.version === version)
}

/** So many instances of a version in service as the plan asked for. */
export function inService(groups: Groups, version: string, context: RunContext): Wanted {
  const count = countOf(groups.consul, { variable: groups.count }, () => context.output('terraform.plan'))
  return { service: groups.consul, version, count, exactly: false, standby: false }
}

/** Takes all instances of a version out of service, or puts them back; gives the ids of those that it changed. */
export async function setService(groups: Groups, version: string, reason: string | null): Promise<string[]> {
  const group = (await instancesOf(groups, version)).filter(({ maintenance }) => maintenance === (reason === null))
  await Promise.all(group.map((instance) => groups.client.maintenance(instance, reason)))
  return group.map(({ id }) => id)
}

/** Waits until what is wanted was so for `time` without a break; says what was seen last, and whether it came about. */
export async function untilWell(
  client: ConsulClient,
  wanted: Wanted,
  { time, within }: { time: number; within: string },
  context: RunContext,
): Promise<{ seen: Seen; well: boolean }> {
  const until = context.now() + milliseconds(within)
  let since: number | null = null
  for (;;) {
    const [seen] = await look(client, [wanted])
    if (!seen) throw new Error('Nothing was looked at.')
    const now = context.now()
    since = isWell(seen) ? (since ?? now) : null
    if (since !== null && now - since >= time) return { seen, well: true }
    if (context.signal.aborted || (since === null && now >= until)) return { seen, well: false }
    await sleep(LOOK_EVERY_MS)
  }
}
