import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { advance } from '../core/advance.ts'
import type { Stored } from '../core/audit/records.ts'
import { recordsOf } from '../core/audit/records.ts'
import type { EnvironmentRecord } from '../core/environment.ts'
import { newEnvironment } from '../core/environment.ts'
import type { Effect, Event, Next } from '../core/event.ts'
import type { Execution, NewExecution } from '../core/execution.ts'
import { newExecution } from '../core/execution.ts'
import type { Deadline } from '../core/workflow.ts'
import type { AlertRecords } from './alerts/records.ts'
import type { GlassRecords } from './break-glass/records.ts'
import { changeOf, heldFor } from './change.ts'
import type { Change } from './commit.ts'
import { replicated, runCommit, SEEN_FOR_MS } from './commit.ts'
import type { WatchRecords } from './consul/watch-records.ts'
import type { Keys } from './keys.ts'
import { createReader } from './large.ts'
import { piecesOf } from './pieces.ts'
import { createRecords } from './records.ts'
import type { ScheduleRecords } from './schedule-records.ts'
import type { TriggerRecords } from './triggers/notes.ts'

/** A conflict means that somebody else moved first; each try reads anew. More than this is not a race but a fault. */
const MOST_TRIES = 100

/** `before`: this request was stored already, by an earlier delivery of the same event; nothing was done now. */
export type Requested = { readonly execution: Execution; readonly before: boolean }

/** What changes in an environment, and what has to be done about it; null calls the whole change off. */
export type Alter = (
  environment: EnvironmentRecord,
) => { readonly environment: EnvironmentRecord; readonly effects: readonly Effect[] } | null

export type AlterRequest = {
  readonly key: string
  readonly value: string
  readonly until?: Deadline | undefined
  /** Break glasses by which somebody may: it counts only while they hold. */
  readonly under?: readonly string[] | undefined
}

/**
 * With `until` a change is stored in time or never, however long Redis hangs: it throws `TooLate`, or `Unanswered` where Redis went away
 * with it.
 */
export type Store = {
  execution(id: string): Promise<Execution | null>
  environment(name: string): Promise<EnvironmentRecord>
  /** Stores a new execution with its first effects. The same `request` a second time stores nothing and answers as before. */
  request(
    wanted: NewExecution,
    request: string,
    options?: {
      first?: boolean
      alter?: Alter
      until?: Deadline | undefined
      /** Ids of the break glasses under which it is asked for: stored only while they hold. */
      under?: readonly string[] | undefined
    },
  ): Promise<Requested | null>
  /** Lets an event happen to an execution. Throws when there is no such execution. `request` makes a second delivery harmless. */
  tell(id: string, event: Event, request?: string, until?: Deadline): Promise<Next>
  /** Changes an environment by itself; null leaves it as it is. `request` makes a second delivery harmless: null as well. */
  alter(name: string, change: Alter, request?: AlterRequest): Promise<EnvironmentRecord | null>
  /** What a request changed, by the id that was stored with its key; null when it did not (yet). */
  seen(request: string): Promise<string | null>
  readonly schedules: ScheduleRecords
  readonly alerts: AlertRecords
  readonly watches: WatchRecords
  readonly glasses: GlassRecords
  readonly triggers: TriggerRecords
  /** True the first time a key is seen: for events that store nothing else. */
  first(request: string): Promise<boolean>
  /** Ids of executions alone, newest first. */
  ids(limit: number): Promise<string[]>
  /** Newest first. */
  list(options: { limit: number; open?: boolean; inHand?: boolean }): Promise<Execution[]>
}

/** Hears of each change of an execution that this process stored; `before` is null for a new one. */
export type Changed = (before: Execution | null, after: Execution) => void

