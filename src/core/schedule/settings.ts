import { z } from 'zod'
import { isDuration } from '../command/schema.ts'
import { isZone } from './zone.ts'

const name = z.string().regex(/^[a-z][a-z0-9_-]*$/, { error: 'expected a name of lower-case letters, digits, - and _' })
const duration = z.string().refine(isDuration, { error: 'expected a duration such as 15m or 1h' })
const zone = z.string().refine(isZone, { error: 'expected a time zone such as Asia/Tokyo' })

/** One person: whose rights a schedule of the site file has. */
const person = z.string().regex(/^((T[A-Z0-9]+\/)?[UW][A-Z0-9]+|shell:[a-z_][a-z0-9_-]*)$/, {
  error: 'expected a Slack user id (U01ALICE, never a name) or shell:<unix user>',
})

/** What a schedule does when its time came while no bot was there (`missed`, `late`), and while its last run goes on (`overlap`). */
export const overlaps = ['skip', 'queue', 'replace'] as const
export const misses = ['skip', 'run'] as const

/** What holds for every schedule that says nothing else, and those that stand in the site file. */
export const scheduleSettings = z.strictObject({
  missed: z.enum(misses).default('skip'),
  late: duration.default('15m'),
  overlap: z.enum(overlaps).default('skip'),
  /** The time zone where none is said. */
  tz: zone.default('UTC'),
  fixed: z
    .record(
      name,
      z.strictObject({
        line: z.string().min(1),
        cron: z.string(),
        tz: zone.optional(),
        owner: person,
        channel: name.optional(),
        missed: z.enum(misses).optional(),
        late: duration.optional(),
        overlap: z.enum(overlaps).optional(),
      }),
    )
    .default({}),
})
