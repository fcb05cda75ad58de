import type { Redis } from 'ioredis'
import type { Watched } from '../../core/alert/asking.ts'
import type { AlertGroup, AlertTest, CheckRow, Silence } from '../../core/alert.ts'
import { fingerprintOf } from '../../core/alert.ts'
import type { AuditEntry } from '../../core/audit.ts'
import type { Effect } from '../../core/event.ts'
import type { Deadline } from '../../core/workflow.ts'
import type { Keys } from '../keys.ts'

/** What changes of the alerts in one step, with what is shown and recorded of it. */
export type AlertChange = {
  readonly alerts?: readonly AlertGroup[]
  readonly silences?: readonly Silence[]
  readonly effects?: readonly Effect[]
  readonly audit?: readonly AuditEntry[]
  /** Of whoever evaluates: nothing is stored once somebody else does. */
  readonly fence?: string | undefined
  /** Makes a second delivery of the same request harmless; `value` is what it changed. */
  readonly request?: { readonly key: string; readonly value: string; readonly until?: Deadline | undefined } | undefined
}

export type AlertCommitted = 'ok' | 'conflict' | 'fenced' | 'seen'

/** That for a while nobody watched, and what was found then. Ids of groups. */
export type CatchUp = {
  readonly at: number
  readonly since: number
  readonly channel: string
  readonly raised: readonly string[]
  readonly ended: readonly string[]
  readonly open: number
}

/** What an evaluator has to know of the time before it: what was seen once is missed when it is gone. */
export type Known = {
  readonly datacenters: readonly string[]
  readonly monitors: readonly CheckRow[]
  readonly seen: Watched | null
}

export type AlertRecords = {
  group(id: string): Promise<AlertGroup | null>
  /** All that are not closed, the oldest first. What is in `known` at the same version is not read again. */
  open(known?: ReadonlyMap<string, AlertGroup>): Promise<AlertGroup[]>
  /** Ids, newest first. */
  ids(limit: number): Promise<string[]>
  silence(id: string): Promise<Silence | null>
  /** All that are not closed, the oldest first; their time may be over already. */
  silences(): Promise<Silence[]>
  tests(): Promise<AlertTest[]>
  addTest(test: AlertTest): Promise<void>
  forgetTest(id: string): Promise<void>
  /** By when nobody watched any more: who finds the same a second time tells it in the same message. */
  catchUp(since: string): Promise<CatchUp | null>
  keepCatchUp(caughtUp: CatchUp): Promise<void>
  known(): Promise<Known>
  know(found: { datacenters?: readonly string[]; monitors?: readonly CheckRow[] }): Promise<void>
  /** Is not missed any more: a datacenter by its name, a monitor by its fingerprint. */
  unlearn(what: string): Promise<void>
  saw(watched: Watched): Promise<void>
  /** Compares and sets all of it or nothing of it. */
  commit(change: AlertChange): Promise<AlertCommitted>
}

/** As long as a catch-up may still wait to be shown. */
const KEPT_MS = '604800000'

type Parts = { readonly redis: Redis; readonly keys: Keys; readonly commit: AlertRecords['commit'] }

/** Where groups of alerts, silences and tests are kept. */
export function createAlertRecords({ redis, keys, commit }: Parts): AlertRecords {
  const read = async <T>(key: string) => parsed<T>(await redis.hget(key, 'd'))
  const fields = async (ids: readonly string[], key: (id: string) => string, field: string) => {
    if (ids.length === 0) return []
    const pipeline = redis.pipeline()
    for (const id of ids) pipeline.hget(key(id), field)
    const answers = (await pipeline.exec()) ?? []
    return answers.map(([error, text]) => {
      if (error) throw error
      return text as string | null
    })
  }
  const all = async <T>(ids: readonly string[], key: (id: string) => string) =>
    (await fields(ids, key, 'd')).flatMap((text) => parsed<T>(text) ?? [])

  return {
    group: (id) => read<AlertGroup>(keys.alert(id)),
    async open(known = new Map()) {
      // Ids and versions in turn, the oldest first, by one command: every round asks.
      const version = `${keys.alert('*')}->v`
      const listed = (await redis.sort(keys.alertsOpen, 'BY', 'nosort', 'GET', '#', 'GET', version)) as string[]
      const ids = listed.filter((_, at) => at % 2 === 0)
      const versions = listed.filter((_, at) => at % 2 === 1)
      const news = ids.filter((id, at) => String(known.get(id)?.version) !== versions[at])
      const fresh = new Map((await all<AlertGroup>(news, keys.alert)).map((group) => [group.id, group]))
      return ids.flatMap((id) => fresh.get(id) ?? known.get(id) ?? [])
    },
    ids: (limit) => redis.zrevrange(keys.alerts, 0, limit - 1),
    silence: (id) => read<Silence>(keys.silence(id)),
    silences: async () => all<Silence>(await redis.zrange(keys.silencesOpen, '0', '-1'), keys.silence),
    tests: async () => Object.values(await redis.hgetall(keys.alertTests)).map((text) => JSON.parse(text) as AlertTest),
    async addTest(test) {
      await redis.hset(keys.alertTests, test.id, JSON.stringify(test))
      await redis.publish(keys.feed, '{}')
    },
    async forgetTest(id) {
      await redis.hdel(keys.alertTests, id)
    },
    catchUp: async (since) => parsed<CatchUp>(await redis.get(keys.alertsCatchUp(since))),
    async keepCatchUp(caughtUp) {
      await redis.psetex(keys.alertsCatchUp(String(caughtUp.since)), KEPT_MS, JSON.stringify(caughtUp))
    },
    async known() {
      const [datacenters, monitors, seen] = await Promise.all([
        redis.smembers(keys.alertsDatacenters),
        redis.hvals(keys.alertsMonitors),
        redis.get(keys.alertsSeen),
      ])
      return {
        datacenters,
        monitors: monitors.map((text) => JSON.parse(text) as CheckRow),
        seen: parsed<Watched>(seen),
      }
    },
    async know({ datacenters = [], monitors = [] }) {
      if (datacenters.length > 0) await redis.sadd(keys.alertsDatacenters, ...datacenters)
      for (const row of monitors) await redis.hset(keys.alertsMonitors, fingerprintOf(row), JSON.stringify(row))
    },
    async unlearn(what) {
      await redis.multi().srem(keys.alertsDatacenters, what).hdel(keys.alertsMonitors, what).exec()
    },
    async saw(watched) {
      await redis.set(keys.alertsSeen, JSON.stringify(watched))
    },
    commit,
  }
}

function parsed<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T)
}
