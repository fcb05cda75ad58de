import { expect, test } from 'vitest'
import { bad, createSky, MINUTE, told } from './sky.ts'

const rules = [{ name: 'any', mention: ['S01SRE'] }]

test('one that goes to and fro between warning and critical is told as flapping once, in each of the two', () => {
  const sky = createSky({ rules })
  const swing = (times: number) => {
    for (let at = 0; at < times; at++) {
      sky.put(bad(at % 2 ? 'critical' : 'warning'))
      sky.round(MINUTE / 2)
    }
  }
  swing(20)
  const noted = () => [...sky.groups.values()].map((group) => group.noted)
  const before = noted()
  expect([...sky.groups.values()].map((group) => told(group).filter((what) => what === 'flapping').length)).toEqual([
    1, 1,
  ])
  swing(40)
  expect(noted()).toEqual(before)
  sky.round(10 * MINUTE)
  expect(told([...sky.groups.values()][1] as never).at(-1)).toBe('steady')
})

test('what comes back to a group that it left alone for long enough calls again', () => {
  const sky = createSky({ rules, reopen: '1d' })
  for (let at = 0; at < 20; at++) {
    sky.put(bad(at % 2 ? 'critical' : 'warning'))
    sky.round(MINUTE / 2)
  }
  sky.round(11 * MINUTE)
  sky.put(bad('warning'))
  sky.round(MINUTE)
  expect([...sky.groups.values()][0]?.notes.at(-1)).toMatchObject({ what: 'again', mention: ['S01SRE'] })
})

test('once it is steady, one recovery is a recovery and no flapping', () => {
  const sky = createSky({ rules })
  for (let at = 0; at < 7; at++) {
    sky.put(at % 2 ? { check: 'http' } : bad())
    sky.round(MINUTE)
  }
  sky.round(10 * MINUTE)
  sky.put({ check: 'http' })
  sky.round(MINUTE)
  expect(sky.only().state).toBe('resolved')
  expect(told(sky.only())).toEqual(['resolved', 'again', 'resolved', 'again', 'flapping', 'steady', 'resolved'])
})
