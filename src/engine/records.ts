import type { Redis } from 'ioredis'
import { createAlertRecords } from './alerts/records.ts'
import { createGlassRecords } from './break-glass/records.ts'
import type { Change, Committed } from './commit.ts'
import { createWatchRecords } from './consul/watch-records.ts'
import type { Keys } from './keys.ts'
import { createScheduleRecords } from './schedule-records.ts'
import { createTriggerRecords } from './triggers/notes.ts'

/** The records beside executions and environments, all of which change by the one commit as well, but notes that people read. */
export function createRecords(redis: Redis, keys: Keys, commit: (change: Change) => Promise<Committed>) {
  const seenBy = (request: { readonly key: string } | undefined, value: string) =>
    request ? { seen: { key: keys.seen(request.key), value } } : {}

  const schedules = createScheduleRecords({
    ...{ redis, keys },
    stored: async ({ schedule, ...rest }, request) => {
      const seen = seenBy(request, schedule.id)
      const { kind } = await commit({ schedules: [schedule], ...rest, ...seen, until: request?.until })
      return kind === 'fenced' ? 'conflict' : kind
    },
  })
  const alerts = createAlertRecords({
    ...{ redis, keys },
    commit: async ({ request, ...change }) =>
      (await commit({ ...change, ...seenBy(request, request?.value ?? ''), until: request?.until })).kind,
  })
  const glasses = createGlassRecords({
    ...{ redis, keys },
    commit: async ({ glass, slot, request, id, ...change }) => {
      const records = { glasses: [glass], slots: slot ? [slot] : [] }
      const result = await commit({ ...records, ...change, ...seenBy(request, id), until: request?.until })
      return result.kind === 'fenced' ? { kind: 'conflict' } : result
    },
  })
  const watches = createWatchRecords({
    ...{ redis, keys },
    commit: async ({ watch, effects = [], request }) => {
      const { kind } = await commit({ watches: [watch], effects, ...seenBy(request, watch.id), until: request?.until })
      return kind === 'fenced' ? 'conflict' : kind
    },
  })
  return { schedules, alerts, glasses, watches, triggers: createTriggerRecords({ redis, keys }) }
}
