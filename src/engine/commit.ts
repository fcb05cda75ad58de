import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import type { AlertGroup, Silence } from '../core/alert.ts'
import type { AuditEntry } from '../core/audit.ts'
import type { Glass, GlassSlot } from '../core/break-glass/glass.ts'
import type { ServiceWatch } from '../core/consul/watch.ts'
import type { EnvironmentRecord } from '../core/environment.ts'
import type { Effect } from '../core/event.ts'
import type { Execution } from '../core/execution.ts'
import { isOver } from '../core/execution.ts'
import type { Schedule } from '../core/schedule.ts'
import type { Deadline } from '../core/workflow.ts'
import { GlassOver } from './break-glass/held.ts'
import { watchName } from './consul/watch-records.ts'
import type { Keys } from './keys.ts'
import { isUndone, TooLate, Unanswered } from './late.ts'
import type { Pieces } from './pieces.ts'

const COMMIT = readFileSync(new URL('./commit.lua', import.meta.url), 'utf8')

/** How long a request's key is remembered: Slack redelivers for about an hour, people replay for as long as they like. */
export const SEEN_FOR_MS = 24 * 3_600_000

export type Change = {
  readonly execution?: Execution | undefined
  /** How the execution is written, where it lies in pieces. */
  readonly pieces?: Pieces | null
  readonly environments?: readonly EnvironmentRecord[]
  readonly schedules?: readonly Schedule[]
  readonly alerts?: readonly AlertGroup[]
  readonly silences?: readonly Silence[]
  readonly watches?: readonly ServiceWatch[]
  readonly glasses?: readonly Glass[]
  readonly slots?: readonly GlassSlot[]
  /** Stored only while each of these break glasses holds. */
  readonly under?: readonly string[] | undefined
  /** Stored only while this is still the fence of whoever evaluates the alerts. */
  readonly fence?: string | undefined
  readonly effects?: readonly Effect[]
  /** Kept in the same step, so that nothing changes without its record. */
  readonly audit?: readonly AuditEntry[]
  readonly seen?: { readonly key: string; readonly value: string }
  /** Not stored any more once no time is left of it. */
  readonly until?: Deadline | undefined
}
export type Committed =
  | { readonly kind: 'ok' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'seen'; readonly value: string }

/** Stores a change as one script, all of it or nothing. Throws `TooLate`, and `Unanswered` where nobody knows whether it was stored; `GlassOver`. */
export async function runCommit(redis: Redis, keys: Keys, change: Change, now: number): Promise<Committed> {
  const { until } = change
  const latest = until && (await latestOf(redis, until))
  const { records, ...message } = messageOf(keys, change, now)
  const values = records.flatMap(({ fields }) => fields.map(([, value]) => value))
  const compared = records.map(({ fields, ...record }) => ({ ...record, fields: fields.map(([name]) => name) }))
  const answer = redis.eval(COMMIT, 0, JSON.stringify({ ...message, records: compared, latest }), ...values)
  const [kind, value] = (await answer.catch((error: unknown) => {
    throw until && !isUndone(error) ? new Unanswered(error) : error
  })) as [Committed['kind'] | 'late' | 'over', string]
  if (kind === 'late') throw new TooLate()
  if (kind === 'over') throw new GlassOver(value)
  return kind === 'seen' ? { kind, value } : { kind }
}

/**
 * The last moment, on Redis's own clock, at which a change may still be stored. What is left is taken after Redis said its time, so
 * that the answer's way here only makes it earlier: a Redis that hangs with the script in its socket finds it too late, and
 * no clock of ours is compared with that of Redis. Milliseconds since 1970.
 */
async function latestOf(redis: Redis, until: Deadline): Promise<number> {
  const [seconds, micros] = await redis.time()
  const left = until()
  if (left <= 0) throw new TooLate()
  return Math.floor(Number(seconds) * 1000 + Number(micros) / 1000 + left)
}

