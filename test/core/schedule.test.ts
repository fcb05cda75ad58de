import { describe, expect, test } from 'vitest'
import type { Schedule } from '../../src/core/schedule.ts'
import {
  describeSchedule,
  fired,
  latestDue,
  nextTimes,
  pause,
  readAt,
  readCron,
  readZone,
  remove,
  resume,
  skipNext,
  timesAhead,
  tooLate,
  zonedText,
} from '../../src/core/schedule.ts'

const at = (text: string) => Date.parse(text)
const NOW = at('2026-11-20T17:40:00Z')
const bob = { kind: 'slack', team: 'T01', user: 'U02BOB' } as const

const times = (cron: string, tz: string, from: string, most: number) =>
  nextTimes(readCron(cron, tz, at(from)), at(from), most).map((time) => new Date(time).toISOString().slice(0, 16))

describe('the times of a cron expression', () => {
  test('are those of its own zone', () => {
    expect(times('0 9 * * 1-5', 'Asia/Tokyo', '2026-11-20T12:00:00Z', 2)).toEqual([
      '2026-11-23T00:00',
      '2026-11-24T00:00',
    ])
  })

  test('run once at the first moment after one that a clock put forward leaves out', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00',
      '2026-03-30T00:30',
    ])
  })

  test('run once, the first time, where a clock put back brings them twice', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ])
    expect(times('0,30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 3)).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T00:30',
      '2026-10-26T01:00',
    ])
  })

  test('keep the hour of the day over the change of the clocks', () => {
    expect(times('0 9 * * *', 'Europe/Berlin', '2026-03-28T00:00:00Z', 2)).toEqual([
      '2026-03-28T08:00',
      '2026-03-29T07:00',
    ])
    expect(times('0 9 * * *', 'America/New_York', '2026-10-31T00:00:00Z', 2)).toEqual([
      '2026-10-31T13:00',
      '2026-11-01T14:00',
    ])
  })

  test('that follow the real hours do so through both changes', () => {
    expect(times('*/30 * * * *', 'Europe/Berlin', '2026-10-25T00:15:00Z', 4)).toEqual([
      '2026-10-25T00:30',
      '2026-10-25T01:00',
      '2026-10-25T01:30',
      '2026-10-25T02:00',
    ])
  })

  test.each([
    ['61 * * * *', /no cron expression.*minute/],
    ['* * *', /no cron expression: it has 3 fields.*Expected five fields/],
    [
      '0 9 * *',
      /^`0 9 \* \*` is no cron expression: it has 4 fields\. Expected five fields, minute hour day month weekday: `0 9 \* \* 1-5`/,
    ],
    ['* * * * * *', /no cron expression/],
    ['every morning', /no cron expression.*`0 9 \* \* 1-5` is 09:00/],
    ['0 0 30 2 *', /never comes/],
  ])('are refused for `%s`, with help', (cron, why) => {
    expect(() => readCron(cron, 'UTC', NOW)).toThrow(why)
  })

  test.each(['Mars/Base', '', '+09:00', 'JST-9'])('are refused in the zone `%s`, with examples', (tz) => {
    expect(() => readCron('0 9 * * *', tz, NOW)).toThrow(/no time zone.*`Asia\/Tokyo`/)
  })
})

describe('--at', () => {
  test('is a day and time in its zone', () => {
    expect(readAt('2026-11-21 09:00', 'Asia/Tokyo', NOW)).toBe(at('2026-11-21T00:00:00Z'))
    expect(zonedText(at('2026-11-21T00:00:00Z'), 'Asia/Tokyo')).toBe('Sat 2026-11-21 09:00 Asia/Tokyo (00:00 UTC)')
    expect(zonedText(at('2026-11-20T23:00:00Z'), 'Asia/Tokyo')).toBe(
      'Sat 2026-11-21 08:00 Asia/Tokyo (2026-11-20 23:00 UTC)',
    )
  })

  test('is refused where it is past, is no time, or never comes', () => {
    expect(() => readAt('2026-11-20 18:00', 'Europe/Berlin', NOW)).toThrow(
      /is past: it is Fri 2026-11-20 18:40 Europe\/Berlin/,
    )
    expect(() => readAt('2026-02-30 09:00', 'UTC', NOW)).toThrow(/no day and time.*`--at "2026-11-21 09:00"`/)
    expect(() => readAt('2027-11-21 24:00', 'UTC', NOW)).toThrow(/no day and time/)
    expect(() => readAt('tomorrow', 'UTC', NOW)).toThrow(/Expected `YYYY-MM-DD HH:MM`/)
    expect(() => readAt('2027-03-28 02:30', 'Europe/Berlin', NOW)).toThrow(
      /does not exist in Europe\/Berlin: clocks are put forward/,
    )
  })

  test('that comes twice is the first of the two', () => {
    expect(readAt('2027-10-31 02:30', 'Europe/Berlin', NOW)).toBe(at('2027-10-31T00:30:00Z'))
  })
})

