import { Redis } from 'ioredis'
import { messageOf } from '../errors.ts'
import { ServerAway } from './verb.ts'

const ANSWER_WITHIN_MS = 4_000

/** One short conversation with Redis that ends by itself. Throws `ServerAway` with the host and never with the password. */
export async function withRedis<T>(url: string, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: ANSWER_WITHIN_MS,
    commandTimeout: ANSWER_WITHIN_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  let reason = ''
  redis.on('error', (error) => {
    reason = messageOf(error)
  })
  try {
    await redis.connect()
    await redis.ping()
  } catch (cause) {
    redis.disconnect()
    throw new ServerAway(`Redis at ${hostOf(url)} does not answer: ${reason || messageOf(cause)}.`, { cause })
  }
  return ask(redis).finally(() => redis.disconnect())
}

/** Host and port, without what may stand before them. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an address that is none'
}
