import { expect, test } from 'vitest'
import { advance } from '../../src/core/advance.ts'
import { recordsOf } from '../../src/core/audit/records.ts'
import { auditText, isAskedFor } from '../../src/core/audit.ts'
import type { EnvironmentRecord } from '../../src/core/environment.ts'
import { newEnvironment } from '../../src/core/environment.ts'
import type { Event } from '../../src/core/event.ts'
import { newExecution } from '../../src/core/execution.ts'
import { APPLY, alice, begin, bob, carol, PLAN, START, told, wanted } from '../core/world.ts'
import { chainOf } from './lines.ts'

const worker = { id: 'w1', machine: 'm1', host: 'builder-1' }

/** Everything that a story of events leaves behind, from the request on. */
function recorded(...events: Event[]) {
  const environment = newEnvironment('loadtest')
  const execution = newExecution(wanted(), START)
  const first = advance({ execution, environment }, { type: 'requested' }, START)
  const records = recordsOf({ execution: null, environment }, first, { type: 'requested' })
  let world = { execution: first.execution, environment: first.environment }
  for (const [at, event] of events.entries()) {
    const next = advance(world, event, START + at)
    if (!next.changed) throw new Error(`${event.type} changed nothing: ${next.refused}`)
    records.push(...recordsOf(world, next, event))
    world = next
  }
  return records
}

const ran = (stage: string, output = {}): Event[] => [
  { type: 'stage.started', stage, attempt: 1, worker },
  { type: 'stage.ended', stage, attempt: 1, outcome: { kind: 'succeeded', output } },
]
const planned = ran(PLAN, { needsApply: true, digest: 'd1' })
const approved: Event = {
  type: 'judged',
  judgment: { stage: 'judgment', decision: 'approved', by: carol, at: START, digest: 'd1', reason: 'fine' },
}

test('the main job leaves every step of it, by immutable ids', () => {
  const records = recorded(...planned, approved, ...ran(APPLY, { empty: false }), ...ran('health'))
  const told = records.map(({ kind, stage, outcome }) => [kind, stage, outcome].filter(Boolean).join(' '))
  expect(told).toEqual([
    'stored',
    'locked',
    `started ${PLAN}`,
    `ended ${PLAN} succeeded`,
    'judged judgment',
    `started ${APPLY}`,
    `ended ${APPLY} succeeded`,
    'started health',
    'ended health succeeded',
    'finished succeeded',
    'unlocked',
  ])
  const [stored] = records
  expect(stored).toEqual({
    kind: 'stored',
    who: 'T01TEAM/U01ALICE',
    line: 'loadtest up small',
    execution: 'r1',
    environment: 'loadtest',
  })
  const judged = records.find(({ kind }) => kind === 'judged')
  expect(judged).toMatchObject({ who: 'T01TEAM/U03CAROL', decision: 'approved', digest: 'd1', why: 'fine' })
  expect(records.filter(({ kind }) => kind === 'started').map((entry) => entry.worker)).toEqual(['w1', 'w1', 'w1'])
  expect(records.every(({ environment, execution }) => environment === 'loadtest' && execution === 'r1')).toBe(true)
})

test('a failure says why, and a rejection by whom', () => {
  const failed = recorded(...planned, approved, ...ran(APPLY).slice(0, 1), {
    type: 'stage.ended',
    stage: APPLY,
    attempt: 1,
    outcome: { kind: 'failed', error: 'quota reached' },
  })
  expect(failed).toContainEqual(expect.objectContaining({ kind: 'ended', outcome: 'failed', why: 'quota reached' }))
  expect(failed).toContainEqual(expect.objectContaining({ kind: 'finished', outcome: 'failed' }))
  const rejected = recorded(...planned, {
    type: 'judged',
    judgment: { stage: 'judgment', decision: 'rejected', by: bob, at: START, digest: 'd1', reason: 'too big' },
  })
  expect(rejected.slice(-3)).toMatchObject([
    { kind: 'judged', who: 'T01TEAM/U02BOB', decision: 'rejected', why: 'too big' },
    { kind: 'finished', outcome: 'failed', why: 'rejected' },
    { kind: 'unlocked', who: 'T01TEAM/U01ALICE' },
  ])
})

