import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'

/** Homes that nobody opened for so long are not kept up to date any more. */
const KEPT_MS = 7 * 24 * 3_600_000
const MOST = 200

/** Who opened his home, when, and what it last showed: for all bots together. */
export function createHomes(redis: Redis, keys: Keys, now: () => number) {
  return {
    async opened(person: string, digest: string): Promise<void> {
      await redis
        .multi()
        .zadd(keys.homes, now(), person)
        .zremrangebyscore(keys.homes, '-inf', now() - KEPT_MS)
        .zremrangebyrank(keys.homes, 0, -MOST - 1)
        .set(keys.home(person), digest, 'PX', KEPT_MS)
        .exec()
    },
    /** Those who opened theirs lately. */
    people: (): Promise<string[]> => redis.zrangebyscore(keys.homes, now() - KEPT_MS, '+inf'),
    /** True for the one bot that has to show this now; false where it is shown already. */
    async isNew(person: string, digest: string): Promise<boolean> {
      return (await redis.set(keys.home(person), digest, 'PX', KEPT_MS, 'GET')) !== digest
    },
    /** It was not shown after all. */
    async forget(person: string): Promise<void> {
      await redis.del(keys.home(person))
    },
  }
}

export type Homes = ReturnType<typeof createHomes>
