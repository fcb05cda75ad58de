import type { Redis } from 'ioredis'
import type { AlertGroup } from '../../core/alert.ts'
import type { Keys } from '../keys.ts'
import type { AlertRecords } from './records.ts'

type Parts = { readonly redis: Redis; readonly keys: Keys; readonly records: Pick<AlertRecords, 'group'> }

const AT_ONCE = 500

/** Forgets groups and silences that are over for longer than is kept, and at once what never was more than pending. Gives how many. */
export async function forgetOld({ redis, keys, records }: Parts, before: number): Promise<number> {
  let forgotten = 0
  for (const id of await redis.zrange(keys.alerts, '0', '-1')) {
    if (forgotten >= AT_ONCE) return forgotten
    const group = await records.group(id)
    if (group && !mayForget(group, before)) continue
    const names = group ? namesOf(group) : []
    await redis
      .multi()
      .del(keys.alert(id), ...names.map(keys.message), keys.messagesOf(`alert-${id}`))
      .zrem(keys.alerts, id)
      .exec()
    forgotten++
  }
  const old = await redis.zrangebyscore(keys.silences, '-inf', String(before), 'LIMIT', 0, AT_ONCE)
  const open = new Set(await redis.zrange(keys.silencesOpen, '0', '-1'))
  for (const id of old.filter((each) => !open.has(each))) {
    await redis.multi().del(keys.silence(id)).zrem(keys.silences, id).exec()
    forgotten++
  }
  return forgotten
}

function mayForget({ closedAt, shownAt }: AlertGroup, before: number): boolean {
  return closedAt !== null && (shownAt === null || closedAt < before)
}

function namesOf({ id, noted, escalated }: AlertGroup): string[] {
  const notes = Array.from({ length: noted }, (_, at) => at + 1)
  return [
    `alert:${id}`,
    ...notes.flatMap((n) => [`alert-note:${id}:${n}`, `file:alert-${id}:last-hour.png:${n}`]),
    ...escalated.map(({ step }) => `alert-escalation:${id}:${step}`),
  ]
}