describe('a time that was missed', () => {
  const hourly = readCron('0 * * * *', 'UTC', NOW)

  test('is only the last one of several', () => {
    expect(latestDue(hourly, at('2026-11-20T12:00:00Z'), NOW)).toBe(at('2026-11-20T17:00:00Z'))
    expect(latestDue(hourly, at('2026-11-20T17:00:00Z'), at('2026-11-20T17:00:00Z'))).toBe(at('2026-11-20T17:00:00Z'))
    expect(latestDue({ at: 5, tz: 'UTC' }, 5, NOW)).toBe(5)
  })

  test('runs as long as it is late by less than the site says, or never', () => {
    const due = NOW - 14 * 60_000
    expect(tooLate(due, { missed: 'run', late: '15m' }, NOW)).toBeNull()
    expect(tooLate(due, { missed: 'run', late: '14m' }, NOW)).toMatch(/later than 14m/)
    expect(tooLate(due, { missed: 'skip', late: '15m' }, NOW)).toMatch(/what was missed is skipped/)
    expect(tooLate(NOW - 60_000, { missed: 'skip', late: '15m' }, NOW)).toBeNull()
  })
})

const daily: Schedule = {
  ...{ id: 'k3f9', version: 1, request: 'r', fixed: false, line: 'loadtest down', environment: 'loadtest', owner: bob },
  ...{
    channel: 'C1',
    when: readCron('0 9 * * *', 'UTC', NOW),
    overlap: 'skip',
    missed: 'skip',
    late: '15m',
    state: 'active',
  },
  ...{ next: at('2026-11-21T09:00:00Z'), firing: null, skipped: null, paused: null, createdAt: NOW, past: [] },
}
const day = (offset: number) => at('2026-11-21T09:00:00Z') + offset * 86_400_000

describe('a schedule', () => {
  const started = { due: day(0), at: day(0), what: 'started', execution: 'x1', why: null } as const

  test('waits for the next time after the one that was done, even where the clock stepped back meanwhile', () => {
    expect(fired(daily, { ...started, at: day(-1) }).next).toBe(day(1))
  })

  test('that runs once is over after it', () => {
    const once: Schedule = { ...daily, when: { at: day(0), tz: 'UTC' } }
    expect(fired(once, started)).toMatchObject({ state: 'over', next: null })
    expect(() => resume({ ...once, state: 'paused' }, day(1))).toThrow(/is over. Add it again/)
  })

  test('skips just the next time, once', () => {
    const skipped = skipNext(daily, bob, NOW)
    expect(timesAhead(skipped, 2)).toEqual([day(1), day(2)])
    expect(() => skipNext(skipped, bob, NOW)).toThrow(/09:00 UTC is skipped already; the one after it is/)
    expect(timesAhead(skipNext({ ...skipped }, bob, day(0) + 1), 1)).toEqual([day(2)])
  })

  test('is not said to rest while a bot starts it', () => {
    const starting: Schedule = { ...daily, firing: { due: day(0), waits: false } }
    for (const change of [() => pause(starting, bob, NOW), () => skipNext(starting, bob, NOW), () => remove(starting)])
      expect(change).toThrow(/is being started just now/)
    expect(pause({ ...starting, firing: { due: day(0), waits: true } }, bob, NOW)).toMatchObject({
      firing: null,
      next: null,
    })
  })

  test('keeps what was skipped through a pause', () => {
    const paused = pause(skipNext(daily, bob, NOW), bob, NOW)
    expect(timesAhead(paused, 3)).toEqual([])
    expect(resume(paused, NOW).next).toBe(day(1))
    expect(() => pause(paused, bob, NOW)).toThrow(/is paused already/)
    expect(() => skipNext(paused, bob, NOW)).toThrow(/has no next time/)
    expect(() => resume(daily, NOW)).toThrow(/only a paused one/)
  })

  test('is shown with its next three times, its owner and its last outcome', () => {
    const text = describeSchedule(
      fired(daily, { ...started, what: 'refused', why: 'You may not.' }, 'You may not.'),
      null,
    )
    expect(text.join('\n')).toMatch(/`k3f9` \*paused\*: `loadtest down` at `0 9 \* \* \*` UTC, of @U02BOB/)
    expect(text.join('\n')).toMatch(/paused, since it was refused: You may not\./)
    const active = describeSchedule(daily, null).join('\n')
    expect(active.match(/09:00 UTC/g)).toHaveLength(3)
    expect(active).toContain('last: none yet')
  })
})

test('a zone is spelled as the list has it, however it was typed', () => {
  expect(['asia/tokyo', 'EUROPE/berlin', 'utc', 'Asia/Tokyo', 'Asia/Kolkata'].map(readZone)).toEqual([
    'Asia/Tokyo',
    'Europe/Berlin',
    'UTC',
    'Asia/Tokyo',
    'Asia/Kolkata',
  ])
  expect(() => readZone('Asia/Tokio')).toThrow(/no time zone/)
})
