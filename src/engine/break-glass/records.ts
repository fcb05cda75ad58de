import type { Redis } from 'ioredis'
import type { GlassChange } from '../../core/break-glass/end.ts'
import type { Glass, GlassSlot } from '../../core/break-glass/glass.ts'
import type { Deadline } from '../../core/workflow.ts'
import type { Keys } from '../keys.ts'
import type { Held } from './held.ts'
import { createHeld } from './held.ts'

export type GlassRequest = { readonly key: string; readonly until?: Deadline | undefined }

export type GlassRecords = Held & {
  find(id: string): Promise<Glass | null>
  /** Newest first, with the time of Redis. */
  list(limit: number): Promise<{ readonly now: number; readonly glasses: readonly Glass[] }>
  /**
   * Makes one, in the one place that a person has for a name. `make` is given the time of Redis and what was there last, and throws
   * where that still holds. A second delivery of the request gives what the first one made.
   */
  begin(slot: string, make: (now: number, last: Glass | null) => GlassChange, request: GlassRequest): Promise<Glass>
  /** Changes one; null leaves it as it is. A second delivery of the request changes nothing. */
  alter(
    id: string,
    change: (glass: Glass, now: number) => GlassChange | null,
    request?: GlassRequest,
  ): Promise<Glass | null>
  /** Forgets the oldest ones that are done with, beyond so many. */
  forget(keep: number): Promise<void>
}

type Stored = GlassChange & {
  readonly slot?: GlassSlot
  readonly request?: GlassRequest | undefined
  readonly id: string
}
type Parts = {
  readonly redis: Redis
  readonly keys: Keys
  readonly commit: (
    change: Stored,
  ) => Promise<{ readonly kind: 'ok' | 'conflict' } | { readonly kind: 'seen'; readonly value: string }>
}

const MOST_TRIES = 100

export function createGlassRecords({ redis, keys, commit }: Parts): GlassRecords {
  const held = createHeld(redis, keys)
  const read = async <T>(key: string) => {
    const text = await redis.hget(key, 'd')
    return text === null ? null : (JSON.parse(text) as T)
  }
  const find = (id: string) => read<Glass>(keys.glass(id))

  async function untilStored<T>(attempt: () => Promise<{ done: T } | 'again'>): Promise<T> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const result = await attempt()
      if (result !== 'again') return result.done
    }
    throw new Error(`A break glass was changed by somebody else ${MOST_TRIES} times in a row.`)
  }

  return {
    ...held,
    find,
    async list(limit) {
      const [{ now }, ids] = await Promise.all([held.look(), redis.zrevrange(keys.glasses, 0, limit - 1)])
      const found = await Promise.all(ids.map(find))
      return { now, glasses: found.filter((each) => each !== null).sort((a, b) => b.from - a.from) }
    },
    async begin(slot, make, request) {
      return untilStored(async () => {
        const before = await read<GlassSlot>(keys.glassSlot(slot))
        const last = before && (await find(before.glass))
        const again = await redis.get(keys.seen(request.key))
        const earlier = again === null ? null : await find(again)
        if (earlier) return { done: earlier }
        const change = make((await held.look()).now, last)
        const taken = { id: slot, version: before?.version ?? 0, glass: change.glass.id }
        const result = await commit({ ...change, slot: taken, request, id: change.glass.id })
        if (result.kind === 'conflict') return 'again'
        const stored = result.kind === 'seen' ? await find(result.value) : null
        return { done: stored ?? change.glass }
      })
    },
    async alter(id, change, request) {
      return untilStored<Glass | null>(async () => {
        const [before, { now }] = await Promise.all([find(id), held.look()])
        const changed = before && change(before, now)
        if (!changed) return { done: null }
        const result = await commit({ ...changed, request, id })
        if (result.kind === 'conflict') return 'again'
        return { done: result.kind === 'ok' ? changed.glass : null }
      })
    },
    async forget(keep) {
      for (const id of await redis.zrevrange(keys.glasses, keep, keep + 100)) {
        const glass = await find(id)
        if (glass && glass.summedAt === null) continue
        const names = (glass?.announce ?? []).flatMap((channel) =>
          [`glass:${id}:${channel}`, `glass-summary:${id}:${channel}`, `file:glass-${id}:${channel}:1`].map(
            keys.message,
          ),
        )
        await redis
          .multi()
          .del(keys.glass(id), keys.messagesOf(`glass-${id}`), ...names)
          .zrem(keys.glasses, id)
          .exec()
      }
    },
  }
}
