import type { Redis } from 'ioredis'
import type { KnownWorker } from '../engine/standing.ts'
import type { Look, Part } from './health.ts'

/** Redis answers now; `age`: since when its connection is as it is. */
export function redisLook(redis: Redis, now: () => number): { readonly look: Look; stop(): void } {
  let since = now()
  const changed = () => {
    since = now()
  }
  redis.on('ready', changed)
  redis.on('close', changed)
  return {
    async look(): Promise<Part> {
      const age = Math.round((now() - since) / 1000)
      if (redis.status !== 'ready') return { ready: false, state: redis.status, age }
      await redis.ping()
      return { ready: true, state: 'answers', age }
    },
    stop() {
      redis.off('ready', changed)
      redis.off('close', changed)
    },
  }
}

/** A worker lives; `age`: since the latest heartbeat of any. */
export function workersLook(known: () => Promise<readonly KnownWorker[]>): Look {
  return async (): Promise<Part> => {
    const workers = await known()
    const alive = workers.filter((each) => each.alive)
    const age = workers.length > 0 ? Math.round(Math.min(...workers.map((each) => each.age)) / 1000) : null
    return { ready: alive.length > 0, state: `${alive.length} alive`, age }
  }
}
