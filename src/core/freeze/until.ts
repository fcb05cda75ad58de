import { UserError } from '../../errors.ts'
import { milliseconds } from '../duration.ts'
import { nextClock } from '../schedule/clock.ts'
import { readAt, readZone, wallClock } from '../schedule/zone.ts'

const FORM =
  'Expected a duration (`--until 4h`), a time of day (`--until 18:00`), or a day and a time (`--until "2026-11-24 09:00"`), with `--tz Asia/Tokyo` where it is one of another zone.'

/** Later than anybody plans; times behind it have no date any more. */
const LATEST = Date.parse('9999-12-31T23:59:59Z')

/** When it ends, and the zone that it was said in. */
export type Until = { readonly at: number; readonly zone: string }

type Given = { readonly tz?: string | undefined; readonly usual: string; readonly now: number }

/**
 * Until when something is frozen: `4h`, `18:00` (the next time that a clock shows it), `2026-11-24 09:00`, or that with its zone (`Z`, `+09:00`,
 * `Asia/Tokyo`). Throws a `UserError` for what is none of them, what never comes, and what is past.
 */
export function readUntil(text: string, { tz, usual, now }: Given): Until {
  const bare = text.trim()
  const zone = readZone(tz ?? usual)
  if (/^(\d+[dhms])+$/.test(bare)) return soon({ at: now + milliseconds(bare), zone }, bare)
  if (/^([01]?\d|2[0-3]):[0-5]\d$/.test(bare)) return { at: nextClock(bare.padStart(5, '0'), zone, now), zone }
  const [, day, time, offset = '', named] =
    /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(?::00)?(Z|[+-]\d{2}:\d{2})?(?: ([A-Za-z][\w/+-]*))?$/.exec(bare) ?? []
  if (day === undefined || time === undefined) throw new UserError(`\`${text}\` is no time. ${FORM}`)
  if ([tz, offset || undefined, named].filter((each) => each !== undefined).length > 1)
    throw new UserError(`\`${text}\` has a zone of its own; leave out \`--tz\`, or say only one of them.`)
  if (offset === '') {
    const there = named === undefined ? zone : readZone(named)
    return { at: readAt(`${day} ${time}`, there, now, '--until'), zone: there }
  }
  const at = Date.parse(`${day}T${time}:00${offset}`)
  if (Number.isNaN(at) || wallClock(Date.parse(`${day}T${time}:00Z`), 'UTC') !== `${day} ${time}`)
    throw new UserError(`\`${text}\` is no time. ${FORM}`)
  if (at <= now) throw new UserError(`\`${text}\` is past: it is ${wallClock(now, 'UTC')} UTC now.`)
  return { at, zone }
}

function soon(until: Until, text: string): Until {
  if (until.at <= LATEST) return until
  throw new UserError(`\`${text}\` ends after the year 9999. ${FORM}`)
}
