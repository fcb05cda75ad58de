import { z } from 'zod'
import { isZone } from '../schedule/zone.ts'
import { readDays } from './days.ts'

const day = z
  .string()
  .refine((text) => readDays(text) !== null, { error: 'expected a day or a range of days (mon, sat, mon-fri)' })

const CLOCK = { error: 'expected a time of day such as "09:00"' }
const from = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, CLOCK)
const to = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, CLOCK)

/** A time in which an environment may be changed: on these days from `from` to `to` in a zone, over midnight where `to` is not after `from`. */
export const windowSettings = z
  .strictObject({
    days: z.array(day).min(1).default(['mon-sun']),
    from,
    to,
    zone: z.string().refine(isZone, { error: 'expected a time zone such as Asia/Tokyo' }),
  })
  .refine((window) => window.from !== window.to, {
    error: 'begins and ends at the same time: for a whole day write from "00:00" to "24:00"',
  })
