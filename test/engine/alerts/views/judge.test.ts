import { expect, test } from 'vitest'
import { afterFailure, afterRead, type Known, unknownYet } from '../../../../src/engine/alerts/views/judge.ts'
import type { ConsulRow, Read } from '../../../../src/tools/consul/watch.ts'

const alive = row('serfHealth', 'passing')

function row(check: string, status: ConsulRow['status'], given: Partial<ConsulRow> = {}): ConsulRow {
  const fixed = {
    dc: 'dc1',
    node: 'n1',
    name: check,
    output: '',
    notes: '',
    service: '',
    serviceId: '',
    tags: [],
    index: 1,
  }
  return { ...fixed, check, status, ...given }
}

function read(rows: readonly ConsulRow[], given: Partial<Read> = {}): Read {
  return { rows, index: '7', knownLeader: true, lastContactMs: 0, filtered: false, ...given }
}

/** What is known after a good answer at 1000 and these, one second after the other. */
function after(good: readonly ConsulRow[], ...reads: readonly Read[]): Known {
  return reads.reduce(
    (known, each, at) => afterRead(known, each, 2000 + at * 1000),
    afterRead(unknownYet('dc1'), read(good), 1000),
  )
}

const statuses = ({ view }: Known) =>
  Object.fromEntries([...view.rows.values()].map(({ check, status }) => [check, status]))

test('nothing is known of a datacenter that never answered', () => {
  expect(unknownYet('dc1').view).toEqual({ dc: 'dc1', at: null, rows: new Map(), trouble: null })
})

test('a believable answer is taken as it is, and the same one changes its time only', () => {
  const rows = [alive, row('web', 'critical')]
  const known = after(rows, read(rows))
  expect(known.view.at).toBe(2000)
  expect([...known.view.rows.keys()]).toEqual(['dc1/n1/serfHealth', 'dc1/n1/web'])
  expect(afterRead(known, read(rows), 3000).view.rows).toBe(known.view.rows)
  expect(statuses(afterRead(known, read([alive]), 3000))).toEqual({ serfHealth: 'passing' })
})

const unbelievable: [string, Read, RegExp][] = [
  ['leaderless', read([alive], { knownLeader: false }), /no leader/],
  ['stale', read([alive], { lastContactMs: 10_001 }), /more than 10 s/],
  ['empty', read([]), /not one check of dc1/],
  ['empty', read([row('web', 'passing')]), /not one node of dc1/],
  ['filtered', read([alive], { filtered: true }), /may not read/],
]

test.each(unbelievable)(
  '%s: one such answer changes nothing, the second is trouble, and the rows of before stay',
  (kind, bad, words) => {
    const rows = [alive, row('web', 'critical')]
    const once = after(rows, bad)
    expect(once.view).toEqual(after(rows).view)
    const twice = after(rows, bad, bad)
    expect(twice.view.trouble).toMatchObject({ kind, since: 2000 })
    expect(twice.view.trouble?.why).toMatch(words)
    expect(twice.view.at).toBe(1000)
    expect(statuses(twice)).toEqual({ serfHealth: 'passing', web: 'critical' })
  },
)

test('a server that heard of its leader ten seconds ago is believed', () => {
  expect(after([alive], read([alive], { lastContactMs: 10_000 })).failing).toBeNull()
})

test('trouble is the same object while it lasts, keeps its beginning, and ends with one good answer', () => {
  const long = after([alive], read([]), read([]), read([]))
  expect(long.view.trouble?.since).toBe(2000)
  expect(afterRead(long, read([]), 9000).view.trouble).toBe(long.view.trouble)
  const well = afterRead(long, read([alive]), 9000)
  expect(well.view).toMatchObject({ trouble: null, at: 9000 })
  expect(afterRead(well, read([]), 10_000).view.trouble).toBeNull()
})

test('trouble whose kind changes goes on: without its servers Consul says now this, now that', () => {
  const first = after([alive], read([]), read([]))
  const next = afterFailure(first, { kind: 'agent', why: 'refused' }, 9000)
  expect(next.view.trouble).toEqual({ kind: 'agent', why: 'refused', since: 2000 })
})

test('after a filtered answer, in which something was seen, trouble begins anew', () => {
  const hiding = read([alive], { filtered: true })
  const next = afterFailure(after([alive], hiding, hiding), { kind: 'agent', why: 'refused' }, 9000)
  expect(next.view.trouble).toEqual({ kind: 'agent', why: 'refused', since: 9000 })
})

test('failures and answers that can not be believed count together', () => {
  const known = afterFailure(after([alive], read([])), { kind: 'unreachable', why: 'rpc error' }, 3000)
  expect(known.view.trouble).toEqual({ kind: 'unreachable', why: 'rpc error', since: 2000 })
})

test('a filtered answer makes things worse, never better, and takes nothing away', () => {
  const before = [alive, row('web', 'warning'), row('db', 'critical'), row('hidden', 'critical')]
  const seen = [alive, row('web', 'critical'), row('db', 'passing'), row('new', 'critical')]
  const known = after(before, read(seen, { filtered: true }))
  expect(statuses(known)).toEqual({
    serfHealth: 'passing',
    web: 'critical',
    db: 'critical',
    hidden: 'critical',
    new: 'critical',
  })
  expect(known.view.at).toBe(1000)
  const again = afterRead(known, read(seen, { filtered: true }), 5000)
  expect(again.view.rows).toEqual(known.view.rows)
})

test('after a filtered answer the whole one counts again, even when it is the list of before', () => {
  const before = [alive, row('web', 'passing')]
  const worse = after(before, read([alive, row('web', 'critical')], { filtered: true }))
  expect(statuses(worse).web).toBe('critical')
  expect(statuses(afterRead(worse, read(before), 9000)).web).toBe('passing')
})

test('a datacenter that hides checks from the beginning shows what it shows, and was never known', () => {
  const bad = read([alive, row('web', 'critical')], { filtered: true })
  const known = afterRead(afterRead(unknownYet('dc1'), bad, 1000), bad, 2000)
  expect(statuses(known)).toEqual({ serfHealth: 'passing', web: 'critical' })
  expect(known.view).toMatchObject({ at: null, trouble: { kind: 'filtered', since: 1000 } })
})

test('two checks whose names run together are one fingerprint, and the worse one is seen', () => {
  const sick = row('b/c', 'critical', { node: 'a' })
  const well = row('c', 'passing', { node: 'a/b' })
  expect(statuses(after([alive, sick, well]))).toEqual({ serfHealth: 'passing', 'b/c': 'critical' })
  expect(statuses(after([alive, well, sick]))).toEqual({ serfHealth: 'passing', 'b/c': 'critical' })
})
