import { z } from 'zod'
import { UserError } from '../../errors.ts'
import { milliseconds } from '../duration.ts'
import { isDuration } from '../site/words.ts'
import type { Tree } from './source.ts'
import { localOf, mapOf, wrong } from './source.ts'

/** The file of a source that names services outside of Consul, by its name without the ending. */
export const SERVICES = 'services'

/** In the meta of services and nodes: who registered them, as tools/consul/kv/external.ts writes it. */
export const MARK = 'external-source'

/** Consul takes so many, and one of them is our mark. */
const MOST_META = 64

const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: 'expected letters, digits, dots, dashes and underscores' })
const word = z.string().max(512).regex(/^\S+$/, { error: 'expected an address without spaces' })
const duration = z.string().refine(isDuration, { error: 'expected a duration such as 30s' })
const times = { interval: duration.default('30s'), timeout: duration.default('10s') }

const check = z.union([
  z.strictObject({ tcp: z.string().regex(/^[^\s:]+(:[^\s]*)?:\d{1,5}$/, { error: 'expected host:port' }), ...times }),
  z.strictObject({
    http: z.string().regex(/^https?:\/\/[^\s]+$/, { error: 'expected http://... or https://...' }),
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS']).default('GET'),
    tls_skip_verify: z.enum(['true', 'false']).default('false'),
    ...times,
  }),
])

const service = z.strictObject({
  /** Its name in Consul, where that is not the one it has here. */
  name: id.optional(),
  /** The external node it is registered on: the machine or the provider behind it. */
  node: id,
  address: word,
  port: z
    .string()
    .regex(/^(0|[1-9]\d{0,4})$/, { error: 'expected a port, such as 5432' })
    .transform(Number)
    .pipe(z.number().max(65_535))
    .default(0),
  tags: z.array(z.string().min(1)).default([]),
  meta: z
    .record(z.string().regex(/^[A-Za-z0-9_-]{1,128}$/), z.string().max(512))
    .refine((meta) => !Object.hasOwn(meta, MARK), { error: `has ${MARK}, which says that it is ours: leave it out` })
    .refine((meta) => Object.keys(meta).length < MOST_META, { error: `expected at most ${MOST_META - 1} entries` })
    .default({}),
  check: check.optional(),
})

/** A service outside of Consul as it is to stand in the catalogue. `id` is that of its instance on its node. */
export type ExternalService = z.infer<typeof service> & { readonly id: string; readonly name: string }

export type ServicesFile = {
  readonly file: string
  readonly common: readonly ExternalService[]
  readonly local: ReadonlyMap<string, readonly ExternalService[]>
}

/** What marks a service as ours: nothing without it is ever changed or removed. */
export function markOf(source: string): string {
  return `groundcrew/${source}`
}

/** Reads the file of services. Throws a `UserError` that names the file and the place in it. */
export function readServices(file: string, tree: Tree): ServicesFile {
  const sections = new Map(mapOf(file, '', tree))
  for (const name of sections.keys())
    if (name !== 'common' && name !== 'local') throw wrong(file, name, 'is neither `common` nor `local`')
  const common = servicesOf(file, 'common', sections.get('common'))
  const local = localOf(file, sections.get('local')).map(
    ([dc, inner]) => [dc, servicesOf(file, `local.${dc}`, inner)] as const,
  )
  if (common.length + local.flatMap(([, services]) => services).length === 0)
    throw new UserError(`\`${file}\` names no service. Remove the file if none is wanted any more.`)
  return { file, common, local: new Map(local) }
}

