import { describe, expect, test } from 'vitest'
import { costAt, money } from '../../src/core/cost.ts'
import type { EnvironmentRecord } from '../../src/core/environment.ts'
import { newEnvironment } from '../../src/core/environment.ts'
import type { Execution } from '../../src/core/execution.ts'
import { isSilent } from '../../src/core/execution.ts'
import { overviewLine, overviewLines } from '../../src/core/overview.ts'
import {
  APPLY,
  applying,
  ends,
  environmentAfter,
  HOUR,
  judged,
  planned,
  START,
  stage,
  starts,
  succeeded,
  waiting,
} from './world.ts'

const plan = { variables: { app_count: 2 }, size: 'small', kept: {}, rate: 2 }
const at = (now: number) => ({ now, currency: 'EUR' })
const up = () => ends(starts(judged(waiting({}, undefined, plan)), APPLY), APPLY, succeeded({ lineage: 'L1' }))

describe('what an environment has cost', () => {
  test('is counted from its first apply', () => {
    const story = up()
    const environment = environmentAfter(story)
    expect(environment.cost).toMatchObject({ rate: 2, sure: true, applying: null })
    expect(overviewLine(environment, at(story.now + HOUR))).toMatch(
      /🟢 up, for 1 h.*, size `small`, 2\.0\d EUR so far, 2\.00 EUR an hour/,
    )
  })

  test('is "at least" after an apply that failed or that nobody saw end', () => {
    const failed = { kind: 'failed', error: 'no', output: { lineage: 'L1' } } as const
    const story = ends(starts(judged(waiting({}, undefined, plan)), APPLY), APPLY, failed)
    expect(overviewLine(environmentAfter(story), at(story.now + HOUR))).toMatch(
      /what runs is not known.*at least 0\.00 EUR so far/,
    )
    const lost = { kind: 'unknown', why: 'gone', output: { vanished: true } } as const
    const unknown = ends(
      starts(judged(waiting({ id: 'r2' }, { ...environmentAfter(up()), lock: null }, { ...plan, rate: 4 })), APPLY),
      APPLY,
      lost,
    )
    expect(overviewLine(environmentAfter(unknown), at(unknown.now))).toMatch(
      /at least .* so far, its price an hour is not known now/,
    )
  })

  test('stays as it was where an apply never began', () => {
    const before = { ...environmentAfter(up()), lock: null }
    const refused = { kind: 'failed', error: 'The right was lost.' } as const
    const story = ends(
      starts(judged(waiting({ id: 'r2', lifetime: null }, before, { ...plan, rate: 9 })), APPLY),
      APPLY,
      refused,
    )
    expect(environmentAfter(story).cost).toMatchObject({ rate: 2, sure: true, applying: null })
  })

  test('ends when it is taken down, and stays to be read', () => {
    const before = { ...environmentAfter(up()), lock: null }
    const down = [stage('terraform.plan', 'terraform.plan', { destroy: true }), ...applying().execution.stages.slice(1)]
    const story = ends(
      starts(judged(waiting({ id: 'r2', stages: down }, before, { rate: 0 })), APPLY),
      APPLY,
      succeeded({ empty: true }),
    )
    const environment = environmentAfter(story)
    expect(environment.cost?.until).toBe(story.now)
    const { spent } = costAt(environment.cost ?? ({} as never), story.now + HOUR)
    expect(overviewLine(environment, at(story.now + 9 * HOUR))).toContain(
      `it cost ${money(spent, 'EUR')} while it was up`,
    )
  })

  test('is not spoken of where the site gives no prices', () => {
    const story = ends(
      starts(judged(waiting({}, undefined, { ...plan, rate: null })), APPLY),
      APPLY,
      succeeded({ lineage: 'L1' }),
    )
    expect(overviewLine(environmentAfter(story), at(story.now))).not.toContain('EUR')
  })
})

test('an environment that was never applied, or that another version recorded, is shown too', () => {
  expect(overviewLine(newEnvironment('a'), at(START))).toBe('*a*: ▫️ nothing was applied yet')
  const old: EnvironmentRecord = { ...newEnvironment('a'), last: { execution: 'x', line: 'a up', at: START, up: true } }
  expect(overviewLines(old, at(START)).join('\n')).toMatch(/🟢 up, what runs is not known[\s\S]*Last changed by `a up`/)
})

describe('an execution that was asked to be quiet', () => {
  const of = (change: Partial<Execution>) => ({ ...applying().execution, quiet: true, ...change })
  test('says nothing while it goes on and when it ended well', () => {
    expect(isSilent(of({ status: 'running' }))).toBe(true)
    expect(isSilent(of({ status: 'succeeded' }))).toBe(true)
    expect(isSilent({ ...of({ status: 'succeeded' }), quiet: false })).toBe(false)
  })

  test.each(['waiting', 'failed', 'unknown', 'canceled'] as const)('speaks where it is %s', (status) => {
    expect(isSilent(of({ status }))).toBe(false)
  })

  test('speaks where a stage found something', () => {
    const [first, ...rest] = of({}).stages
    if (!first) throw new Error('no stages')
    const stages = [{ ...first, outcome: planned({ loud: true }) }, ...rest]
    expect(isSilent(of({ status: 'succeeded', stages }))).toBe(false)
  })
})
