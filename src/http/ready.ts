import type { Redis } from 'ioredis'
import type { KnownWorker } from '../engine/standing.ts'
import type { Look, Part } from './health.ts'

/** Redis answers now; `age`: since when its connection is as it is. */
export function redisLook(redis: Redis, now: () => number): { readonly look: Look; stop(): void } {
  let [since, up] = [now(), redis.status === 'ready']
  // Each try to reach it closes a connection again: it is away since the first.
  const becomes = (ready: boolean) => () => {
    if (ready !== up) since = now()
    up = ready
  }
  const [came, went] = [becomes(true), becomes(false)]
  redis.on('ready', came)
  redis.on('close', went)
  return {
    async look(): Promise<Part> {
      const age = Math.round((now() - since) / 1000)
      if (redis.status !== 'ready') return { ready: false, state: redis.status, age }
      await redis.ping()
      return { ready: true, state: 'answers', age }
    },
    stop() {
      redis.off('ready', came)
      redis.off('close', went)
    },
  }
}

/** A worker lives; `age`: since the latest heartbeat of any. Without Redis nobody knows: that is said at once, and the last one grows older. */
export function workersLook(
  known: () => Promise<readonly KnownWorker[]>,
  redis: Pick<Redis, 'status'>,
  now: () => number,
): Look {
  let beatAt: number | null = null
  const age = () => (beatAt === null ? null : Math.round((now() - beatAt) / 1000))
  return async (): Promise<Part> => {
    if (redis.status !== 'ready') return { ready: false, state: 'not known without Redis', age: age() }
    const workers = await known()
    const alive = workers.filter((each) => each.alive)
    beatAt = workers.length > 0 ? now() - Math.min(...workers.map((each) => each.age)) : null
    return { ready: alive.length > 0, state: `${alive.length} alive`, age: age() }
  }
}
