import { describe, expect, test } from 'vitest'
import { newExecution } from '../../src/core/execution.ts'
import { digestOf, planOutput, settle } from '../../src/core/settle.ts'
import type { Fields, Stage } from '../../src/core/workflow.ts'
import {
  APPLY,
  applyStage,
  begin,
  bob,
  ends,
  HOUR,
  judged,
  judgmentBy,
  judgmentStage,
  PLAN,
  planned,
  runEffects,
  runOf,
  runs,
  START,
  shows,
  stage,
  starts,
  states,
  succeeded,
  tells,
  told,
  waiting,
  wanted,
  worker,
} from './world.ts'

const settled = (...stages: Stage[]) =>
  settle({ execution: newExecution(wanted({ stages }), START), environment: null }, START)

describe('what may start', () => {
  test('one after the other, as they follow each other', () => {
    const first = settled(stage('a', 'x'), stage('b', 'x', {}, ['a']))
    expect(states(first)).toBe('ready pending')
    expect(runEffects(first.effects)).toEqual(['a/1'])
    expect(first.over).toBeNull()
  })

  test('side by side where nothing orders them', () => {
    const both = settled(stage('a', 'x'), stage('b', 'x'), stage('c', 'x', {}, ['a', 'b']))
    expect(states(both)).toBe('ready ready pending')
    expect(runEffects(both.effects)).toEqual(['a/1', 'b/1'])
  })

  test('the joining stage only after both', () => {
    const stages = [stage('a', 'x'), stage('b', 'x'), stage('c', 'x', {}, ['a', 'b'])]
    const one = runs(begin({ stages }), 'a', succeeded())
    expect(states(one)).toBe('succeeded ready pending')
    const both = runs(one, 'b', succeeded())
    expect(states(both)).toBe('succeeded succeeded ready')
    expect(runEffects(both.effects)).toEqual(['c/1'])
  })
})

describe('a plan with nothing to apply', () => {
  const nothing = (more: Fields) => {
    const stages = [
      stage(PLAN, PLAN),
      judgmentStage(more),
      applyStage,
      stage('gate', 'health', { plan: PLAN, ...more }, [APPLY]),
      stage('switch', 'x', {}, ['gate']),
    ]
    return runs(begin({ stages }), PLAN, planned({ needsApply: false }))
  }

  test('leaves out what is about it', () => {
    expect(states(nothing({}))).toBe('succeeded skipped skipped skipped ready')
  })

  test('is asked and gated all the same where what follows acts, and only the apply is left out', () => {
    const asked = nothing({ evenIfEmpty: true })
    expect(states(asked)).toBe('succeeded waiting pending pending pending')
    const approved = told(asked, { type: 'judged', judgment: judgmentBy(asked, bob) })
    expect(states(approved)).toBe('succeeded succeeded skipped ready pending')
    expect(states(runs(approved, 'gate', { kind: 'failed', error: 'sick' }))).toMatch(/failed skipped$/)
  })
})

describe('a judgment', () => {
  test('waits until its time, which is stored as something to be done', () => {
    const story = waiting()
    expect(states(story)).toBe('succeeded waiting pending pending')
    expect(story.execution.status).toBe('waiting')
    expect(runOf(story, 'judgment').dueAt).toBe(story.now + HOUR)
    const event = { type: 'judgment.due', stage: 'judgment', attempt: 1 }
    expect(tells(story.effects)).toEqual([expect.objectContaining({ event, at: story.now + HOUR, execution: 'r1' })])
  })

  test('does not make it "waiting" while something else runs', () => {
    const stages = [stage(PLAN, PLAN), stage('other', 'x', {}, []), judgmentStage()]
    const story = runs(begin({ stages }), PLAN, planned())
    expect(states(story)).toBe('succeeded ready waiting')
    expect(story.execution.status).toBe('running')
    expect(runs(story, 'other', succeeded()).execution.status).toBe('waiting')
  })

  test('of two at once each needs its own answer', () => {
    const second = { ...judgmentStage(), id: 'second' }
    const stages = [stage(PLAN, PLAN), judgmentStage(), second, { ...applyStage, after: ['judgment', 'second'] }]
    const both = runs(begin({ stages }), PLAN, planned())
    expect(states(both)).toBe('succeeded waiting waiting pending')
    expect(tells(both.effects)).toHaveLength(2)
    const one = judged(both)
    expect(states(one)).toBe('succeeded succeeded waiting pending')
    expect(one.execution.status).toBe('waiting')
    const approved = told(one, { type: 'judged', judgment: judgmentBy(one, bob, { stage: 'second' }) })
    expect(states(approved)).toBe('succeeded succeeded succeeded ready')
  })

  test('of two at once a rejected one ends all', () => {
    const stages = [stage(PLAN, PLAN), judgmentStage(), { ...judgmentStage(), id: 'second' }]
    const over = judged(runs(begin({ stages }), PLAN, planned()), 'rejected')
    expect(states(over)).toBe('succeeded failed skipped')
    expect(over.execution).toMatchObject({ status: 'failed', ending: 'rejected' })
  })
})

