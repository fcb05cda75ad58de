import { isOnService, type OnEvent, type OnService, type TriggerSettings } from '../../core/trigger/settings.ts'
import type { CatalogInstance, ConsulCatalog } from '../../tools/consul/catalog.ts'
import { eventsOf } from '../../tools/consul/events.ts'
import type { Ask } from '../../tools/consul/watch/ask.ts'
import { ConsulFailure } from '../../tools/consul/watch/failure.ts'

/** Something that is there. `id` says which one and since when; `ready`: it may begin what the site says. */
export type Found = {
  readonly id: string
  readonly ready: boolean
  readonly values: Readonly<Record<string, string>>
}

const WITHIN_MS = 3_000

/** Where a trigger looks: its own datacenter or all of them, and for events our agent. */
export function placesOf({ on }: Pick<TriggerSettings, 'on'>, datacenters: readonly string[]): readonly string[] {
  if (!isOnService(on)) return ['events']
  return on.dc === undefined ? datacenters : [on.dc]
}

/** What of it the record is for: a trigger that looks for something else begins anew. */
export function whatOf({ on }: Pick<TriggerSettings, 'on'>): string {
  const parts = isOnService(on) ? ['service', on.service, on.tag ?? ''] : ['event', on.event]
  return parts.map(encodeURIComponent).join('/')
}

/** What is there. Throws a `ConsulFailure` also where not all of it can be seen: what is only hidden would be new when it is seen again. */
export async function lookFor(
  { catalog, ask }: { readonly catalog: ConsulCatalog; readonly ask: Ask },
  { on }: Pick<TriggerSettings, 'on'>,
  where: string,
): Promise<Found[]> {
  return isOnService(on) ? instances(catalog, on, where) : events(ask, on)
}

async function instances(catalog: ConsulCatalog, { service, tag }: OnService, dc: string): Promise<Found[]> {
  const { rows, fresh } = await catalog.instances(service, { dc, limitMs: WITHIN_MS })
  if (fresh.knownLeader === false) throw new ConsulFailure('leaderless', `${dc} has no leader.`)
  if (fresh.filtered === true)
    throw new ConsulFailure('forbidden', `Consul hides instances of ${service} in ${dc} from our token.`)
  return rows
    .filter(({ tags }) => tag === undefined || tags.includes(tag))
    .map((row) => ({ id: idOf(dc, row), ready: isReady(row), values: valuesOf(dc, row) }))
}

/** As Consul itself counts: its own checks and those of its node pass; maintenance is a check that does not. */
function isReady({ checks }: CatalogInstance): boolean {
  return checks.every(({ status }) => status === 'passing')
}

/** Its number is when it was registered first: the same for as long as it is there, whatever its checks say meanwhile. */
function idOf(dc: string, { node, id, created }: CatalogInstance): string {
  return `${[dc, node, id].map(encodeURIComponent).join('/')}:${created}`
}

function valuesOf(dc: string, { node, service, id, address }: CatalogInstance): Found['values'] {
  return { dc, node, service, id, address }
}

async function events(ask: Ask, { event }: OnEvent): Promise<Found[]> {
  const found = await eventsOf(ask, event, WITHIN_MS)
  return found.map(({ id, name, payload }) => ({ id, ready: true, values: { event: name, payload } }))
}
