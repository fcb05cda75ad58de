import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { Keys } from '../keys.ts'
import type { Place } from './seen.ts'

/** How far the builds of a job were looked at: the newest one, and those before it that were not over, or could not be begun. */
const mark = z.object({ number: z.number(), timestamp: z.number(), open: z.array(z.number()) })
export type Mark = z.infer<typeof mark>

/** Of one place; null before the first look was over. */
export function markOf({ redis, keys }: { redis: Redis; keys: Keys }, { trigger, what, where }: Place) {
  const key = keys.triggerMark(trigger, what, where)
  return {
    async read(): Promise<Mark | null> {
      const text = await redis.get(key)
      return text === null ? null : mark.parse(JSON.parse(text))
    },
    async write(next: Mark): Promise<void> {
      await redis.set(key, JSON.stringify(next))
    },
  }
}
