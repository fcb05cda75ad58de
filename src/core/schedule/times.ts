import { Cron } from 'croner'
import { UserError } from '../../errors.ts'
import { milliseconds } from '../duration.ts'
import { readZone } from './zone.ts'

/** When: at the times of a cron expression in a zone, or once. */
export type When = { readonly cron: string; readonly tz: string } | { readonly at: number; readonly tz: string }

/** A start that comes this much late is no missed one: bots are restarted, and look once a second. */
const ON_TIME_MS = 60_000

/**
 * The expression, with minutes as the finest. A time of day that does not exist on a day runs at the first moment after it; one that
 * comes twice runs the first time; what has a `*` or a step in its hour or minute follows the real hours. Throws a `UserError` with help.
 */
export function readCron(cron: string, tz: string, now: number): When {
  const when = { cron: cron.trim().replace(/\s+/g, ' '), tz: readZone(tz) }
  const fields = when.cron === '' ? 0 : when.cron.split(' ').length
  if (fields !== 5 && !when.cron.startsWith('@'))
    throw new UserError(`\`${cron}\` is no cron expression: it has ${fields} field${fields === 1 ? '' : 's'}. ${HELP}`)
  try {
    cronOf(when)
  } catch (cause) {
    const said = cause instanceof Error ? cause.message.replace(/^CronPattern: /, '').replaceAll('`', '') : ''
    throw new UserError(`\`${cron}\` is no cron expression (${said}). ${HELP}`, { cause })
  }
  if (nextTimes(when, now, 1).length === 0) throw new UserError(`\`${cron}\` never comes: no day fits it. ${HELP}`)
  return when
}

const HELP =
  'Expected five fields, minute hour day month weekday: `0 9 * * 1-5` is 09:00 from Monday to Friday, `*/30 8-18 * * *` every half hour from 8 to 18.'

/** The next times strictly after a moment. */
export function nextTimes(when: When, after: number, most: number): number[] {
  if ('at' in when) return when.at > after ? [when.at] : []
  return cronOf(when)
    .nextRuns(most, new Date(after))
    .map((date) => date.getTime())
}

/** Of the times from `first` to `now` the last one: of several that were missed, only that one may still run. */
export function latestDue(when: When, first: number, now: number): number {
  if ('at' in when) return first
  const [last] = cronOf(when).previousRuns(1, new Date(now + 1000))
  const at = last?.getTime() ?? first
  return at > first && at <= now ? at : first
}

/** Why a time that comes this late is not run any more, or null. */
export function tooLate(
  due: number,
  { missed, late }: { missed: 'skip' | 'run'; late: string },
  now: number,
): string | null {
  const by = now - due
  if (by <= ON_TIME_MS) return null
  if (missed === 'run')
    return by < milliseconds(late) ? null : `no bot could start it at its time, and it is later than ${late} now`
  return 'no bot could start it at its time, and what was missed is skipped here'
}

function cronOf({ cron, tz }: Extract<When, { cron: string }>): Cron {
  return new Cron(cron, { timezone: tz, paused: true, mode: '5-part', fixedTimeRule: 'no-wildcard' })
}
