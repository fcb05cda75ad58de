import { UserError } from '../../errors.ts'

/** Whether this is a time zone by its name in the IANA list (`Asia/Tokyo`, `UTC`). */
export function isZone(tz: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: tz })
    return /^[A-Za-z]/.test(tz) // `+09:00` is an offset: it knows nothing of summer time
  } catch {
    return false
  }
}

/** The zone as it is spelled in the list. Throws a `UserError` with an example for what is none. */
export function readZone(tz: string): string {
  if (isZone(tz)) return spelling(tz)
  throw new UserError(
    `\`${tz}\` is no time zone. Expected a name of the IANA list, such as \`Asia/Tokyo\`, \`Europe/Berlin\` or \`UTC\`.`,
  )
}

/** Zones are found in any case, and then shown as the list has them. Other names of a zone (`Asia/Kolkata`, `Japan`) stay as they are. */
function spelling(tz: string): string {
  const same = [...Intl.supportedValuesOf('timeZone'), 'UTC'].find((name) => name.toLowerCase() === tz.toLowerCase())
  if (same !== undefined) return same
  return tz === tz.toLowerCase() ? new Intl.DateTimeFormat('en', { timeZone: tz }).resolvedOptions().timeZone : tz
}

type Parts = Readonly<Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'weekday', string>>

/** Making one costs a hundred times as much as using it. */
const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(tz: string): Intl.DateTimeFormat {
  const known = formats.get(tz)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: tz,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  formats.set(tz, format)
  return format
}

function partsAt(at: number, tz: string): Parts {
  const format = formatOf(tz)
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value])) as Parts
}

/** `2026-11-23 09:00`, as a clock on the wall there shows it. */
export function wallClock(at: number, tz: string): string {
  const { year, month, day, hour, minute } = partsAt(at, tz)
  return `${year}-${month}-${day} ${hour}:${minute}`
}

/** `Mon 2026-11-23 09:00 Asia/Tokyo (00:00 UTC)`: in its zone and in the one that all messages use. */
export function zonedText(at: number, tz: string): string {
  const local = `${partsAt(at, tz).weekday} ${wallClock(at, tz)}`
  if (tz === 'UTC') return `${local} UTC`
  const utc = wallClock(at, 'UTC')
  return `${local} ${tz} (${local.includes(utc.slice(0, 10)) ? utc.slice(11) : utc} UTC)`
}

/** When a clock on the wall there shows this: never (it was put forward), once, or twice (it was put back), earliest first. */
export function instantsOf(wall: string, tz: string): number[] {
  const asUtc = Date.parse(`${wall.replace(' ', 'T')}:00Z`)
  const day = 86_400_000
  const offsets = [asUtc - day, asUtc, asUtc + day].map(
    (near) => Date.parse(`${wallClock(near, tz).replace(' ', 'T')}:00Z`) - near,
  )
  const candidates = [...new Set(offsets.map((offset) => asUtc - offset))]
  return candidates.filter((at) => wallClock(at, tz) === wall).sort((a, b) => a - b)
}

/** The instant of `--at`, or of another flag, still ahead. Throws a `UserError` for a time that is no time, that never comes, or that is past. */
export function readAt(text: string, tz: string, now: number, flag = '--at'): number {
  const [, date = '', time = ''] = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})$/.exec(text.trim()) ?? []
  const wall = `${date} ${time}`
  const asUtc = Date.parse(`${date}T${time}:00Z`)
  if (Number.isNaN(asUtc) || wallClock(asUtc, 'UTC') !== wall)
    throw new UserError(
      `\`${text}\` is no day and time. Expected \`YYYY-MM-DD HH:MM\`, such as \`${flag} "2026-11-21 09:00"\`.`,
    )
  const [first] = instantsOf(wall, readZone(tz))
  if (first === undefined)
    throw new UserError(
      `${wall} does not exist in ${tz}: clocks are put forward over it. Say an hour earlier or later.`,
    )
  if (first <= now)
    throw new UserError(`${wall} in ${tz} is past: it is ${zonedText(now, tz)} now. Say a time that is still ahead.`)
  return first
}