function messageOf(
  keys: Keys,
  {
    execution,
    pieces = null,
    environments = [],
    schedules = [],
    alerts = [],
    silences = [],
    watches = [],
    glasses = [],
    slots = [],
    under = [],
    effects = [],
    audit = [],
    seen,
    fence,
  }: Change,
  now: number,
) {
  const executions = execution ? [execution] : []
  const shows = effects.flatMap((effect) => (effect.do === 'show' ? [{ name: effect.message, at: effect.at }] : []))
  return {
    ...(seen ? { seen: { ...seen, ttl: SEEN_FOR_MS } } : {}),
    ...(fence === undefined ? {} : { fence: { key: keys.alertsLease, value: fence } }),
    ...(under.length === 0 ? {} : { under: { key: keys.glassesHeld, ids: under } }),
    records: [
      ...executions.map((each) => record(keys.execution(each.id), each, pieces)),
      ...environments.map((each) => record(keys.environment(each.name), each)),
      ...schedules.map((each) => record(keys.schedule(each.id), each)),
      ...alerts.map((each) => record(keys.alert(each.id), each)),
      ...silences.map((each) => record(keys.silence(each.id), each)),
      ...watches.map((each) => record(keys.consulWatch(each.id), each)),
      ...glasses.map((each) => record(keys.glass(each.id), each)),
      ...slots.map((each) => record(keys.glassSlot(each.id), each)),
    ],
    effects: effects
      .filter((effect) => effect.do !== 'show')
      .map((effect) => ({ id: randomUUID(), due: dueOf(keys, effect), at: effect.at, value: JSON.stringify(effect) })),
    audit: audit.map((entry) => JSON.stringify({ at: now, entry })),
    outbox: [
      ...executions.flatMap(shownBy).map((id) => ({ name: `execution:${id}`, at: now })),
      ...alerts.filter(({ shownAt }) => shownAt !== null).map(({ id }) => ({ name: `alert:${id}`, at: now })),
      ...watches.map(({ id }) => ({ name: watchName(id), at: now })),
      ...shows,
    ],
    index: executions.map((each) => ({ id: each.id, at: each.createdAt, open: !isOver(each), inHand: inHand(each) })),
    lists: [
      ...alerts.map(({ id, openedAt, closedAt }) => ({
        ...{ all: keys.alerts, among: keys.alertsOpen, id, at: openedAt, open: closedAt === null },
      })),
      ...silences.map(({ id, from, closed }) => ({
        ...{ all: keys.silences, among: keys.silencesOpen, id, at: from, open: !closed },
      })),
      ...watches.map(({ id, from, ended }) => ({
        ...{ all: keys.consulWatches, among: keys.consulWatchesOpen, id, at: from, open: ended === null },
      })),
      ...glasses.map(({ id, until, ended }) => ({
        ...{ all: keys.glasses, among: keys.glassesHeld, id, at: until, open: ended === null },
      })),
    ],
    keys: {
      effects: keys.effects,
      outbox: keys.outbox,
      executions: keys.executions,
      open: keys.open,
      inHand: keys.inHand,
      feed: keys.feed,
      audit: keys.auditKept,
    },
    hint: JSON.stringify({ executions: executions.map(({ id }) => id) }),
  }
}

/** How long replicas may take. */
const REPLICATED_WITHIN_MS = 2_000

/** A change that not enough replicas have is stored, but a failover could lose it: nobody may rely on it. Throws then. */
export async function replicated(redis: Redis, replicas: number): Promise<void> {
  const have = await redis.wait(replicas, REPLICATED_WITHIN_MS)
  if (have < replicas)
    throw new Error(`Redis stored a change that ${have} of ${replicas} replicas have; a failover could lose it.`)
}

/** Only bots know the commands and the secrets of reports, so that these wait where no worker takes them. */
function dueOf(keys: Keys, effect: Effect): string {
  return effect.do === 'schedule' || effect.do === 'report' || effect.do === 'glass' || effect.do === 'kv-catch-up'
    ? keys.dueForBots
    : keys.due
}

/** Itself, and as a step of a promotion the messages of the steps before it, which say how it goes on. */
function shownBy({ id, promotion }: Execution): string[] {
  return [id, ...(promotion?.before ?? [])]
}

function record<T extends { readonly version: number }>(key: string, value: T, pieces: Pieces | null = null) {
  const version = value.version + 1
  const compared = { key, expect: String(value.version), version: String(version) }
  if (pieces) return { ...compared, since: pieces.since ?? undefined, gone: pieces.gone, fields: pieces.fields }
  return { ...compared, fields: [['d', JSON.stringify({ ...value, version })] as const] }
}

function inHand(execution: Execution): boolean {
  return !isOver(execution) && execution.stages.some(({ state }) => state === 'running' || state === 'unknown')
}
