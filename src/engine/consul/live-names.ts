import type { LiveKind } from '../../core/consul/asking.ts'
import { keyRules } from '../../core/consul/keys.ts'
import { namesOf, type ReadOne } from './everywhere.ts'
import { type LookupParts, type Lookups, lookupsOf } from './lookups.ts'

/** Names are offered within this time or not at all: a form can only be opened within three seconds of a click. */
const NAMES_MS = 400

/** The names that Consul has now, for a form; of what does not answer in time there are none. */
export async function liveNames(parts: LookupParts, kind: LiveKind): Promise<string[]> {
  const lookups = lookupsOf(parts)
  const dcs = await soon(namesOf(lookups), [])
  if (kind === 'datacenter') return [...dcs].toSorted()
  const signal = AbortSignal.timeout(NAMES_MS)
  const found = await Promise.all(
    dcs.map((dc) => soon(namesOfKind(lookups, parts, kind, { dc, limitMs: NAMES_MS, signal }), [])),
  )
  return [...new Set(found.flat())].toSorted()
}

type OfKind = Exclude<LiveKind, 'datacenter'>

async function namesOfKind(
  { catalog, kv }: Lookups,
  { site }: Pick<LookupParts, 'site'>,
  kind: OfKind,
  reading: Parameters<ReadOne<unknown>>[0],
): Promise<readonly string[]> {
  if (kind === 'node') return (await catalog.nodes(reading)).rows.map(({ node }) => node)
  if (kind === 'key') {
    const { isHidden } = keyRules(site)
    return (await kv.keys('', reading)).rows.filter((key) => !isHidden(key))
  }
  const { rows } = await catalog.services(reading)
  return kind === 'service' ? rows.map(({ name }) => name) : rows.flatMap(({ tags }) => tags)
}

async function soon<T>(work: Promise<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), NAMES_MS)
  })
  return Promise.race([work.catch(() => otherwise), late]).finally(() => clearTimeout(timer))
}
