import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'

/** What Slack was last told under a name, and where it stands there. */
export type Posted = { readonly channel: string; readonly ts: string; readonly digest: string }
export type Wish = { readonly name: string; readonly wanted: string }

const CLAIM = `
local names = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
local found = {}
for _, name in ipairs(names) do
  redis.call('ZADD', KEYS[1], ARGV[2], name)
  table.insert(found, name)
  table.insert(found, redis.call('HGET', KEYS[2], name) or '0')
end
return found`

/** Only what was shown is taken off the list: a wish that came meanwhile stays, and is due at once. No number is given twice. */
const SETTLE = `
if (redis.call('HGET', KEYS[2], ARGV[1]) or '0') == ARGV[2] then
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
else
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
end`

const WANT = `
redis.call('ZADD', KEYS[1], 'LT', ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], redis.call('INCR', KEYS[4]))
redis.call('PUBLISH', KEYS[3], '{}')`

const LEASE_MS = 20_000

/**
 * The messages whose state in Slack may differ from what is wanted. A name stands in it once, however often it changed: the latest
 * state wins. Whoever claims one holds it for a lease; who dies with it leaves it to the next.
 */
export function createOutbox(redis: Redis, keys: Keys, now: () => number) {
  const wanted = `${keys.outbox}:wanted`
  return {
    /** `at`: not before then, so that progress is shown in steps and not line by line. */
    async want(name: string, at = now()): Promise<void> {
      await redis.eval(WANT, 4, keys.outbox, wanted, keys.feed, `${keys.outbox}:count`, name, at)
    },
    async claim(limit: number): Promise<Wish[]> {
      const found = (await redis.eval(CLAIM, 2, keys.outbox, wanted, now(), now() + LEASE_MS, limit)) as string[]
      return Array.from({ length: found.length / 2 }, (_, index) => ({
        name: found[index * 2] ?? '',
        wanted: found[index * 2 + 1] ?? '0',
      }))
    },
    async settle(wish: Wish): Promise<void> {
      await redis.eval(SETTLE, 2, keys.outbox, wanted, wish.name, wish.wanted, now())
    },
    /** It could not be shown now; it is tried again then. */
    async postpone(wish: Wish, at: number): Promise<void> {
      await redis.zadd(keys.outbox, at, wish.name)
    },
    async posted(name: string): Promise<Posted | null> {
      const text = await redis.get(keys.message(name))
      return text ? (JSON.parse(text) as Posted) : null
    },
    async remember(name: string, posted: Posted): Promise<void> {
      await redis.set(keys.message(name), JSON.stringify(posted))
    },
    async forget(name: string): Promise<void> {
      await redis.del(keys.message(name))
    },
  }
}

export type Outbox = ReturnType<typeof createOutbox>

export type Progress = { readonly stage: string; readonly text: string; readonly at: number }

/** Progress is only ever the latest word; losing it loses nothing. */
export function createProgress(redis: Redis, keys: Keys) {
  return {
    async set(execution: string, progress: Progress): Promise<void> {
      await redis.set(keys.progress(execution), JSON.stringify(progress), 'EX', 3600)
    },
    async get(execution: string): Promise<Progress | null> {
      const text = await redis.get(keys.progress(execution))
      return text ? (JSON.parse(text) as Progress) : null
    },
  }
}
