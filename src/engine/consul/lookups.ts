import { createHmac, randomBytes } from 'node:crypto'
import { fingerprintOf } from '../../core/alert.ts'
import type { ConsulAnswers, KvEntry, SinceOf } from '../../core/consul/asking.ts'
import { folderHint } from '../../core/consul/describe-kv.ts'
import { type KeyRules, keyRules, shownValue } from '../../core/consul/keys.ts'
import { foldersOf, missText } from '../../core/consul/miss.ts'
import type { Check, Datacenter, DcAnswer, Everywhere, Fresh, FullNode, Instance } from '../../core/consul/rows.ts'
import { createMask } from '../../core/mask.ts'
import { withoutPasswords } from '../../core/user-info.ts'
import type { Asked } from '../../core/workflow.ts'
import { UserError } from '../../errors.ts'
import { type ConsulCatalog, catalogOn } from '../../tools/consul/catalog.ts'
import { type ConsulKv, type KvPair, kvOn } from '../../tools/consul/kv.ts'
import { createAsk } from '../../tools/consul/watch/ask.ts'
import { createConsulWatch, type OwnToken } from '../../tools/consul/watch.ts'
import type { CrewParts } from '../parts.ts'
import { again, everywhere, type ReadOne } from './everywhere.ts'
import { watchesOf } from './watches.ts'

export type Lookups = {
  readonly catalog: ConsulCatalog
  readonly kv: ConsulKv
  readonly ownToken: (signal: AbortSignal) => Promise<OwnToken>
  readonly named: readonly string[] | undefined
}

export type LookupParts = Pick<CrewParts, 'consul' | 'site'>

/** What is asked of Consul, over one client. */
export function lookupsOf({ consul, site }: LookupParts): Lookups {
  const ask = createAsk(consul.address, consul.token)
  const watch = createConsulWatch({ ...consul, random: () => 0, log: { error: () => {} } })
  return {
    catalog: catalogOn(ask),
    kv: kvOn(ask),
    ownToken: (signal) => watch.ownToken(signal),
    named: site.consul.datacenters,
  }
}

/**
 * Of a value that is masked people may see whether it is the same as another one, and nothing by which it could be guessed: so the digest
 * has a key, which this process alone has and forgets when it ends.
 */
const DIGEST_KEY = randomBytes(32)

export function digestOf(value: Uint8Array): string {
  return createHmac('sha256', DIGEST_KEY).update(value).digest('hex').slice(0, 12)
}

/** Takes out what this process knows to be secret, our own token in any case, and the password in any address. */
export function maskOf({ consul: { mask, token } }: Pick<LookupParts, 'consul'>): (text: string) => string {
  const known = mask ?? createMask(token ? [token] : [])
  return (text) => withoutPasswords(known(text))
}

/** What people may see of Consul, for one asker. Nothing leaves here that the rules of the site hide. */
export function consulOf(parts: CrewParts, asked: Asked): ConsulAnswers {
  const lookups = lookupsOf(parts)
  const { catalog } = lookups
  const rules = keyRules(parts.site)
  const mask = maskOf(parts)
  const ask = <T>(dc: string | undefined, read: ReadOne<T>) => everywhere(lookups, dc, read)
  const said = <T extends Check>(check: T): T => ({ ...check, output: mask(check.output), notes: mask(check.notes) })
  return {
    services: ({ dc }) => ask(dc, catalog.services),
    async service(name, { dc, passing = false }) {
      const found = await ask(dc, (reading) => catalog.instances(name, { ...reading, passing }))
      const clean = mapped(found, (rows) => rows.map((row) => saidBy(row, said)))
      if (hasRows(clean)) return clean
      const names = await again(found, async (reading) => namesIn(await catalog.services(reading), ({ name }) => name))
      // It is there, and none of its instances passes.
      if (passing && names.datacenters.some((each) => each.trouble === undefined && each.rows.includes(name)))
        return clean
      throw new UserError(missText('service', name, names))
    },
    async node(name, { dc }) {
      const found = await ask(dc, async (reading) => {
        const { rows, fresh } = await catalog.node(name, reading)
        return { rows: rows ? [rows] : [], fresh }
      })
      if (hasRows(found)) return mapped(found, (rows) => rows.map((row) => saidOn(row, said)))
      const names = await again(found, async (reading) => namesIn(await catalog.nodes(reading), ({ node }) => node))
      throw new UserError(missText('node', name, names))
    },
    checks: async (state, { dc }) =>
      mapped(await ask(dc, (reading) => catalog.checks(state, reading)), (rows) => rows.map(said)),
    datacenters: () => ask(undefined, (reading) => datacenterOf(catalog, reading)),
    everything: async ({ dc }) =>
      mapped(await ask(dc, catalog.everything), (rows) => rows.map((row) => saidOn(row, said))),
    since: () => sinceOf(parts),
    kv: { ...kvAnswers(lookups, { rules, mask }), isMasked: rules.isMasked },
    watch: watchesOf(parts, asked, lookups),
  }
}