describe('nothing to do', () => {
  const story = waiting({}, undefined, { needsApply: false })

  test('is asked of nobody and applied by nobody, but what follows is done', () => {
    expect(states(story)).toBe('succeeded skipped skipped ready')
    expect(runEffects(story.effects)).toEqual(['health/1'])
    expect(tells(story.effects)).toEqual([])
    expect(runOf(story, APPLY).outcome).toEqual({ kind: 'skipped', why: 'nothing to do' })
  })

  test('ends well when nothing follows', () => {
    const stages = [stage(PLAN, PLAN), judgmentStage(), applyStage]
    const over = waiting({ stages }, undefined, { needsApply: false })
    expect(over.execution).toMatchObject({ status: 'succeeded', lock: 'released' })
  })

  test('is only what the plan says so: silence is no reason to skip', () => {
    expect(states(waiting({}, undefined, { needsApply: null }))).toBe('succeeded waiting pending pending')
    expect(states(runs(begin(), PLAN, succeeded()))).toBe('succeeded waiting pending pending')
  })
})

describe('where a stage did not succeed', () => {
  const parallel = [stage('a', 'x'), stage('b', 'x'), stage('c', 'x', {}, ['b'])]
  const both = starts(starts(begin({ stages: parallel }), 'a'), 'b')

  test.each([
    ['failed', { kind: 'failed', error: 'no' }, 'failed'],
    ['canceled', { kind: 'canceled', why: 'no' }, 'canceled'],
  ] as const)(
    '%s: what runs beside it is let end, nothing more is started, then it is over',
    (_how, outcome, status) => {
      const one = ends(both, 'a', outcome)
      expect(one.execution.endedAt).toBeNull()
      const over = ends(one, 'b', succeeded())
      expect(over.execution.status).toBe(status)
      expect(states(over)).toMatch(/^\w+ succeeded (skipped|canceled)$/)
      expect(runEffects(over.effects)).toEqual([])
    },
  )

  test.each([
    { kind: 'failed', error: 'no' },
    { kind: 'canceled', why: 'no' },
    { kind: 'unknown', why: 'no' },
  ] as const)('$kind: what becomes possible beside it is not begun', (outcome) => {
    const stages = [...parallel, stage('x', 'x', {}, [])]
    const three = starts(starts(starts(begin({ stages }), 'a'), 'b'), 'x')
    const story = ends(ends(three, 'a', outcome), 'b', succeeded())
    expect(runOf(story, 'c').state).toBe('pending')
    expect(runEffects(story.effects)).toEqual([])
  })

  test('what was ready beside it is not started any more', () => {
    const ready = starts(begin({ stages: parallel }), 'a')
    const failed = ends(ready, 'a', { kind: 'failed', error: 'no' })
    expect(failed.execution.status).toBe('failed')
    expect(states(failed)).toBe('failed skipped skipped')
  })

  test('nothing is started while another stage stands at unknown, and the lock stays', () => {
    const stages = [...parallel, stage('d', 'x')]
    const some = starts(starts(begin({ stages }), 'a'), 'b')
    const unknown = ends(some, 'a', { kind: 'unknown', why: 'nobody saw' })
    expect(unknown.execution).toMatchObject({ status: 'unknown', lock: 'held', endedAt: null })
    const event = { type: 'stage.started', stage: 'd', attempt: 1, worker } as const
    expect(() => told(unknown, event)).toThrow(/changed nothing/)
  })
})

describe('what was approved in advance', () => {
  const given = { execution: 'r0', environment: 'loadtest', lineage: 'L1', approvers: ['T01TEAM/U02BOB'] }
  const stages = [stage(PLAN, PLAN, { destroy: true }), judgmentStage({ preapproved: given }), applyStage]

  test('counts as a judgment of the very plan, and nobody is asked', () => {
    const story = waiting({ stages }, undefined, { deleteOnly: true })
    expect(states(story)).toBe('succeeded succeeded ready')
    expect(story.execution.judgments).toEqual([
      expect.objectContaining({
        decision: 'approved',
        digest: 'd1',
        by: { kind: 'lifetime', environment: 'loadtest' },
      }),
    ])
    expect(tells(story.effects)).toEqual([])
  })

  test('anything else asks', () => {
    expect(states(waiting({ stages }, undefined, { deleteOnly: false }))).toBe('succeeded waiting pending')
    expect(states(waiting({ stages }, undefined, { deleteOnly: true, lineage: 'L2' }))).toBe(
      'succeeded waiting pending',
    )
  })
})

test('a judgment and an apply are about what their plan stage gave', () => {
  const { execution } = waiting()
  const [judgment, apply] = [runOf({ execution }, 'judgment'), runOf({ execution }, APPLY)]
  expect([digestOf(execution, judgment), digestOf(execution, apply)]).toEqual(['d1', 'd1'])
  expect(planOutput(execution, runOf({ execution }, PLAN))).toBeNull()
  expect(digestOf(begin().execution, judgment)).toBe('')
})

test('a settled world settles no further', () => {
  const story = waiting()
  const again = settle(story, story.now + HOUR)
  expect(again.execution).toEqual(story.execution)
  expect(again.effects).toEqual([])
  expect(shows(again.effects)).toEqual([])
})
