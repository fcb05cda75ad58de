import type { Redis } from 'ioredis'
import type { Fired, Look, TriggerNotes, Turned } from '../../core/trigger/standing.ts'
import type { Keys } from '../keys.ts'

/** So many of what fired are kept. */
const MOST_FIRED = 5
/** A trigger that is in no site any more is forgotten. */
const KEPT_MS = 90 * 86_400_000

export type TriggerRecords = {
  of(name: string): Promise<TriggerNotes>
  /** The looks at all of its places. */
  looked(name: string, looks: readonly Look[]): Promise<void>
  fired(name: string, what: Fired): Promise<void>
  /** The last that was refused, was passed over, or is lost. */
  turned(name: string, how: 'refused' | 'passed' | 'lost', what: Turned): Promise<void>
}

/** What `triggers list` shows: for people only, nothing is decided by it. Written by the bot that looks. */
export function createTriggerRecords({ redis, keys }: { redis: Redis; keys: Keys }): TriggerRecords {
  async function write(name: string, field: string, value: unknown): Promise<void> {
    const key = keys.triggerNotes(name)
    await redis.multi().hset(key, field, JSON.stringify(value)).pexpire(key, KEPT_MS).exec()
  }
  const fired = async (name: string): Promise<Fired[]> =>
    (await redis.lrange(keys.triggerFired(name), 0, -1)).map((text) => JSON.parse(text) as Fired)

  return {
    async of(name) {
      const found = await redis.hgetall(keys.triggerNotes(name))
      const read = <T>(field: string): T | null => (found[field] === undefined ? null : (JSON.parse(found[field]) as T))
      return {
        looks: read<Look[]>('looks') ?? [],
        fired: await fired(name),
        refused: read<Turned>('refused'),
        passed: read<Turned>('passed'),
        lost: read<Turned>('lost'),
      }
    },
    looked: (name, looks) => write(name, 'looks', looks),
    async fired(name, what) {
      // A bot that died after it asked is asked for by the next one again, and the same execution answers.
      if ((await fired(name)).some(({ execution }) => execution === what.execution)) return
      const key = keys.triggerFired(name)
      const all = redis.multi().lpush(key, JSON.stringify(what))
      await all
        .ltrim(key, 0, MOST_FIRED - 1)
        .pexpire(key, KEPT_MS)
        .exec()
    },
    turned: (name, how, what) => write(name, how, what),
  }
}
