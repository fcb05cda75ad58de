import { describe, expect, test } from 'vitest'
import { zonedText } from '../../src/core/schedule/zone.ts'
import { siteSchema } from '../../src/core/site.ts'
import type { Window } from '../../src/core/window.ts'
import { isOpen, nextOpening } from '../../src/core/window.ts'
import { written } from './sample-site.ts'

const office: Window = { days: ['mon-fri'], from: '09:00', to: '18:00', zone: 'Asia/Tokyo' }
const night: Window = { days: ['fri'], from: '22:00', to: '02:00', zone: 'Asia/Tokyo' }
const at = (text: string) => Date.parse(text)
const opens = (windows: Window[], text: string) => {
  const next = nextOpening(windows, at(text))
  return next && zonedText(next.at, next.zone)
}

test.each([
  ['2026-11-20T00:00:00Z', true, 'on Friday at 09:00 of its zone'],
  ['2026-11-19T23:59:59Z', false, 'a second before'],
  ['2026-11-20T08:59:59Z', true, 'a second before 18:00'],
  ['2026-11-20T09:00:00Z', false, 'at 18:00'],
  ['2026-11-21T01:00:00Z', false, 'on Saturday'],
])('%s: open is %s, %s', (time, open) => expect(isOpen([office], at(time))).toBe(open))

test('no windows: always open', () => expect(isOpen([], 0)).toBe(true))

test('it says when it opens next, over a weekend and on the clocks of its zone', () => {
  expect(opens([office], '2026-11-20T09:00:00Z')).toBe('Mon 2026-11-23 09:00 Asia/Tokyo (00:00 UTC)')
  expect(opens([night, office], '2026-11-20T09:00:00Z')).toBe('Fri 2026-11-20 22:00 Asia/Tokyo (13:00 UTC)')
})

test('over midnight it belongs to the day on which it opens', () => {
  expect(isOpen([night], at('2026-11-20T16:59:59Z'))).toBe(true) // Saturday 01:59
  expect(isOpen([night], at('2026-11-20T17:00:00Z'))).toBe(false)
  expect(isOpen([night], at('2026-11-19T16:00:00Z'))).toBe(false) // Friday 01:00, of a Thursday that is not in it
})

test('the whole day is from 00:00 to 24:00', () => {
  const day: Window = { days: ['sat'], from: '00:00', to: '24:00', zone: 'UTC' }
  expect(isOpen([day], at('2026-11-21T23:59:59Z'))).toBe(true)
  expect(isOpen([day], at('2026-11-22T00:00:00Z'))).toBe(false)
})

describe('when clocks change', () => {
  const berlin = (from: string, to: string): Window => ({ days: ['sat-sun'], from, to, zone: 'Europe/Berlin' })

  test('a time that clocks are put forward over is the moment after it', () => {
    // 29 March 2026: 02:00 becomes 03:00, which is 01:00 UTC.
    const window = berlin('02:30', '05:00')
    expect(nextOpening([window], at('2026-03-28T20:00:00Z'))?.at).toBe(at('2026-03-29T01:00:00Z'))
    expect(isOpen([window], at('2026-03-29T00:59:59Z'))).toBe(false)
    expect(isOpen([window], at('2026-03-29T02:59:59Z'))).toBe(true)
    expect(isOpen([window], at('2026-03-29T03:00:00Z'))).toBe(false)
  })

  test('one that lies wholly in that hour does not open, and the next one does', () => {
    expect(nextOpening([berlin('02:10', '02:50')], at('2026-03-28T20:00:00Z'))?.at).toBe(at('2026-04-04T00:10:00Z'))
  })

  test('a time that comes twice is the first one, so that it is never open for longer than is written', () => {
    // 25 October 2026: 03:00 becomes 02:00 again, at 01:00 UTC.
    const window = berlin('22:00', '02:30')
    expect(isOpen([window], at('2026-10-25T00:29:59Z'))).toBe(true)
    expect(isOpen([window], at('2026-10-25T00:30:00Z'))).toBe(false)
    expect(isOpen([window], at('2026-10-25T01:15:00Z'))).toBe(false) // 02:15 for the second time
    expect(nextOpening([berlin('02:30', '04:00')], at('2026-10-24T20:00:00Z'))?.at).toBe(at('2026-10-25T00:30:00Z'))
  })
})

describe('in the site', () => {
  const siteWith = (change: object) => {
    const { loadtest } = written.environments
    return siteSchema.safeParse({ ...written, environments: { loadtest: { ...loadtest, ...change } } })
  }
  const said = (change: object) =>
    siteWith(change).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)

  test('what is right is kept as it is written', () => {
    const { data } = siteWith({ windows: [office], outside_window: ['leads'] })
    expect(data?.environments.loadtest).toMatchObject({ windows: [office], outside_window: ['leads'] })
  })

  test.each([
    [{ windows: [{ ...office, days: ['monday'] }] }, /windows\.0\.days\.0: expected a day or a range/],
    [{ windows: [{ ...office, from: '9:00' }] }, /windows\.0\.from: expected a time of day/],
    [{ windows: [{ ...office, from: '24:00' }] }, /windows\.0\.from: expected a time of day/],
    [{ windows: [{ ...office, to: '09:00' }] }, /windows\.0: begins and ends at the same time/],
    [{ windows: [{ ...office, zone: 'Tokyo' }] }, /windows\.0\.zone: expected a time zone/],
    [{ outside_window: ['nobody'] }, /outside_window: names the role nobody/],
  ])('%j is refused', (change, why) => expect(said(change)?.join()).toMatch(why))
})
