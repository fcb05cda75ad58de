import { describe, expect, test } from 'vitest'
import { planStages } from '../../src/core/planning.ts'
import type { Fields, Stage } from '../../src/core/workflow.ts'
import { stageKinds, wait } from '../../src/stages/index.ts'
import { environment, site } from './sample-site.ts'
import {
  alice,
  answer,
  begin,
  bob,
  HOUR,
  PLAN,
  waiting as planned,
  runEffects,
  SECOND,
  START,
  shows,
  stage,
  states,
  told,
} from './world.ts'

const stages = (input: Fields): readonly Stage[] => [
  { id: 'wait', kind: 'wait', input: { for: '5m', most: '1h', ...input }, after: [], onFailure: 'halt' },
  { id: 'then', kind: 'script', input: {}, after: ['wait'], onFailure: 'halt' },
]
const waiting = (input: Fields = {}) => begin({ stages: stages(input) })
const at = { stage: 'wait', attempt: 1 } as const
const MINUTE = 60 * SECOND
const begun = START + SECOND

describe('a wait', () => {
  test('holds nothing but a due time', () => {
    const story = waiting()
    expect(story.execution).toMatchObject({ status: 'waiting' })
    expect(story.execution.stages[0]).toMatchObject({ state: 'waiting', dueAt: begun + 5 * MINUTE })
    expect(story.effects).toEqual([
      { do: 'tell', execution: 'r1', event: { type: 'wait.due', ...at }, at: begun + 5 * MINUTE },
    ])
  })

  test('goes on when it is due, and not a moment sooner', () => {
    expect(answer(waiting(), { type: 'wait.due', ...at }, 5 * MINUTE - 1).changed).toBe(false)
    const gone = told(waiting(), { type: 'wait.due', ...at }, 5 * MINUTE)
    expect(states(gone)).toBe('succeeded ready')
    expect(runEffects(gone.effects)).toEqual(['then/1'])
  })

  test('is ended now by a press, once', () => {
    const gone = told(waiting(), { type: 'wait.moved', ...at, by: bob, to: 'now' })
    expect(states(gone)).toBe('succeeded ready')
    expect(gone.execution.notes.at(-1)?.text).toBe('@U02BOB skipped the wait')
    expect(answer(gone, { type: 'wait.moved', ...at, by: bob, to: 'now' }).refused).toMatch(/does not wait any more/)
    expect(answer(gone, { type: 'wait.due', ...at }, HOUR).changed).toBe(false)
  })

  test('is put off: the first wake-up finds nothing to do, the second does', () => {
    const later = told(waiting({ postpone: '30m' }), { type: 'wait.moved', ...at, by: bob, to: 'later' })
    expect(later.execution.stages[0]?.dueAt).toBe(begun + 35 * MINUTE)
    expect(answer(later, { type: 'wait.due', ...at }, 5 * MINUTE).changed).toBe(false)
    expect(states(told(later, { type: 'wait.due', ...at }, 35 * MINUTE))).toBe('succeeded ready')
  })

  test('is put off no further than the most, and where it may not be never', () => {
    const once = told(waiting({ postpone: '50m' }), { type: 'wait.moved', ...at, by: bob, to: 'later' })
    const twice = told(once, { type: 'wait.moved', ...at, by: bob, to: 'later' })
    expect(twice.execution.stages[0]?.dueAt).toBe(begun + HOUR)
    expect(answer(twice, { type: 'wait.moved', ...at, by: bob, to: 'later' }).refused).toMatch(/any more/)
    expect(answer(waiting(), { type: 'wait.moved', ...at, by: bob, to: 'later' }).refused).toMatch(/cannot be put off/)
  })

  test('is nothing that can be judged or expire', () => {
    const judgment = { stage: 'wait', decision: 'approved', by: bob, at: START, digest: '' } as const
    expect(answer(waiting(), { type: 'judged', judgment }).refused).toMatch(/Nobody is asked to judge/)
    expect(answer(waiting(), { type: 'judgment.due', ...at }, HOUR).changed).toBe(false)
  })

  test('is canceled like anything else', () => {
    const over = told(waiting(), { type: 'cancel', by: alice, why: '', force: false })
    expect(over.execution.status).toBe('canceled')
    expect(states(over)).toBe('canceled canceled')
  })
})

describe('a wait that depends on a plan', () => {
  const stages = [
    stage(PLAN, PLAN),
    stage('wait', 'wait', { for: '5m', most: '24h', plan: PLAN, when: 'takesAway', why: 'Then they go.' }, [PLAN]),
    stage('after', 'health', {}, ['wait']),
  ]

  test('is passed over where the plan takes nothing away, or does nothing', () => {
    expect(states(planned({ stages }, undefined, { takesAway: false }))).toBe('succeeded skipped ready')
    expect(states(planned({ stages }, undefined, { takesAway: true, needsApply: false }))).toBe(
      'succeeded skipped ready',
    )
  })

  test('waits where it does, and people are told', () => {
    const story = planned({ stages }, undefined, { takesAway: true })
    expect(states(story)).toBe('succeeded waiting pending')
    expect(shows(story.effects)).toContain('waiting:r1:wait:1')
  })
})

describe('a wait until a time of day', () => {
  const until = (input: Fields) => begin({ stages: [{ ...stages({})[0], input: { most: '24h', ...input } } as Stage] })

  test('is due the next time that a clock in its zone shows it', () => {
    // It begins at 17:40 UTC, which is 02:40 in Tokyo.
    const story = until({ until: '18:00', zone: 'Asia/Tokyo' })
    expect(story.execution.stages[0]?.dueAt).toBe(Date.UTC(2026, 10, 21, 9))
    expect(until({ until: '17:50', zone: 'UTC' }).execution.stages[0]?.dueAt).toBe(Date.UTC(2026, 10, 20, 17, 50))
    expect(answer(story, { type: 'wait.due', ...at }, 15 * HOUR).changed).toBe(false)
    expect(states(told(story, { type: 'wait.due', ...at }, 16 * HOUR))).toBe('succeeded')
  })
})

describe('a wait that is planned', () => {
  const plan = (draft: Parameters<typeof wait>[0]) =>
    planStages([wait(draft)], stageKinds, { site, environment })[0]?.input

  test('keeps its zone as the list spells it, and who may skip it', () => {
    expect(plan({ until: '18:00', zone: 'asia/tokyo', skip: ['approvers'] })).toMatchObject({
      until: '18:00',
      zone: 'Asia/Tokyo',
      skip: ['approvers'],
    })
    expect(plan({ until: '18:00' })).toMatchObject({ zone: 'UTC' })
  })

  test.each<[Parameters<typeof wait>[0], RegExp]>([
    [{}, /either `for` .* or `until`/],
    [{ for: '5m', until: '18:00' }, /either `for`/],
    [{ for: '5m', zone: 'UTC' }, /`zone` goes with `until`/],
    [{ until: '18', zone: 'UTC' }, /is no time of day/],
    [{ until: '18:00', zone: 'Mars/Base' }, /is no time zone/],
    [{ for: '5m', skip: ['nobody'] }, /nobody, which is no role of the site/],
  ])('%j is refused', (draft, said) => {
    expect(() => plan(draft)).toThrow(said)
  })
})
