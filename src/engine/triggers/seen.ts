import type { Redis } from 'ioredis'
import type { Keys } from '../keys.ts'

/** Where something is looked for: a datacenter, or the events of our agent. */
export type Place = { readonly trigger: string; readonly what: string; readonly where: string }

/** What is gone for so long is forgotten; nothing of it comes again with the same number. */
const KEPT_MS = 30 * 86_400_000
/** What is still there is written down as still there so often. */
const STILL_EVERY_MS = 3_600_000

/**
 * What a trigger has had already, in Redis: over restarts and for all bots. Each is known by what it is and by when Consul had it first, with
 * the time at which it was last there.
 */
export function createSeen({ redis, keys, now }: { redis: Redis; keys: Keys; now: () => number }) {
  const stillAt = new Map<string, number>()
  const keyOf = ({ trigger, what, where }: Place) => keys.trigger(trigger, what, where)
  const scored = (ids: readonly string[], at: number) => ids.flatMap((id) => [at, id])

  return {
    /** At the first look: from here on what is there is known. False where there was one before. */
    async begin(place: Place, there: readonly string[]): Promise<boolean> {
      const begun = keys.triggersBegun
      const field = keyOf(place)
      if ((await redis.sismember(begun, field)) === 1) return false
      const all = redis.multi().sadd(begun, field)
      if (there.length > 0) all.zadd(field, ...scored(there, now()))
      await all.exec()
      return true
    },
    /** Those of them that are new. */
    async fresh(place: Place, ids: readonly string[]): Promise<Set<string>> {
      const pipeline = redis.pipeline()
      for (const id of ids) pipeline.zscore(keyOf(place), id)
      const found = (await pipeline.exec()) ?? []
      const failed = found.find(([error]) => error !== null)?.[0]
      if (failed) throw failed
      return new Set(ids.filter((_, at) => found[at]?.[1] === null))
    },
    async add(place: Place, id: string): Promise<void> {
      await redis.zadd(keyOf(place), now(), id)
    },
    /** What is there stays known for as long as it is; what has not been for long is forgotten. */
    async still(place: Place, there: readonly string[]): Promise<void> {
      const key = keyOf(place)
      if (now() - (stillAt.get(key) ?? Number.NEGATIVE_INFINITY) < STILL_EVERY_MS) return
      if (there.length > 0) await redis.zadd(key, 'XX', ...scored(there, now()))
      await redis.zremrangebyscore(key, '-inf', now() - KEPT_MS)
      stillAt.set(key, now())
    },
  }
}

export type Seen = ReturnType<typeof createSeen>
