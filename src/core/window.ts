import { instantsOf, wallClock } from './schedule/zone.ts'
import { readDays } from './window/days.ts'

/** On these days (`mon-fri`) from `from` to `to` on the clocks of a zone; a day is the one on which it opens. Plain JSON, as the site has it. */
export type Window = {
  readonly days: readonly string[]
  readonly from: string
  readonly to: string
  readonly zone: string
}

/** When it opens next, and on whose clocks that is said. */
export type Opening = { readonly at: number; readonly zone: string }

const DAY = 86_400_000

/** A week, and a few days more where a window falls into the hour that clocks are put forward over. */
const DAYS_AHEAD = 22

/** Whether what changes may begin now. No windows: always. */
export function isOpen(windows: readonly Window[], now: number): boolean {
  return windows.length === 0 || windows.some((window) => timesOf(window, now, 1).some((each) => isIn(each, now)))
}

/** When the first of the windows opens after now; null where none ever does. */
export function nextOpening(windows: readonly Window[], now: number): Opening | null {
  const ahead = windows.flatMap((window) => {
    const first = timesOf(window, now, DAYS_AHEAD).find(({ opens }) => opens > now)
    return first ? [{ at: first.opens, zone: window.zone }] : []
  })
  return ahead.sort((one, other) => one.at - other.at)[0] ?? null
}

type Span = { readonly opens: number; readonly closes: number }

const isIn = ({ opens, closes }: Span, now: number) => opens <= now && now < closes

/**
 * The times at which it is open, from the one that began yesterday to those of some days ahead, in order. A clock time that comes twice is
 * the first one; one that clocks are put forward over is the moment after it. So no window opens twice in a night.
 */
function timesOf({ days, from, to, zone }: Window, now: number, ahead: number): Span[] {
  const weekdays = new Set(days.flatMap((each) => readDays(each) ?? []))
  const today = Date.parse(`${wallClock(now, zone).slice(0, 10)}T00:00Z`)
  return Array.from({ length: ahead + 2 }, (_, index) => today + (index - 1) * DAY)
    .filter((date) => weekdays.has(new Date(date).getUTCDay()))
    .map((date) => ({ opens: instantOf(date, from, zone), closes: instantOf(to > from ? date : date + DAY, to, zone) }))
    .filter(({ opens, closes }) => opens < closes)
}

function instantOf(date: number, time: string, zone: string): number {
  const day = time === '24:00' ? date + DAY : date
  const wall = `${new Date(day).toISOString().slice(0, 10)} ${time === '24:00' ? '00:00' : time}`
  return instantsOf(wall, zone)[0] ?? afterGap(wall, zone)
}

const MINUTE = 60_000

/** The first moment at which a clock on the wall shows more than a time that it never shows. */
function afterGap(wall: string, zone: string): number {
  const middle = Date.parse(`${wall.replace(' ', 'T')}:00Z`)
  let [before, after] = [middle - DAY, middle + DAY]
  while (after - before > MINUTE) {
    const half = before + Math.floor((after - before) / 2 / MINUTE) * MINUTE
    if (wallClock(half, zone) > wall) after = half
    else before = half
  }
  return after
}
