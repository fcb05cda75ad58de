import type { Redis } from 'ioredis'
import type { Effect } from '../core/event.ts'
import type { Log } from '../log.ts'
import type { Keys } from './keys.ts'

/** Takes the effects that are due and puts their next look a lease ahead: who dies while doing one leaves it to the next sweep. */
const CLAIM = `
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
local found = {}
for _, id in ipairs(ids) do
  redis.call('ZADD', KEYS[1], ARGV[2], id)
  local value = redis.call('HGET', KEYS[2], id)
  if value then
    table.insert(found, id)
    table.insert(found, value)
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
return found`

const LEASE_MS = 15_000
const MOST_AT_ONCE = 64

/** What became of an effect: done for good, or to be looked at again in so many milliseconds. */
export type Done = 'done' | { readonly againIn: number }
export type Perform = (effect: Effect, looks: number) => Promise<Done>

/**
 * Does what was stored to be done, at least once each. Every bot and worker runs one: a crash between storing and doing
 * loses nothing, since the next sweep of anybody finds it. `keys.due` says which effects. `kick` sweeps now; a timer sweeps every second anyway.
 */
export function createSweeper(
  redis: Redis,
  keys: Pick<Keys, 'due' | 'effects'>,
  perform: Perform,
  now: () => number,
  log: Log,
) {
  let sweeping: Promise<void> | null = null
  let kicked = false

  async function sweep(): Promise<void> {
    do {
      kicked = false
      const found = (await redis.eval(
        CLAIM,
        2,
        keys.due,
        keys.effects,
        now(),
        now() + LEASE_MS,
        MOST_AT_ONCE,
      )) as string[]
      const pairs = Array.from(
        { length: found.length / 2 },
        (_, index) => [found[index * 2], found[index * 2 + 1]] as [string, string],
      )
      await Promise.all(pairs.map(([id, value]) => doOne(id, value)))
      if (pairs.length === MOST_AT_ONCE) kicked = true
    } while (kicked)
  }

  async function doOne(id: string, value: string): Promise<void> {
    try {
      const looks = await redis.hincrby(`${keys.effects}:looks`, id, 1)
      const done = await perform(JSON.parse(value) as Effect, looks)
      if (done === 'done') await forget(id)
      else await redis.zadd(keys.due, now() + done.againIn, id)
    } catch (error) {
      log.error({ effect: value, err: error }, 'effect failed, it is tried again')
    }
  }

  async function forget(id: string): Promise<void> {
    await redis.multi().zrem(keys.due, id).hdel(keys.effects, id).hdel(`${keys.effects}:looks`, id).exec()
  }

  function kick(): void {
    kicked = true
    sweeping ??= sweep()
      .catch((error: Error) => log.warn({ error: error.message }, 'sweep failed, it is tried again'))
      .finally(() => {
        sweeping = null
      })
  }

  const timer = setInterval(kick, 1_000)
  return {
    kick,
    async stop() {
      clearInterval(timer)
      await sweeping
    },
  }
}
