import { expect, test } from 'vitest'
import { retryOf } from '../../src/core/retry.ts'
import {
  APPLY,
  applying,
  begin,
  ends,
  HOUR,
  judged,
  PLAN,
  runs,
  stage,
  stale,
  states,
  succeeded,
  told,
  up,
  upStages,
  waiting,
} from './world.ts'

const failed = { kind: 'failed', error: 'half' } as const
const ids = ({ stages }: ReturnType<typeof retryOf>) => stages.map(({ id }) => id)

test('an apply that failed is planned and judged anew: neither plan nor approval is used twice', () => {
  const retry = retryOf(ends(applying(), APPLY, failed).execution)
  expect(ids(retry)).toEqual([PLAN, 'judgment', APPLY, 'health'])
  expect(retry.stages[0]?.after).toEqual([])
  expect(retry.kept).toEqual([])
})

test('a health check that failed is made again alone', () => {
  const sick = runs(ends(applying(), APPLY, succeeded({ lineage: 'L1' })), 'health', failed)
  const retry = retryOf(sick.execution)
  expect(ids(retry)).toEqual(['health'])
  expect(retry.stages[0]).toEqual({ id: 'health', kind: 'health', input: {}, after: [], onFailure: 'halt' })
  expect(retry.kept).toEqual([PLAN, 'judgment', APPLY])
})

test('what was rejected is shown anew', () => {
  expect(ids(retryOf(judged(waiting(), 'rejected').execution))).toEqual([PLAN, 'judgment', APPLY, 'health'])
})

test.each([
  ['succeeded', () => up().execution, /nothing to run again/],
  ['still waits', () => waiting().execution, /not over/],
  [
    'stands at unknown',
    () => ends(applying(), APPLY, { kind: 'unknown', why: 'x' }).execution,
    /choose on its message/,
  ],
  ['has a stale plan, which is planned again by itself', () => ends(applying(), APPLY, stale).execution, /not over/],
])('what %s is not retried', (_how, execution, said) => {
  expect(() => retryOf(execution())).toThrow(said)
})

test('a branch that was left out because another one failed is done too, before what comes after both', () => {
  const stages = [stage('a', 'script'), stage('b', 'script'), stage('b2', 'script', {}, ['b'])]
  const failedFirst = runs(begin({ stages: [...stages, stage('join', 'script', {}, ['a', 'b2'])] }), 'a', failed)
  expect(states(failedFirst)).toBe('failed skipped skipped skipped')
  const retry = retryOf(failedFirst.execution)
  expect(retry.stages.map(({ id, after }) => [id, after])).toEqual([
    ['a', []],
    ['b', []],
    ['b2', ['b']],
    ['join', ['a', 'b2']],
  ])
})

test('a judgment that expired is asked again as it was written, whatever its expiry meant', () => {
  const [plan, judgment, apply] = upStages
  const expires = { ...judgment, input: { ...judgment?.input, onExpiry: 'halt-branch' } }
  const asked = waiting({ stages: [plan, expires, apply] as never })
  const over = told(asked, { type: 'judgment.due', stage: 'judgment', attempt: 1 }, HOUR)
  expect(over.execution.status).toBe('succeeded')
  expect(retryOf(over.execution).stages.map(({ onFailure }) => onFailure)).toEqual(['halt', 'halt', 'halt'])
})

test('what waited for windows and freezes waits for them again', () => {
  const guard = { windows: [{ days: ['fri'], from: '09:00', to: '18:00', zone: 'UTC' }] }
  const guarded = upStages.map((each) => (each.id === APPLY ? { ...each, guard } : each))
  const execution = ends(applying({ stages: guarded }), APPLY, failed).execution
  expect(retryOf(execution).stages.map((each) => each.guard)).toEqual([undefined, undefined, guard, undefined])
})
