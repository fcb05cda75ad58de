import { Redis } from 'ioredis'
import type { Config } from '../config.ts'
import { need } from '../config.ts'
import { messageOf, UserError } from '../errors.ts'
import type { Log } from '../log.ts'

/** Where Redis is: an address, or what the sentinels call the master; the rest of the address (user, password, database) holds for both. */
export type RedisPlace = {
  readonly url: string
  readonly options: { sentinels?: { host: string; port: number }[]; name?: string }
}

export function redisPlace(config: Config): RedisPlace {
  const { REDIS_SENTINELS, REDIS_MASTER } = config.settings
  const url = need(config, 'REDIS_URL')
  if (!REDIS_SENTINELS) return { url, options: {} }
  const sentinels = REDIS_SENTINELS.split(',').map((each) => {
    const [host = '', port] = each.split(':')
    return { host, port: Number(port) }
  })
  return { url, options: { sentinels, name: REDIS_MASTER } }
}

/** After this long without an answer a command of a person counts as failed. */
export const COMMAND_TIMEOUT_MS = 5_000

/** Milliseconds to the next try. Who is back long after Redis seems dead to the others. */
const retryStrategy = (tries: number) => Math.min(tries * 50, 500)

/**
 * A connection for people's requests: it answers at once that Redis is away instead of keeping the command for later, since
 * a command that its caller gave up on must not run later.
 */
export function connect({ url, options }: RedisPlace, log: Log): Redis {
  const redis = new Redis(url, {
    ...options,
    enableOfflineQueue: false,
    // What is under way when the connection breaks fails then; ioredis would send it a second time to the next one.
    maxRetriesPerRequest: 0,
    retryStrategy,
    lazyConnect: true,
    commandTimeout: COMMAND_TIMEOUT_MS,
  })
  redis.on('error', (error) => log.warn({ error: error.message }, 'redis connection'))
  return redis
}

/** A connection for workers and subscribers, which wait for Redis to come back. */
export function connectPatiently({ url, options }: RedisPlace, log: Log): Redis {
  const redis = new Redis(url, { ...options, maxRetriesPerRequest: null, retryStrategy, lazyConnect: true })
  redis.on('error', (error) => log.warn({ error: error.message }, 'redis connection'))
  return redis
}

/** Tries something until Redis, which may go away just then, has answered. A `UserError` ends it: that is an answer. */
export async function untilReached(work: () => Promise<void>, log: Log): Promise<void> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (error instanceof UserError) throw error
      log.warn({ error: messageOf(error) }, 'waiting for redis')
    }
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
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