function hasRows({ datacenters }: Everywhere<readonly unknown[]>): boolean {
  return datacenters.some((each) => each.trouble === undefined && each.rows.length > 0)
}

function mapped<T, To>(answer: Everywhere<T>, to: (rows: T) => To): Everywhere<To> {
  const datacenters = answer.datacenters.map(
    (each): DcAnswer<To> => (each.trouble === undefined ? { ...each, rows: to(each.rows) } : each),
  )
  return { ...answer, datacenters }
}

function saidBy<T extends Instance>(row: T, said: (check: Check) => Check): T {
  return { ...row, checks: row.checks.map(said) }
}

function saidOn(row: FullNode, said: (check: Check) => Check): FullNode {
  return { ...row, checks: row.checks.map(said), instances: row.instances.map((each) => saidBy(each, said)) }
}

type ReadRows<T> = { readonly rows: readonly T[]; readonly fresh: Fresh }

function namesIn<T>({ rows, fresh }: ReadRows<T>, of: (row: T) => string) {
  return { rows: rows.map(of), fresh }
}

async function datacenterOf(
  catalog: ConsulCatalog,
  reading: Parameters<ReadOne<Datacenter>>[0],
): Promise<{ rows: Datacenter; fresh: Fresh }> {
  const [{ leader, peers }, nodes] = await Promise.all([catalog.servers(reading), catalog.nodes(reading)])
  return { rows: { leader, servers: peers, nodes: nodes.rows.length }, fresh: nodes.fresh }
}

/** Consul keeps no time; what alerts have of a check that is sick is the only one there is. */
async function sinceOf({ store, site }: CrewParts): Promise<SinceOf> {
  if (!site.alerts) return () => null
  const open = (await store.alerts.open()).flatMap(({ alerts }) => alerts)
  const known = new Map(
    open
      .filter(({ state }) => state === 'firing' || state === 'pending')
      .map(({ fingerprint, since, firedAt }) => [fingerprint, Math.min(since, firedAt ?? since)]),
  )
  return ({ dc, node, id }) => known.get(fingerprintOf({ dc, node, check: id })) ?? null
}

type Hiding = { readonly rules: KeyRules; readonly mask: (text: string) => string }

function kvAnswers(lookups: Lookups, { rules, mask }: Hiding): Pick<ConsulAnswers['kv'], 'get' | 'keys'> {
  const { kv } = lookups
  const entry = (pair: KvPair): KvEntry => ({
    key: pair.key,
    index: pair.index,
    flags: pair.flags,
    locked: pair.session !== null,
    value: shownValue(pair.value, { masked: rules.isMasked(pair.key), digest: digestOf(pair.value), mask }),
  })
  const below =
    (prefix: string): ReadOne<readonly string[]> =>
    async (reading) => {
      const { rows, fresh } = await kv.keys(prefix, reading)
      return { rows: rows.filter((key) => !rules.isHidden(key)), fresh }
    }
  return {
    async keys(prefix, { dc }) {
      const found = await everywhere(lookups, dc, below(prefix))
      if (prefix === '' || hasRows(found)) return found
      const all = mapped(await again(found, below('')), foldersOf)
      throw new UserError(missText('folder', prefix, all))
    },
    async get(key, { dc }) {
      const found = await everywhere(lookups, dc, async (reading) => {
        const { rows, fresh } = await kv.get(key, reading)
        return { rows: rows && !rules.isHidden(rows.key) ? [entry(rows)] : [], fresh }
      })
      if (hasRows(found)) return found
      const all = await again(found, below(''))
      const names = all.datacenters.flatMap((each) => (each.trouble === undefined ? each.rows : []))
      throw new UserError(folderHint(key, names) ?? missText('key', key, all))
    },
  }
}
