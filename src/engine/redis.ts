import { Redis } from 'ioredis'
import type { Log } from '../log.ts'

/**
 * A connection for people's requests: it answers at once that Redis is away instead of keeping the command for later, since
 * a command that its caller gave up on must not run later.
 */
export function connect(url: string, log: Log): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    lazyConnect: true,
    commandTimeout: 5_000,
  })
  redis.on('error', (error) => log.warn({ error: error.message }, 'redis connection'))
  return redis
}

/** A connection for workers and subscribers, which wait for Redis to come back. */
export function connectPatiently(url: string, log: Log): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null, lazyConnect: true })
  redis.on('error', (error) => log.warn({ error: error.message }, 'redis connection'))
  return redis
}

/** Waits until Redis answers, however long that takes; says so every few seconds. */
export async function whenReady(redis: Redis, log: Log): Promise<void> {
  if (redis.status === 'wait')
    await redis.connect().catch((error: Error) => log.warn({ error: error.message }, 'redis is away, waiting'))
  while (redis.status !== 'ready') {
    log.warn({ status: redis.status }, 'waiting for redis')
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
}
