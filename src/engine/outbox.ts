import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'

/** What Slack was last told under a name, and where it stands there. */
export type Posted = { readonly channel: string; readonly ts: string; readonly digest: string }
export type Wish = { readonly name: string; readonly wanted: string }

/**
 * A name that somebody shows just now is left to him, even if it is wanted anew meanwhile: two bots that post the same message at
 * once would post it twice. It is due again when he settles it, or when he died with it and holds it no longer.
 */
const CLAIM = `
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[1])
local limit = tonumber(ARGV[3])
local names = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, limit + redis.call('ZCARD', KEYS[3]))
local found = {}
for _, name in ipairs(names) do
  if #found < limit * 2 and not redis.call('ZSCORE', KEYS[3], name) then
    redis.call('ZADD', KEYS[1], ARGV[2], name)
    redis.call('ZADD', KEYS[3], ARGV[2], name)
    table.insert(found, name)
    table.insert(found, redis.call('HGET', KEYS[2], name) or '0')
  end
end
return found`

/** Only what was shown is taken off the list: a wish that came meanwhile stays, due when it said. No number is given twice. */
const SETTLE = `
redis.call('ZREM', KEYS[3], ARGV[1])
if (redis.call('HGET', KEYS[2], ARGV[1]) or '0') == ARGV[2] then
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
end`

const WANT = `
redis.call('ZADD', KEYS[1], 'LT', ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], redis.call('INCR', KEYS[4]))
redis.call('PUBLISH', KEYS[3], '{}')`

/** Whoever dies while he shows something keeps it from the others for this long at most. */
const LEASE_MS = 5_000
const HOLD_EVERY_MS = 1_000

/**
 * The messages whose state in Slack may differ from what is wanted. A name stands in it once, however often it changed: the latest
 * state wins. Whoever claims one holds it for a lease; who dies with it leaves it to the next.
 */
export function createOutbox(redis: Redis, keys: Keys, now: () => number) {
  const wanted = `${keys.outbox}:wanted`
  const held = `${keys.outbox}:held`
  return {
    /** `at`: not before then, so that progress is shown in steps and not line by line. */
    async want(name: string, at = now()): Promise<void> {
      await redis.eval(WANT, 4, keys.outbox, wanted, keys.feed, `${keys.outbox}:count`, name, at)
    },
    async claim(limit: number): Promise<Wish[]> {
      const found = (await redis.eval(CLAIM, 3, keys.outbox, wanted, held, now(), now() + LEASE_MS, limit)) as string[]
      return Array.from({ length: found.length / 2 }, (_, index) => ({
        name: found[index * 2] ?? '',
        wanted: found[index * 2 + 1] ?? '0',
      }))
    },
    async settle(wish: Wish): Promise<void> {
      await redis.eval(SETTLE, 3, keys.outbox, wanted, held, wish.name, wish.wanted)
    },
    /** Keeps a claimed name from everybody else for as long as the work on it takes. */
    async hold<T>({ name }: Wish, work: () => Promise<T>): Promise<T> {
      // Failing to say it once does no harm: the next second says it again.
      const hold = () => void redis.zadd(held, 'XX', now() + LEASE_MS, name).catch(() => 0)
      const timer = setInterval(hold, HOLD_EVERY_MS)
      try {
        return await work()
      } finally {
        clearInterval(timer)
      }
    },
    /** It could not be shown now; it is tried again then. */
    async postpone(wish: Wish, at: number): Promise<void> {
      await redis.multi().zrem(held, wish.name).zadd(keys.outbox, at, wish.name).exec()
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
