import { describe, expect, test } from 'vitest'
import { readUntil } from '../../src/core/freeze/until.ts'

const now = Date.parse('2026-11-20T17:40:00Z')
const until = (text: string, tz?: string, usual = 'UTC') => {
  const { at, zone } = readUntil(text, { tz, usual, now })
  return `${new Date(at).toISOString().slice(0, 16)} ${zone}`
}

describe('until when', () => {
  test.each([
    ['4h', undefined, '2026-11-20T21:40 UTC'],
    [' 1h30m ', 'asia/tokyo', '2026-11-20T19:10 Asia/Tokyo'],
    ['18:00', undefined, '2026-11-20T18:00 UTC'],
    ['9:00', 'Asia/Tokyo', '2026-11-21T00:00 Asia/Tokyo'],
    ['17:40', undefined, '2026-11-21T17:40 UTC'],
    ['2026-11-24 09:00', 'Asia/Tokyo', '2026-11-24T00:00 Asia/Tokyo'],
    ['2026-11-24 09:00 Asia/Tokyo', undefined, '2026-11-24T00:00 Asia/Tokyo'],
    ['2026-11-24T09:00:00+09:00', undefined, '2026-11-24T00:00 UTC'],
    ['2026-11-24T09:00Z', undefined, '2026-11-24T09:00 UTC'],
    ['2027-10-31 02:30', 'Europe/Berlin', '2027-10-31T00:30 Europe/Berlin'],
  ])('%s in %s', (text, tz, wanted) => expect(until(text, tz)).toBe(wanted))

  test('without a zone it is the one of the site', () =>
    expect(until('2026-11-24 09:00', undefined, 'Asia/Tokyo')).toBe('2026-11-24T00:00 Asia/Tokyo'))

  test.each([
    ['tomorrow', undefined, /`tomorrow` is no time\. Expected a duration \(`--until 4h`\)/],
    ['2026-11-24', undefined, /is no time\. .*a day and a time/],
    ['24/11/2026 09:00', undefined, /is no time/],
    ['2027-02-30 09:00', undefined, /no day and time.*--until/],
    ['2027-02-30T09:00Z', undefined, /is no time/],
    ['2026-11-24T09:00+99:00', undefined, /is no time/],
    ['0h', undefined, /not a duration/],
    ['999999d'.repeat(4), undefined, /after the year 9999/],
    ['2026-11-20 17:40', undefined, /is past/],
    ['2026-11-20T18:00+09:00', undefined, /is past/],
    ['2027-03-28 02:30', 'Europe/Berlin', /does not exist in Europe\/Berlin/],
    ['2026-11-24T09:00Z', 'Asia/Tokyo', /has a zone of its own/],
    ['2026-11-24 09:00 foo', undefined, /`foo` is no time zone/],
    ['4h', 'Nowhere/Land', /`Nowhere\/Land` is no time zone/],
  ])('%s in %s is refused', (text, tz, why) => expect(() => until(text, tz)).toThrow(why))
})
