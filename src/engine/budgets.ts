import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'

/** At most so many in any `per` milliseconds. */
export type Rate = { readonly most: number; readonly per: number }

/**
 * `keep`: how much has to be left for what is more important: one for each execution that a worker has in hand, since all of them may
 * end the next moment, but at least `least` and at most `most`. `paused`: names of pauses that have to be over.
 */
export type Spending = {
  readonly bucket?: { readonly name: string; readonly rate: Rate }
  readonly keep: { readonly least: number; readonly most: number }
  readonly paused: readonly string[]
}

/**
 * What was spent in the last while, as Slack counts it, and pauses that Slack ordered. A window and no bucket that drips: sporadic
 * bursts are welcome, and still there are never more in any minute. The clock is Redis's own: bots whose clocks differ share one budget
 * all the same. KEYS: spent, in hand, pauses. ARGV: most, milliseconds, least and most to keep. Gives milliseconds to wait; 0: it is taken.
 */
const TAKE = `
local wait = 0
for i = 3, #KEYS do wait = math.max(wait, redis.call('PTTL', KEYS[i])) end
if wait > 0 then return wait end
local most, per = tonumber(ARGV[1]), tonumber(ARGV[2])
if most == 0 then return 0 end
local keep = math.min(math.max(redis.call('ZCARD', KEYS[2]), tonumber(ARGV[3])), tonumber(ARGV[4]))
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - per)
local over = redis.call('ZCARD', KEYS[1]) + keep - most
if over >= 0 then
  local last = redis.call('ZRANGE', KEYS[1], over, over, 'WITHSCORES')
  local back = tonumber(last[2] or now) + per - now
  -- Fewer may be in hand long before anything comes back.
  if keep > tonumber(ARGV[3]) then back = math.min(back, per / 10) end
  return math.max(1, math.ceil(back))
end
redis.call('ZADD', KEYS[1], now, time[1] .. '.' .. time[2] .. ':' .. over)
redis.call('PEXPIRE', KEYS[1], per)
return 0`

/** A longer pause stays. */
const PAUSE = `
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '-', 'PX', ARGV[1]) end`

/** What all bots of one workspace may say to Slack together. */
export function createBudgets(redis: Redis, keys: Keys) {
  const key = (kind: string, name: string) => `${keys.outbox}:${kind}:${name}`
  return {
    /** Takes one call off the budget, or gives the milliseconds after which to ask again. */
    async take({ bucket, keep, paused }: Spending): Promise<number> {
      const { most, per } = bucket?.rate ?? { most: 0, per: 0 }
      const spent = key('budget', bucket?.name ?? 'none')
      const names = [spent, keys.inHand, ...paused.map((name) => key('pause', name))]
      return (await redis.eval(TAKE, names.length, ...names, most, per, keep.least, keep.most)) as number
    },
    async pause(name: string, ms: number): Promise<void> {
      await redis.eval(PAUSE, 1, key('pause', name), Math.ceil(ms))
    },
  }
}

export type Budgets = ReturnType<typeof createBudgets>
