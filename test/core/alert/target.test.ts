import { expect, test } from 'vitest'
import { factsOf, monitorsAmong } from '../../../src/core/alert/facts.ts'
import type { Observed } from '../../../src/core/alert/observed.ts'
import { like } from '../../../src/core/alert/route.ts'
import { alertSettings } from '../../../src/core/alert/settings.ts'
import { signalsOf } from '../../../src/core/alert/signals.ts'
import { targetOf } from '../../../src/core/alert/target.ts'
import type { CheckRow } from '../../../src/core/alert.ts'
import { fingerprintOf } from '../../../src/core/alert.ts'
import { rowOf } from './sky.ts'

const settingsWith = (...rules: object[]) => alertSettings.parse({ channel: 'alerts', rules })
const rowsOf = (...rows: CheckRow[]) => new Map(rows.map((row) => [fingerprintOf(row), row]))

const observed = (settings: Observed['settings'], rows: ReadonlyMap<string, CheckRow>): Observed => ({
  ...{ settings, agent: null, watched: ['dc1'], monitors: [], tests: [], now: 1_000_000 },
  datacenters: new Map([['dc1', { dc: 'dc1', at: 1_000_000, rows, trouble: null }]]),
})

test('the same answer, judged by the rules of another site, belongs where those say', () => {
  const rows = rowsOf(rowOf({ check: 'disk', status: 'critical' }))
  const first = signalsOf(observed(settingsWith({ name: 'one' }), rows))
  const second = signalsOf(observed(settingsWith({ name: 'two', severity: 'info' }), rows))
  expect([...first.groups.keys()]).toEqual(['["one","dc1","critical"]'])
  expect([...second.groups.keys()]).toEqual(['["two","dc1","info"]'])
})

test('a row that changed is judged anew, and all of one group have the very same target', () => {
  const settings = settingsWith(
    { name: 'quiet', check: 'scratch-*', alert: false },
    { name: 'any', raise_after: '90s' },
  )
  const [warning, critical] = [rowOf({ check: 'a', status: 'warning' }), rowOf({ check: 'a', status: 'critical' })]
  const other = rowOf({ check: 'b', status: 'critical' })
  expect(targetOf(settings, warning, 'warning')).toEqual({ rule: 'any', severity: 'warning', raiseAfter: 90_000 })
  expect(targetOf(settings, critical, 'critical')?.severity).toBe('critical')
  expect(targetOf(settings, other, 'critical')).toBe(targetOf(settings, critical, 'critical'))
  const scratch = rowOf({ check: 'scratch-1', status: 'critical' })
  expect([targetOf(settings, scratch, 'critical'), targetOf(settings, scratch, 'critical')]).toEqual([null, null])
})

test('a test of a rule joins what fires by it, and the answer of Consul stays as it was', () => {
  const settings = settingsWith({ name: 'any' })
  const rows = rowsOf(rowOf({ dc: '(test)', check: 'disk', status: 'critical' }))
  const view = { dc: '(test)', at: 1, rows, trouble: null }
  const by = { kind: 'slack', team: 'T01DEMO', user: 'U01ALICE' } as const
  const seen = { ...observed(settings, rows), datacenters: new Map([['(test)', view]]) }
  const tests = [{ id: 't1', rule: 'any', status: 'critical' as const, by, until: 2_000_000 }]
  const sizes = [seen, { ...seen, tests }, seen].map((each) =>
    [...signalsOf(each).groups.values()].map((group) => group.size),
  )
  expect(sizes).toEqual([[1], [2], [1]])
})

test('what is worked out of an answer is of that answer, and monitors are those that the site names', () => {
  const watcher = rowOf({ check: 'status', service: 'watcher' })
  const [one, two] = [rowsOf(watcher), rowsOf(watcher, rowOf({ check: 'serfHealth', status: 'critical' }))]
  expect([factsOf({ rows: one }).dead.size, factsOf({ rows: two }).dead.size]).toEqual([0, 1])
  expect(monitorsAmong({ monitors: ['watcher'] }, { rows: one })).toEqual([watcher])
  expect(monitorsAmong({ monitors: ['another'] }, { rows: one })).toEqual([])
})

test('more patterns than are remembered still mean what they say', () => {
  for (let number = 0; number < 1_200; number++) {
    expect(like(`web-${number}-*`, `web-${number}-a`)).toBe(true)
    expect(like(`web-${number}-*`, `web-${number}x`)).toBe(false)
  }
  expect(like('web-0-*', 'web-0-a')).toBe(true)
})
