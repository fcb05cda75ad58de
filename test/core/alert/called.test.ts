import { expect, test } from 'vitest'
import { acknowledged } from '../../../src/core/alert/deeds.ts'
import { bad, createSky, MINUTE, told } from './sky.ts'

const by = { kind: 'slack', team: 'T01DEMO', user: 'U02BOB' } as const
const rules = [{ name: 'any', mention: ['S01SRE'] }]

/** One check fires, and its message stands. */
function firing(of: object[] = rules) {
  const sky = createSky({ rules: of })
  sky.put(bad())
  sky.round()
  return sky
}

function take(sky: ReturnType<typeof createSky>, minutes: number, who: Parameters<typeof acknowledged>[1]['by'] = by) {
  const done = acknowledged(sky.only(), { by: who, why: null, now: sky.now, until: sky.now + minutes * MINUTE })
  if ('refused' in done) throw new Error(done.refused)
  sky.groups.set(done.group.id, done.group)
}

const called = (sky: ReturnType<typeof createSky>) => sky.only().notes.flatMap(({ mention }) => mention)

test('another check that fires in a message that was over calls those of the rule: nobody is called by an edit', () => {
  const sky = firing()
  sky.put({ check: 'http' })
  sky.round(MINUTE)
  sky.put({ ...bad(), check: 'other' })
  sky.round(MINUTE)
  expect(sky.only().notes.at(-1)).toMatchObject({ what: 'raised', mention: ['S01SRE'] })
})

test('one that fires beside what is silenced calls as well, one more beside what fires does not', () => {
  const sky = firing()
  sky.silence({ check: 'http' }, 60 * MINUTE)
  sky.round(1000)
  sky.put({ ...bad(), check: 'other' })
  sky.round(1000)
  expect(sky.only().notes.at(-1)).toMatchObject({ what: 'raised', mention: ['S01SRE'] })
  sky.put({ ...bad(), check: 'third' })
  sky.round(1000)
  expect(sky.only().notes.at(-1)).toMatchObject({ what: 'raised', mention: [] })
})

test('more beside what somebody has calls that person, and those of the rule where Slack does not know who it was', () => {
  const sky = firing()
  take(sky, 60)
  sky.put({ ...bad(), check: 'other' })
  sky.round(1000)
  expect(called(sky)).toEqual(['U02BOB'])
  take(sky, 60, { kind: 'shell', user: 'root' })
  sky.put({ ...bad(), check: 'third' })
  sky.round(1000)
  expect(called(sky)).toEqual(['U02BOB', 'S01SRE'])
})

test('an acknowledgement that ends under a silence calls nobody; the end of the silence does', () => {
  const sky = firing()
  take(sky, 10)
  sky.silence({ rule: 'any' }, 60 * MINUTE)
  sky.round(1000)
  sky.round(11 * MINUTE)
  expect(sky.only().acknowledged).toBeNull()
  expect(called(sky)).toEqual([])
  sky.round(60 * MINUTE)
  expect(sky.only().notes.at(-1)).toMatchObject({ what: 'silence-ended', mention: ['U01ALICE', 'S01SRE'] })
})

test('an acknowledgement that ends while nothing fires is not told as if it did', () => {
  const sky = createSky({ rules: [{ name: 'any', raise_after: '10m', mention: ['S01SRE'] }] })
  sky.put(bad())
  sky.round()
  sky.round(10 * MINUTE)
  take(sky, 5)
  sky.put({ check: 'http' }, { ...bad(), check: 'young' })
  sky.round(1000)
  sky.round(6 * MINUTE)
  expect(told(sky.only())).toEqual(['acknowledged', 'resolved'])
})

test('a silence that ends in maintenance calls nobody', () => {
  const sky = firing()
  sky.silence({ rule: 'any' }, 10 * MINUTE)
  sky.round(1000)
  sky.put({ check: '_node_maintenance', status: 'critical', notes: 'disk' })
  sky.round(1000)
  sky.round(11 * MINUTE)
  expect(sky.only().state).toBe('maintenance')
  expect(called(sky)).not.toContain('S01SRE')
})

test('of two silences the longer one counts: nobody is told of the end of the other', () => {
  const sky = firing()
  sky.silence({ rule: 'any' }, 60 * MINUTE, 'short')
  sky.round(1000)
  sky.silence({ check: 'http' }, 600 * MINUTE, 'long')
  sky.round(1000)
  sky.round(50 * MINUTE)
  sky.round(11 * MINUTE)
  expect(sky.only().state).toBe('silenced')
  expect(told(sky.only())).toEqual(['silenced', 'silenced'])
})
