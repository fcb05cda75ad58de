import { UserError } from '../../errors.ts'
import { instantsOf, wallClock } from './zone.ts'

const DAY_MS = 86_400_000

/** No clock is ever put forward by more than this many minutes at once. */
const LONGEST_GAP = 24 * 60

/** A time of day as `18:00`. Throws a `UserError` for anything else. */
export function readClock(text: string): string {
  if (/^([01]\d|2[0-3]):[0-5]\d$/.test(text)) return text
  throw new UserError(`\`${text}\` is no time of day. Expected hours and minutes, such as \`18:00\` or \`06:30\`.`)
}

/**
 * The next moment after `now` at which a clock in this zone shows this time. Where clocks are put forward over it, the first moment after
 * the gap; where they are put back, whichever of the two comes next.
 */
export function nextClock(time: string, tz: string, now: number): number {
  for (let day = 0; day <= 3; day++) {
    const date = wallClock(now + day * DAY_MS, tz).slice(0, 10)
    const next = momentsOf(date, time, tz).find((at) => at > now)
    if (next !== undefined) return next
  }
  throw new Error(`${time} never comes in ${tz}.`)
}

function momentsOf(date: string, time: string, tz: string): number[] {
  const from = Date.parse(`${date}T${time}:00Z`)
  for (let minutes = 0; minutes < LONGEST_GAP; minutes++) {
    const wall = wallClock(from + minutes * 60_000, 'UTC')
    const found = instantsOf(wall, tz)
    if (found.length > 0) return minutes === 0 ? found : found.slice(0, 1)
  }
  return []
}
