import type { Site } from '../../core/site.ts'
import { isOnJenkins, isOnService, type OnEvent, type OnService } from '../../core/trigger/on.ts'
import type { TriggerSettings } from '../../core/trigger/settings.ts'
import type { CatalogInstance, ConsulCatalog } from '../../tools/consul/catalog.ts'
import { eventsOf } from '../../tools/consul/events.ts'
import type { Ask } from '../../tools/consul/watch/ask.ts'
import { ConsulFailure } from '../../tools/consul/watch/failure.ts'
import { type BuildLooks, lookAtBuilds } from './builds.ts'
import type { Found, Looked } from './found.ts'
import type { Place } from './seen.ts'

type On = Pick<TriggerSettings, 'on'>

const WITHIN_MS = 3_000

/** Where a trigger looks: its own datacenter or all of them, for events our agent, and for builds the job. */
export function placesOf({ on }: On, datacenters: readonly string[]): readonly string[] {
  if (isOnJenkins(on)) return ['builds']
  if (!isOnService(on)) return ['events']
  return on.dc === undefined ? datacenters : [on.dc]
}

/** What of it the record is for: a trigger that looks for something else begins anew. */
export function whatOf({ on }: On, { jenkins }: Pick<Site, 'jenkins'>): string {
  const parts = isOnJenkins(on)
    ? ['jenkins', (jenkins[on.jenkins]?.url ?? '').replace(/\/$/, '')]
    : isOnService(on)
      ? ['service', on.service, on.tag ?? '']
      : ['event', on.event]
  return parts.map(encodeURIComponent).join('/')
}

export type Looks = BuildLooks & { readonly catalog: ConsulCatalog; readonly ask: Ask }

/** What is there. Throws also where not all of it can be seen: what is only hidden would be new when it is seen again. */
export async function lookFor(looks: Looks, { on }: On, place: Place): Promise<Looked> {
  if (isOnJenkins(on)) return lookAtBuilds(looks, on, place)
  return isOnService(on) ? instances(looks.catalog, on, place.where) : events(looks.ask, on)
}

async function instances(catalog: ConsulCatalog, { service, tag }: OnService, dc: string): Promise<Looked> {
  const { rows, fresh } = await catalog.instances(service, { dc, limitMs: WITHIN_MS })
  if (fresh.knownLeader === false) throw new ConsulFailure('leaderless', `${dc} has no leader.`)
  if (fresh.filtered === true)
    throw new ConsulFailure('forbidden', `Consul hides instances of ${service} in ${dc} from our token.`)
  const found = rows
    .filter(({ tags }) => tag === undefined || tags.includes(tag))
    .map((row): Found => {
      const what = `${row.id} on ${row.node} in ${dc}`
      return { id: idOf(dc, row), ready: isReady(row), what, values: valuesOf(dc, row) }
    })
  const passing = found.filter(({ ready }) => ready).length
  const others = rows.length - found.length
  const tagged = others > 0 ? `; ${others} without the tag ${tag}` : ''
  return { found, saw: `${counted(found.length, 'instance')} of ${service}, ${passing} passing${tagged}` }
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

async function events(ask: Ask, { event }: OnEvent): Promise<Looked> {
  const rows = await eventsOf(ask, event, WITHIN_MS)
  const found = rows.map(({ id, name, payload }): Found => {
    const carried = payload === '' ? '' : ` with ${JSON.stringify(payload.slice(0, 60))}`
    return { id, ready: true, what: `event ${name}${carried}`, values: { event: name, payload } }
  })
  return { found, saw: `${counted(rows.length, 'event')} ${event} that our agent remembers` }
}

export function counted(count: number, what: string): string {
  return `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'}`
}