/** By datacenter; a local one takes the place of a common one with the same name. */
export function wantedServices(
  files: readonly ServicesFile[],
  datacenters: readonly string[],
): Map<string, Map<string, ExternalService>> {
  const wanted = new Map(datacenters.map((dc) => [dc, new Map<string, ExternalService>()]))
  const places = new Map(datacenters.map((dc) => [dc, new Map<string, string>()]))
  for (const { file, common, local } of files) {
    for (const dc of local.keys())
      if (!wanted.has(dc))
        throw wrong(file, `local.${dc}`, `is no datacenter of this source; there are ${datacenters.join(', ')}`)
    for (const [dc, services] of wanted) {
      const here = new Map([...common, ...(local.get(dc) ?? [])].map((each) => [each.id, each]))
      for (const each of here.values()) {
        const place = placeOf(each)
        // Consul takes names that differ only so for the same.
        const other = places.get(dc)?.get(place.toLowerCase())
        if (other !== undefined && other !== place)
          throw wrong(file, each.id, `is ${place} and differs from ${other} only in capital letters`)
        services.set(place, each)
        places.get(dc)?.set(place.toLowerCase(), place)
      }
    }
  }
  return wanted
}

/** `node/id`: by this an instance is known in a datacenter. */
export function placeOf({ node, id: own }: Pick<ExternalService, 'node' | 'id'>): string {
  return `${node}/${own}`
}

type Probe = { readonly interval: string; readonly timeout: string }
type Described = Pick<ExternalService, 'id' | 'name' | 'node' | 'address' | 'port' | 'tags' | 'meta'> & {
  readonly check?: Probe | undefined
}

/** All that matters of it, in one text of always the same order: two that are the same have the same. */
export function serviceText({ id: own, name, node, address, port, tags, meta, check: probe }: Described): string {
  const sorted = (record: object) => Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
  const times = probe && { interval: secondsOf(probe.interval), timeout: secondsOf(probe.timeout) }
  const check = probe ? sorted({ ...probe, ...times }) : null
  return JSON.stringify({ id: own, name, node, address, port, tags, meta: sorted(meta), check })
}

/**
 * A `serviceText` for people: `orders-db at orders.db.example.com:5432, tags primary, team=shop, check interval=30s tcp=...`. Who logs in by the
 * address of a check, and with what, is left out.
 */
export function serviceWords(text: string): string {
  const { name, address, port, tags, meta, check } = JSON.parse(text) as Described
  const fields = (record: object) => Object.entries(record).map(([field, value]) => `${field}=${value}`)
  const tagged = tags.length > 0 ? [`tags ${tags.join(' ')}`] : []
  const bare = (field: string) => field.replace(/:\/\/[^/?#]*@/, '://***@').replace(/\?.*$/, '?***')
  const checked = check ? [`check ${fields(check).map(bare).join(' ')}`] : []
  const words = [`${name} at ${address}:${port}`, ...tagged, ...fields(meta), ...checked].join(', ')
  // On one line, whatever stands in the catalogue.
  return JSON.stringify(words).slice(1, -1)
}

/** `90s`, and what Consul makes of it: `1m30s`. */
function secondsOf(text: string): string {
  return isDuration(text) ? `${milliseconds(text) / 1000}s` : text
}

function servicesOf(file: string, path: string, tree: Tree | undefined): ExternalService[] {
  if (!tree) return []
  const seen = new Set<string>()
  return mapOf(file, path, tree).map(([name, inner]) => {
    const at = `${path}.${name}`
    if (!id.safeParse(name).success)
      throw wrong(file, at, 'is no id of a service: use letters, digits, dots and dashes')
    if (seen.has(name)) throw wrong(file, at, 'is named a second time')
    seen.add(name)
    const checked = service.safeParse(plainOf(file, at, inner, 0))
    if (checked.success) return { ...checked.data, id: name, name: checked.data.name ?? name }
    const issue = checked.error.issues[0]
    throw wrong(
      file,
      [at, ...(issue?.path ?? [])].map(String).join('.'),
      `is not right: ${issue?.message ?? 'unknown'}`,
    )
  })
}

const DEEPEST = 8

function plainOf(file: string, path: string, tree: Tree, depth: number): unknown {
  if ('text' in tree) return tree.text
  if ('list' in tree) return tree.list.map((each, at) => plainOf(file, `${path}.${at}`, each, depth + 1))
  if ('wrong' in tree || depth > DEEPEST) throw wrong(file, path, 'wrong' in tree ? tree.wrong : 'is nested too deep')
  return Object.fromEntries(tree.map.map(([name, inner]) => [name, plainOf(file, `${path}.${name}`, inner, depth + 1)]))
}
