import type { Redis } from 'ioredis'
import type { ServiceWatch } from '../../core/consul/watch.ts'
import type { Effect } from '../../core/event.ts'
import type { Deadline } from '../../core/workflow.ts'
import type { Keys } from '../keys.ts'

export type WatchChange = {
  readonly watch: ServiceWatch
  readonly effects?: readonly Effect[]
  /** Makes a second delivery of the same request harmless. */
  readonly request?: { readonly key: string; readonly until?: Deadline | undefined } | undefined
}

export type WatchRecords = {
  find(id: string): Promise<ServiceWatch | null>
  /** Those that have not ended, the oldest first. */
  open(): Promise<ServiceWatch[]>
  commit(change: WatchChange): Promise<'ok' | 'conflict' | 'seen'>
  /** Forgets those that ended before then, with what is known of their messages. */
  forget(before: number): Promise<void>
}

type Parts = { readonly redis: Redis; readonly keys: Keys; readonly commit: WatchRecords['commit'] }

const AT_ONCE = 200

/** Where it is kept who follows which service. */
export function createWatchRecords({ redis, keys, commit }: Parts): WatchRecords {
  const find = async (id: string) => {
    const text = await redis.hget(keys.consulWatch(id), 'd')
    return text === null ? null : (JSON.parse(text) as ServiceWatch)
  }
  return {
    find,
    commit,
    async open() {
      const found = await Promise.all((await redis.zrange(keys.consulWatchesOpen, '0', '-1')).map(find))
      return found.filter((each) => each !== null)
    },
    async forget(before) {
      const ids = await redis.zrangebyscore(keys.consulWatches, '-inf', String(before), 'LIMIT', 0, AT_ONCE)
      for (const id of ids) {
        const watch = await find(id)
        if (watch && (watch.ended === null || watch.ended.at >= before)) continue
        const notes = Array.from({ length: watch?.told ?? 0 }, (_, at) => keys.message(noteName(id, at + 1)))
        await redis
          .multi()
          .del(keys.consulWatch(id), keys.message(watchName(id)), ...notes)
          .zrem(keys.consulWatches, id)
          .exec()
      }
    },
  }
}

/** Names of what is shown of a watch, on the outbox. */
export function watchName(id: string): string {
  return `consul-watch:${id}`
}

export function noteName(id: string, n: number): string {
  return `consul-watch-note:${id}:${n}`
}

/** What has to be shown of notes that are new since `before`. */
export function showNotes(before: ServiceWatch, after: ServiceWatch, now: number, most: number): Effect[] {
  return after.notes
    .filter(
      ({ n, changes }) =>
        n > before.told && (n <= most || changes.some(({ what }) => what === 'over' || what === 'stopped')),
    )
    .map(({ n }) => ({ do: 'show', message: noteName(after.id, n), at: now }))
}
