import { describe, expect, test } from 'vitest'
import { acknowledged } from '../../../src/core/alert/deeds.ts'
import type { CheckStatus } from '../../../src/core/alert.ts'
import { bad, createSky, MINUTE, told } from './sky.ts'

const by = { kind: 'slack', team: 'T01DEMO', user: 'U02BOB' } as const
const rules = [{ name: 'any', mention: ['S01SRE'] }]

/** One check fires, and its message stands. */
function firing(of: object[] = rules, status: CheckStatus = 'critical', more: object = {}) {
  const sky = createSky({ rules: of, ...more })
  sky.put(bad(status))
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
  const sky = firing(rules, 'warning')
  take(sky, 60)
  sky.put({ ...bad('warning'), check: 'other' })
  sky.round(1000)
  expect(called(sky)).toEqual(['U02BOB'])
  take(sky, 60, { kind: 'shell', user: 'root' })
  sky.put({ ...bad('warning'), check: 'third' })
  sky.round(1000)
  expect(called(sky)).toEqual(['U02BOB', 'S01SRE'])
})

test('more at critical beside what somebody has calls those of the rule too: that is not what he took', () => {
  const sky = firing()
  take(sky, 60)
  sky.put({ ...bad(), check: 'other' })
  sky.round(1000)
  expect(sky.only()).toMatchObject({ state: 'acknowledged', acknowledged: { by } })
  expect(sky.only().notes.at(-1)).toMatchObject({ what: 'raised', mention: ['U02BOB', 'S01SRE'] })
})

test('what somebody has and gets milder stays his and calls nobody; where it gets worse again people are called', () => {
  const sky = firing()
  take(sky, 60)
  sky.put(bad('warning'))
  sky.round(1000)
  expect(sky.states()).toEqual(['any/dc1/critical moved', 'any/dc1/warning acknowledged'])
  const milder = [...sky.groups.values()].find(({ severity }) => severity === 'warning')
  expect(milder?.acknowledged).toMatchObject({ by, until: sky.now - 1000 + 60 * MINUTE })
  expect(milder?.notes).toMatchObject([{ what: 'acknowledged', mention: [], why: 'it was so before it got milder' }])
  sky.round(10 * MINUTE)
  sky.put(bad())
  sky.round(1000)
  const worse = [...sky.groups.values()].find(({ severity }) => severity === 'critical')
  expect(worse).toMatchObject({ state: 'firing', acknowledged: null })
  expect(worse?.notes.at(-1)).toMatchObject({ what: 'again', mention: ['S01SRE'] })
})

test('what got milder beside something that nobody has is not covered', () => {
  const sky = firing()
  take(sky, 60)
  sky.put({ ...bad('warning'), check: 'own' })
  sky.round(1000)
  sky.put(bad('warning'))
  sky.round(1000)
  expect(sky.states()).toEqual(['any/dc1/critical moved', 'any/dc1/warning firing'])
})

describe('many that fail one after the other', () => {
  const notesOf = (sky: ReturnType<typeof createSky>) =>
    sky.only().notes.map(({ what, items }) => [what, items.map(({ label }) => label.replace(/ on .*/, '')).join(' ')])

  test('are told together, at most once in a while, and none is left out', () => {
    const sky = firing(rules, 'critical', { gather: '10s' })
    for (let at = 0; at < 30; at++) {
      sky.put({ ...bad(), check: `c${at}` })
      sky.round(1000)
      expect(sky.round()).toEqual([])
    }
    sky.round(10_000)
    const notes = sky.only().notes
    expect(notes.map(({ what }) => what)).toEqual(['raised', 'raised', 'raised', 'raised'])
    expect(notes.flatMap(({ items }) => items)).toHaveLength(30)
    expect(sky.only().held).toEqual([])
    sky.round(60_000)
    expect(sky.only().notes).toHaveLength(4)
  })

  test('and come back are told in the order in which it was, each once; what people did is told at once with all that waits', () => {
    const sky = firing(rules, 'critical', { gather: '10s' })
    for (const check of ['a', 'b']) {
      sky.put({ ...bad(), check })
      sky.round(1000)
    }
    sky.put({ check: 'b' }, { check: 'a' })
    sky.round(1000)
    expect(notesOf(sky)).toEqual([['raised', 'a']])
    sky.silence({ rule: 'any' }, 60 * MINUTE)
    sky.round(1000)
    expect(notesOf(sky)).toEqual([
      ['raised', 'a'],
      ['raised', 'b'],
      ['resolved', 'a b'],
      ['silenced', 'http'],
    ])
  })

  test('do not keep waiting what calls people: all was well before', () => {
    const sky = firing(rules, 'critical', { gather: '10s' })
    sky.put({ check: 'http' })
    sky.round(1000)
    sky.put(bad())
    sky.round(1000)
    expect(sky.only().notes.map(({ what, mention }) => [what, mention])).toEqual([
      ['resolved', []],
      ['again', ['S01SRE']],
    ])
  })

  test('more than are named are counted', () => {
    const sky = firing(rules, 'critical', { gather: '10s' })
    sky.put({ ...bad(), check: 'first' })
    sky.round(1000)
    for (const half of ['a', 'b']) {
      sky.put(...Array.from({ length: 60 }, (_, at) => ({ ...bad(), check: `${half}${at}` })))
      sky.round(1000)
    }
    sky.round(10_000)
    const items = sky.only().notes.at(-1)?.items ?? []
    expect([items.length, items.at(-1)?.label]).toEqual([51, '… +70 more'])
  })
})

test('a silence over several groups is told of once before it ends, with all that it covers', () => {
  const sky = firing()
  sky.put({ ...bad('warning'), check: 'own' })
  sky.round(1000)
  sky.silence({ rule: 'any' }, 60 * MINUTE)
  sky.round(1000)
  sky.round(50 * MINUTE)
  sky.round(1000)
  const warnings = [...sky.groups.values()].flatMap(({ notes }) => notes.filter(({ what }) => what === 'silence-ends'))
  expect(warnings.map(({ items }) => items.length)).toEqual([2])
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
