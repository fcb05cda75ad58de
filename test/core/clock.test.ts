import { describe, expect, test } from 'vitest'
import { nextClock, readClock } from '../../src/core/schedule/clock.ts'

const at = (text: string) => Date.parse(text)
const next = (time: string, zone: string, now: string) =>
  new Date(nextClock(time, zone, at(now))).toISOString().slice(0, 16)

describe('the next time that a clock shows', () => {
  test.each([
    ['18:00', 'Asia/Tokyo', '2026-11-21T08:59:00Z', '2026-11-21T09:00'],
    ['18:00', 'Asia/Tokyo', '2026-11-21T09:00:00Z', '2026-11-22T09:00'],
    ['00:00', 'Asia/Tokyo', '2026-11-21T14:59:59Z', '2026-11-21T15:00'],
    ['06:30', 'UTC', '2026-12-31T23:00:00Z', '2027-01-01T06:30'],
    ['18:00', 'Pacific/Kiritimati', '2026-11-21T03:59:00Z', '2026-11-21T04:00'],
    ['18:00', 'America/Adak', '2026-11-21T03:59:00Z', '2026-11-21T04:00'],
  ])('%s %s, seen from %s', (time, zone, now, then) => {
    expect(next(time, zone, now)).toBe(then)
  })

  test('is the first moment after a gap that it falls into', () => {
    // Berlin puts its clocks from 02:00 to 03:00 on 2027-03-28, at 01:00 UTC.
    expect(next('02:30', 'Europe/Berlin', '2027-03-27T20:00:00Z')).toBe('2027-03-28T01:00')
    expect(next('02:30', 'Europe/Berlin', '2027-03-28T01:00:00Z')).toBe('2027-03-29T00:30')
    expect(next('03:30', 'Europe/Berlin', '2027-03-27T20:00:00Z')).toBe('2027-03-28T01:30')
  })

  test('is whichever of two comes next, where clocks are put back', () => {
    // Berlin has 02:00 to 03:00 twice on 2026-10-25: from 00:00 and from 01:00 UTC.
    expect(next('02:30', 'Europe/Berlin', '2026-10-24T20:00:00Z')).toBe('2026-10-25T00:30')
    expect(next('02:30', 'Europe/Berlin', '2026-10-25T00:30:00Z')).toBe('2026-10-25T01:30')
    expect(next('02:30', 'Europe/Berlin', '2026-10-25T01:30:00Z')).toBe('2026-10-26T01:30')
  })

  test.each(['24:00', '9:00', '09:60', '9am', ''])('%j is refused', (text) => {
    expect(() => readClock(text)).toThrow(/is no time of day.*18:00/)
  })
})