test('a cancel, a lost worker, an adoption and a leave are each recorded', () => {
  const start: Event = { type: 'stage.started', stage: APPLY, attempt: 1, worker }
  const lost: Event = { type: 'stage.lost', stage: APPLY, attempt: 1, why: 'gone', repeatable: false }
  const records = recorded(...planned, approved, start, lost, { type: 'left', by: carol })
  expect(records).toContainEqual(expect.objectContaining({ kind: 'lost', why: 'gone', outcome: 'unknown' }))
  expect(records.slice(-3)).toMatchObject([
    { kind: 'left', who: 'T01TEAM/U03CAROL' },
    { kind: 'finished', outcome: 'unknown', why: 'left' },
    { kind: 'unlocked' },
  ])
  const canceled = recorded(...planned, approved, start, { type: 'cancel', by: bob, why: '', force: false })
  expect(canceled.at(-1)).toMatchObject({ kind: 'canceled', who: 'T01TEAM/U02BOB' })
  const second = { ...worker, id: 'w2' }
  const adopted = recorded(...planned, approved, start, lost, {
    type: 'stage.adopted',
    stage: APPLY,
    attempt: 1,
    worker: second,
    from: 'w1',
  })
  expect(adopted.at(-1)).toMatchObject({ kind: 'adopted', worker: 'w2', why: 'w1 is gone' })
})

test('the lock that passes to the next in the queue is given back by one and taken by the other', () => {
  const first = begin()
  const second = advance(
    { execution: newExecution(wanted({ id: 'r2', actor: bob }), START), environment: first.environment },
    { type: 'requested' },
    START,
  )
  const world = { execution: first.execution, environment: second.environment }
  const cancel: Event = { type: 'cancel', by: alice, why: '', force: false }
  const after = told({ ...world, now: START }, cancel)
  expect(recordsOf(world, after, cancel).slice(-2)).toMatchObject([
    { kind: 'unlocked', execution: 'r1', who: 'T01TEAM/U01ALICE' },
    { kind: 'locked', execution: 'r2', who: 'T01TEAM/U02BOB' },
  ])
})

test('more time is recorded by whom and until when', () => {
  const lifetime = {
    id: 'r1',
    execution: 'r1',
    channel: null,
    startedAt: START,
    endsAt: START,
    askers: [],
    approvers: [],
    lineage: null,
    warned: false,
    ending: null,
    extendedBy: [],
  }
  const before: EnvironmentRecord = { ...newEnvironment('loadtest'), lifetime }
  const longer = { ...lifetime, id: 'r1-x1', endsAt: START + 3_600_000, extendedBy: [bob] }
  const [extended, ...more] = recordsOf(
    { execution: null, environment: before },
    { execution: null, environment: { ...before, lifetime: longer } },
    null,
  )
  expect(extended).toMatchObject({ kind: 'extended', who: 'T01TEAM/U02BOB', until: '2026-11-20T18:40:00.000Z' })
  expect(more).toEqual([])
})

test('a line reads as a sentence with the person, and nothing in it can break out of its quotes', () => {
  const [line] = chainOf(1)
  if (!line) throw new Error('no line')
  expect(auditText(line)).toContain('*asked* @U01ALICE `command 1`')
  const nasty = { ...line, entry: { ...line.entry, line: 'a`b <!channel>' } }
  expect(auditText(nasty)).toContain("`a'b <!channel>`")
})

test.each([
  [{ who: 'U01ALICE' }, true],
  [{ who: 'T01TEAM/U01ALICE' }, true],
  [{ who: 'LICE' }, false],
  [{ who: 'U02BOB' }, false],
  [{ environment: 'loadtest' }, false],
  [{ since: 1_000_000 }, true],
  [{ since: 1_000_001 }, false],
])('a query finds what it asks for: %o', (query, found) => {
  const [line] = chainOf(1)
  expect(line && isAskedFor(line, { limit: 1, ...query })).toBe(found)
})
