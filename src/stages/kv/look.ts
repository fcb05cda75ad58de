import type { Found } from '../../core/kv/diff.ts'
import { isOwned } from '../../core/kv/keys.ts'
import type { ExternalService } from '../../core/kv/services.ts'
import { markOf, placeOf, serviceText } from '../../core/kv/services.ts'
import type { NamedKv } from '../../core/kv/settings.ts'
import type { RunContext } from '../../core/workflow.ts'
import { messageOf, UserError } from '../../errors.ts'
import { catalogOn } from '../../tools/consul/catalog.ts'
import type { ExternalNode } from '../../tools/consul/kv/external.ts'
import { externalOn, ITS_AGENT } from '../../tools/consul/kv/external.ts'
import type { ConsulWriter } from '../../tools/consul/kv/write.ts'
import { writerOn } from '../../tools/consul/kv/write.ts'
import type { KvPair } from '../../tools/consul/kv.ts'
import { kvOn } from '../../tools/consul/kv.ts'
import type { Ask } from '../../tools/consul/watch/ask.ts'
import { createAsk } from '../../tools/consul/watch/ask.ts'
import { ConsulFailure } from '../../tools/consul/watch/failure.ts'
import { sha256 } from '../digest.ts'

/** What a datacenter has of ours. */
export type Seen = {
  readonly keys: ReadonlyMap<string, Found>
  readonly services: ReadonlyMap<string, Found>
  /** Status of the check of each service, which a new registration must not reset. */
  readonly statuses: ReadonlyMap<string, string>
  /** External nodes that are there, whose they are, and what else stands on them. */
  readonly nodes: ReadonlyMap<string, ExternalNode>
}

type External = Awaited<ReturnType<ReturnType<typeof externalOn>['look']>>

export type Consul = { readonly ask: Ask; readonly writer: ConsulWriter }

/** Consul as a worker reaches it. */
export function consulOf({ inherit }: Pick<RunContext, 'inherit'>): Consul {
  const ask = createAsk(inherit.CONSUL_HTTP_ADDR ?? '127.0.0.1:8500', inherit.CONSUL_HTTP_TOKEN)
  return { ask, writer: writerOn(ask) }
}

/** The hub, and the spokes in order. Throws where Consul cannot say which there are, and for a hub that it does not know. */
export async function datacentersOf({ ask }: Consul, kv: NamedKv, signal: AbortSignal): Promise<string[]> {
  if (kv.spokes !== 'all') return [kv.hub, ...kv.spokes]
  const known = await catalogOn(ask).datacenters({ signal })
  if (!known.includes(kv.hub))
    throw new UserError(
      `Consul knows no datacenter ${kv.hub}, which is the hub of ${kv.name}; it knows ${known.join(', ')}.`,
    )
  return [kv.hub, ...known.filter((dc) => dc !== kv.hub).toSorted()]
}

const LIMIT_MS = 5_000

/** What one datacenter has below the prefixes and of our services. Throws a `ConsulFailure` where it gives no answer that counts. */
export async function lookAt(
  { ask }: Consul,
  dc: string,
  kv: NamedKv,
  wanted: readonly ExternalService[],
  signal: AbortSignal,
): Promise<Seen> {
  const reading = { dc, limitMs: LIMIT_MS, signal }
  const trees = await Promise.all(kv.prefixes.map((prefix) => kvOn(ask).tree(prefix, reading)))
  for (const { fresh } of trees) {
    if (fresh.knownLeader === false)
      throw new ConsulFailure('leaderless', `${dc} has no leader: what it says may be old.`)
    if (fresh.filtered === true)
      throw new ConsulFailure(
        'forbidden',
        `Consul hides keys of ${dc} from the worker's token: with half of them nothing can be planned.`,
      )
  }
  const pairs = trees.flatMap(({ rows }) => rows).filter((pair) => isOwned(kv.prefixes, pair.key) && !isFolder(pair))
  const external = await externalOn(ask, markOf(kv.name)).look(
    wanted.map(({ node }) => node),
    reading,
  )
  return {
    keys: new Map(pairs.map((pair) => [pair.key, foundOf(pair)])),
    services: servicesIn(external, wanted),
    statuses: new Map(external.instances.map(({ node, service, status }) => [`${node}/${service.id}`, status])),
    nodes: external.nodes,
  }
}

/** What is ours, and what of others stands in the way of what is wanted: that is left alone. */
function servicesIn({ instances, nodes }: External, wanted: readonly ExternalService[]): Map<string, Found> {
  // Consul takes names that differ only in capital letters for the same.
  const places = new Map(wanted.map((service) => [placeOf(service).toLowerCase(), placeOf(service)]))
  const blocked = wanted.filter(({ node }) => nodes.get(node)?.external === false)
  const nothing = { index: 0, digest: '', text: '', size: 0, flags: 0, kept: ITS_AGENT }
  const found = instances.flatMap(({ node, service, index, foreign }): [string, Found][] => {
    const wish = places.get(`${node}/${service.id}`.toLowerCase())
    if (foreign !== null && wish === undefined) return []
    const place = wish ?? `${node}/${service.id}`
    const text = serviceText({ ...service, node })
    const there = { index, digest: sha256(text), text, size: Buffer.byteLength(text), flags: 0 }
    return [[place, foreign === null ? there : { ...there, kept: foreign }]]
  })
  return new Map([...blocked.map((service): [string, Found] => [placeOf(service), nothing]), ...found])
}

/** What a way of reading throws where a datacenter is away, as words that end a sentence; anything else is thrown on. */
export function awayText(error: unknown): string {
  if (error instanceof ConsulFailure && error.kind !== 'malformed') return messageOf(error)
  throw error
}

/** A key that only stands for a folder, as Consul's pages make them. */
function isFolder({ key, value }: KvPair): boolean {
  return key.endsWith('/') && value.byteLength === 0
}

function foundOf({ value, index, flags, session }: KvPair): Found {
  const found = { index, digest: sha256(value), text: textOf(value), size: value.byteLength, flags }
  return session === null ? found : { ...found, kept: 'it is held as a lock' }
}

function textOf(value: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value)
  } catch {
    return null
  }
}
