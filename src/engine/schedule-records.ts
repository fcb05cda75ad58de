import type { Redis } from 'ioredis'
import type { AuditEntry } from '../core/audit.ts'
import type { Effect } from '../core/event.ts'
import type { Schedule } from '../core/schedule.ts'
import type { Deadline } from '../core/workflow.ts'
import type { Keys } from './keys.ts'

/** What becomes of a schedule, with what has to be done and recorded about it. */
export type ScheduleChange = {
  readonly schedule: Schedule
  readonly effects: readonly Effect[]
  readonly audit: readonly AuditEntry[]
}

export type ScheduleRecords = {
  find(id: string): Promise<Schedule | null>
  /** All that are not removed, by the time they were added. */
  list(): Promise<Schedule[]>
  /**
   * Changes one, or makes it where `change` is given null; null leaves it as it is. `request` makes a second delivery harmless: null as
   * well. Throws what `change` throws.
   */
  alter(
    id: string,
    change: (before: Schedule | null) => ScheduleChange | null,
    request?: ScheduleRequest,
  ): Promise<Schedule | null>
}

export type ScheduleRequest = { readonly key: string; readonly until?: Deadline | undefined }

/** `stored` compares and sets, and says whether it did, somebody was faster, or this request was done before. */
type Parts = {
  readonly redis: Redis
  readonly keys: Keys
  readonly stored: (change: ScheduleChange, request?: ScheduleRequest) => Promise<'ok' | 'conflict' | 'seen'>
}

const MOST_TRIES = 100

export function createScheduleRecords({ redis, keys, stored }: Parts): ScheduleRecords {
  async function find(id: string): Promise<Schedule | null> {
    const text = await redis.hget(keys.schedule(id), 'd')
    return text === null ? null : (JSON.parse(text) as Schedule)
  }
  return {
    find,
    async list() {
      const found = await Promise.all((await redis.smembers(keys.schedules)).map(find))
      const there = found.filter((each) => each !== null && each.state !== 'removed') as Schedule[]
      return there.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
    },
    async alter(id, change, request) {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const changed = change(await find(id))
        if (!changed) return null
        // Listed first: a name in the list of which nothing is stored is passed over.
        await redis.sadd(keys.schedules, id)
        const result = await stored(changed, request)
        if (result === 'conflict') continue
        if (changed.schedule.state === 'removed') await redis.srem(keys.schedules, id)
        return result === 'ok' ? changed.schedule : null
      }
      throw new Error(`The schedule ${id} was changed by somebody else ${MOST_TRIES} times in a row.`)
    },
  }
}