/** The only writer of executions and environments. Every change is compared and set with its effects in one script. */
export function createStore(
  redis: Redis,
  keys: Keys,
  now: () => number,
  replicas = 0,
  changed: Changed = () => {},
): Store {
  const commit = async (change: Change) => {
    const audit = change.audit && (await glasses.marked(change.audit))
    const result = await runCommit(redis, keys, { ...change, ...(audit ? { audit } : {}) }, now())
    if (replicas > 0) await replicated(redis, replicas)
    return result
  }
  const reader = createReader(redis, keys)
  const execution = async (id: string) => (await reader.read(id))?.execution ?? null
  const environment = async (name: string) =>
    parsed<EnvironmentRecord>(await redis.hget(keys.environment(name), 'd')) ?? newEnvironment(name)

  const { glasses, ...records } = createRecords(redis, keys, commit)

  const store: Store = {
    ...records,
    glasses,
    execution,
    environment,

    async request(wanted, request, { first = false, alter, until, under } = {}) {
      const key = keys.seen(request)
      return untilStored<Requested | null>(async () => {
        const record = wanted.environment ? await environment(wanted.environment) : null
        const altered = record && alter ? alter(record) : { environment: record, effects: [] }
        if (!altered) return { done: null }
        const world = { execution: newExecution(wanted, now()), environment: altered.environment }
        const requested: Event = { type: 'requested', first }
        const next = advance(world, requested, now())
        const effects = [...next.effects, ...altered.effects]
        const audit = recordsOf({ execution: null, environment: record }, next, requested)
        const pieces = piecesOf(null, next.execution, randomUUID())
        const result = await commit({
          ...{ ...changeOf(next), pieces },
          effects,
          audit,
          seen: { key, value: wanted.id },
          until,
          under,
        })
        if (result.kind === 'ok') {
          changed(null, next.execution)
          if (pieces) reader.stored(pieces.standing)
          return { done: { execution: next.execution, before: false } }
        }
        if (result.kind !== 'seen') return 'again'
        const earlier = await execution(result.value)
        return { done: earlier ? { execution: earlier, before: true } : null }
      })
    },

    async tell(id, event, request, until) {
      const attempt = async () => {
        const standing = await reader.read(id)
        if (!standing) throw new Error(`There is no execution ${id} in the store.`)
        const before = standing.execution
        const record = before.environment ? await environment(before.environment) : null
        const next = advance({ execution: before, environment: record }, event, now())
        if (!next.changed) {
          // The second delivery of a click that was taken is no refusal, and one that was refused is told once.
          const again = request !== undefined && !(await store.first(request))
          return { done: again ? { ...next, refused: null } : next }
        }
        const seen = request ? { seen: { key: keys.seen(request), value: id } } : {}
        const audit = recordsOf({ execution: before, environment: record }, next, event)
        const under = heldFor(event)
        const pieces = piecesOf(standing, next.execution, randomUUID())
        const result = await commit({ ...changeOf(next, record), pieces, audit, ...seen, until, under })
        if (result.kind === 'conflict') return 'again'
        if (result.kind === 'ok') changed(before, next.execution)
        if (result.kind === 'ok' && pieces) reader.stored(pieces.standing)
        return { done: result.kind === 'ok' ? next : { ...next, changed: false, refused: null } }
      }
      // Each try waits for its turn: those that began before it was known how large it is, too.
      return untilStored<Next>(() => reader.inTurn(id, attempt))
    },

    async alter(name, change, request) {
      const { key = '', value = '', until, under } = request ?? {}
      const seen = request ? { seen: { key: keys.seen(key), value } } : {}
      return untilStored(async () => {
        const before = await environment(name)
        const changed = change(before)
        if (!changed) return { done: null }
        const audit = recordsOf(aboutIt(before), aboutIt(changed.environment), null)
        const altered = { environments: [changed.environment], effects: changed.effects }
        const result = await commit({ ...altered, audit, ...seen, until, under })
        if (result.kind === 'conflict') return 'again'
        return { done: result.kind === 'ok' ? changed.environment : null }
      })
    },

    async first(request) {
      return (await redis.set(keys.seen(request), '-', 'PX', SEEN_FOR_MS, 'NX')) === 'OK'
    },

    async seen(request) {
      const value = await redis.get(keys.seen(request))
      return value === '-' ? null : value
    },

    ids: (limit) => redis.zrevrange(keys.executions, 0, limit - 1),

    async list({ limit, open = false, inHand = false }) {
      const index = inHand ? keys.inHand : open ? keys.open : keys.executions
      const ids = await redis.zrevrange(index, 0, limit - 1)
      const found = await Promise.all(ids.map(execution))
      return found.filter((each) => each !== null)
    },
  }
  return store
}

function aboutIt(environment: EnvironmentRecord): Stored {
  return { execution: null, environment }
}

async function untilStored<T>(attempt: () => Promise<{ done: T } | 'again'>): Promise<T> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const result = await attempt()
    if (result !== 'again') return result.done
  }
  throw new Error(`The store answered "changed by somebody else" ${MOST_TRIES} times in a row.`)
}

function parsed<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T)
}
