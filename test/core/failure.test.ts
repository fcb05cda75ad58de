import { describe, expect, test } from 'vitest'
import { stopOf } from '../../src/core/failure.ts'
import type { OnFailure } from '../../src/core/stage/shape.ts'
import { wordOf } from '../../src/core/status-word.ts'
import type { Stage } from '../../src/core/workflow.ts'
import type { Story } from './world.ts'
import {
  alice,
  answer,
  begin,
  bob,
  ends,
  HOUR,
  runEffects,
  runOf,
  runs,
  starts,
  states,
  succeeded,
  told,
  worker,
} from './world.ts'

const failed = { kind: 'failed', error: 'it broke' } as const
const canceled = { kind: 'canceled', why: 'interrupted' } as const
const step = (id: string, after: string[], more: Partial<Stage> = {}): Stage => ({
  ...{ id, kind: 'script', input: {}, after, onFailure: 'halt' },
  ...more,
})

/** Two branches of two stages, and what comes after both. */
const graph = (onFailure: OnFailure): readonly Stage[] => [
  step('start', []),
  step('a', ['start'], { onFailure }),
  step('a2', ['a']),
  step('b', ['start']),
  step('b2', ['b']),
  step('join', ['a2', 'b2']),
]
const both = (onFailure: OnFailure, stages = graph(onFailure)): Story => {
  const begun = runs(begin({ stages }), 'start', succeeded())
  return starts(starts(begun, 'a'), 'b')
}

describe('one of two branches fails', () => {
  test('halt: the other is told to stop, and it is over when that has ended', () => {
    const story = ends(both('halt'), 'a', failed)
    expect(story.execution).toMatchObject({ status: 'running', endedAt: null, lock: 'held' })
    expect(wordOf(story.execution)).toBe('stopping')
    expect(runOf(story, 'b').stopped).toEqual({ why: '`a` failed', at: story.now })
    expect(stopOf(story.execution, runOf(story, 'b'))).toEqual({ force: false })
    expect(stopOf(story.execution, runOf(story, 'a'))).toBeNull()
    const over = ends(story, 'b', canceled)
    expect(over.execution).toMatchObject({ status: 'failed', lock: 'released' })
    expect(states(over)).toBe('succeeded failed skipped canceled skipped skipped')
    expect(runOf(over, 'b').outcome).toEqual({ kind: 'canceled', why: '`a` failed: interrupted' })
    expect(runOf(over, 'b2').outcome).toEqual({ kind: 'skipped', why: '`a` failed', because: 'a' })
    const why = 'the stage before did not succeed'
    expect(runOf(over, 'a2').outcome).toEqual({ kind: 'skipped', why, because: 'a' })
  })

  test('halt: the other may end well all the same, and nothing comes after it', () => {
    const over = ends(ends(both('halt'), 'a', failed), 'b', succeeded())
    expect(over.execution.status).toBe('failed')
    expect(states(over)).toBe('succeeded failed skipped succeeded skipped skipped')
  })

  test('halt: one that nobody sees end stands at unknown, with the lock', () => {
    const story = told(ends(both('halt'), 'a', failed), {
      type: 'stage.lost',
      stage: 'b',
      attempt: 1,
      why: 'gone',
      repeatable: false,
    })
    expect(story.execution).toMatchObject({ status: 'unknown', lock: 'held' })
  })

  test('halt: one whose worker dies meanwhile is not started again', () => {
    const over = told(ends(both('halt'), 'a', failed), {
      type: 'stage.lost',
      stage: 'b',
      attempt: 1,
      why: 'gone',
      repeatable: true,
    })
    expect(over.execution.status).toBe('failed')
    expect(runOf(over, 'b')).toMatchObject({ state: 'canceled', outcome: { why: '`a` failed: gone' } })
    expect(runEffects(over.effects)).toEqual([])
  })

  test('halt: what only waits for people or for a worker is left out at once', () => {
    const stages = [
      ...graph('halt').slice(0, 4),
      step('w', ['start'], { kind: 'wait', input: { for: '1h', most: '1h' } }),
    ]
    const story = starts(runs(begin({ stages }), 'start', succeeded()), 'a')
    const over = ends(story, 'a', failed)
    expect(states(over)).toBe('succeeded failed skipped skipped skipped')
    expect(answer(over, { type: 'wait.moved', stage: 'w', attempt: 1, by: bob, to: 'now' }).changed).toBe(false)
  })

  test('halt: a person may still cancel it, and then stop it by force', () => {
    const asked = told(ends(both('halt'), 'a', failed), { type: 'cancel', by: alice, why: '', force: false })
    const forced = told(asked, { type: 'cancel', by: alice, why: '', force: true })
    expect(stopOf(forced.execution, runOf(forced, 'b'))).toEqual({ force: true })
  })

  test('halt-branch: what comes after it is not done, the other goes on, and it ends well', () => {
    const story = ends(both('halt-branch'), 'a', failed)
    expect(states(story)).toBe('succeeded failed skipped running pending skipped')
    expect(runOf(story, 'join').outcome).toEqual({ kind: 'skipped', why: '`a` failed', because: 'a' })
    expect(runOf(story, 'b').stopped).toBeUndefined()
    const over = runs(ends(story, 'b', succeeded()), 'b2', succeeded())
    expect(over.execution).toMatchObject({ status: 'succeeded', lock: 'released' })
  })

  test('finish-then-fail: the same, and it has failed in the end', () => {
    const story = ends(both('finish-then-fail'), 'a', failed)
    expect(states(story)).toBe('succeeded failed skipped running pending skipped')
    expect(story.execution.endedAt).toBeNull()
    const over = runs(ends(story, 'b', succeeded()), 'b2', succeeded())
    expect(over.execution).toMatchObject({ status: 'failed', lock: 'released' })
  })

  test('continue: it is gone on from', () => {
    const story = ends(both('continue'), 'a', failed)
    expect(states(story)).toBe('succeeded failed ready running pending pending')
    const over = ['a2', 'b2', 'join'].reduce((now, id) => runs(now, id, succeeded()), ends(story, 'b', succeeded()))
    expect(over.execution.status).toBe('succeeded')
  })

  test.each(['halt', 'halt-branch', 'finish-then-fail', 'continue'] as const)(
    '%s: unknown asks people, whatever it says',
    (option) => {
      const story = ends(both(option), 'a', { kind: 'unknown', why: 'nobody saw' })
      expect(story.execution).toMatchObject({ status: 'unknown', lock: 'held', endedAt: null })
      expect(states(story)).toBe('succeeded unknown pending running pending pending')
      const true_ = told(story, { type: 'stage.ended', stage: 'a', attempt: 1, outcome: succeeded() })
      expect(states(true_)).toBe('succeeded succeeded ready running pending pending')
    },
  )

  test('what runs beside an unknown can still be stopped, and then people are asked as before', () => {
    const story = ends(both('halt'), 'a', { kind: 'unknown', why: 'nobody saw' })
    const asked = told(story, { type: 'cancel', by: alice, why: '', force: false })
    expect(stopOf(asked.execution, runOf(asked, 'b'))).toEqual({ force: false })
    expect(asked.execution.status).toBe('unknown')
    const stopped = ends(asked, 'b', canceled)
    expect(stopped.execution).toMatchObject({ status: 'unknown', lock: 'held', endedAt: null })
    expect(answer(stopped, { type: 'cancel', by: bob, why: '', force: true }).refused).toMatch(/nothing to cancel/)
    expect(told(stopped, { type: 'left', by: bob }).execution).toMatchObject({ status: 'unknown', ending: 'left' })
  })

  test('a judgment that is rejected in a branch ends that branch, and not the word for all', () => {
    const judgment = step('judgment', ['start'], {
      kind: 'judgment',
      onFailure: 'halt-branch',
      input: { show: 'start', within: '1h', approvers: ['approvers'] },
    })
    const stages = [step('start', []), judgment, step('a2', ['judgment']), step('b', ['start'])]
    const story = starts(runs(begin({ stages }), 'start', succeeded({ digest: 'd' })), 'b')
    const over = ends(told(story, { type: 'judgment.due', stage: 'judgment', attempt: 1 }, HOUR), 'b', succeeded())
    expect(over.execution).toMatchObject({ status: 'succeeded', ending: null })
    expect(states(over)).toBe('succeeded failed skipped succeeded')
  })
})

describe('what brings back', () => {
  const back = (onFailure: OnFailure) => [...graph(onFailure), step('back', [], { recovers: ['a'] })]

  test('waits until what was stopped has ended, and then runs, whoever was stopped', () => {
    const story = ends(both('halt', back('halt')), 'a', failed)
    expect(runEffects(story.effects)).toEqual([])
    const ended = ends(story, 'b', canceled)
    expect(runEffects(ended.effects)).toEqual(['back/1'])
    expect(ended.execution.endedAt).toBeNull()
    expect(runs(ended, 'back', succeeded()).execution.status).toBe('failed')
  })

  test('also brings back what was stopped halfway because another failed', () => {
    const stages = [...graph('halt'), step('back', [], { recovers: ['b'] })]
    const ended = ends(ends(both('halt', stages), 'a', failed), 'b', canceled)
    expect(runEffects(ended.effects)).toEqual(['back/1'])
  })

  test('goes on beside the other branch where that goes on', () => {
    const story = ends(both('halt-branch', back('halt-branch')), 'a', failed)
    expect(runEffects(story.effects)).toEqual(['back/1'])
    const over = runs(runs(ends(story, 'b', succeeded()), 'b2', succeeded()), 'back', succeeded())
    expect(over.execution.status).toBe('succeeded')
  })

  test('is not waited for where what it is for did not fail', () => {
    const stages = [...graph('halt'), step('one', [], { recovers: ['a'] }), step('two', ['one'], { recovers: ['b'] })]
    const story = ends(both('halt', stages), 'b', failed)
    const ended = ends(story, 'a', succeeded())
    expect(runEffects(ended.effects)).toEqual(['two/1'])
  })

  test('may be written after what it recovers from', () => {
    const stages = [...graph('halt').slice(0, 2), step('back', ['a'], { recovers: ['a'] })]
    const story = starts(runs(begin({ stages }), 'start', succeeded()), 'a')
    expect(runEffects(ends(story, 'a', failed).effects)).toEqual(['back/1'])
  })
})

describe('a stage that is tried again', () => {
  const stages = [step('a', [], { retry: { times: 3, wait: '10s', most: '25s' } }), step('b', ['a'])]
  const SECOND = 1000
  const fails = (story: Story) => runs(story, 'a', failed)

  test('is ready after its wait, which doubles up to the most, and nothing is held meanwhile', () => {
    let story = begin({ stages })
    for (const wait of [10, 20, 25]) {
      story = fails(story)
      expect(runOf(story, 'a')).toMatchObject({ state: 'ready', worker: null, readyAt: story.now + wait * SECOND })
      expect(story.effects).toContainEqual(
        expect.objectContaining({ do: 'run', stage: 'a', at: story.now + wait * SECOND }),
      )
    }
    expect(runOf(story, 'a').tries?.map(({ attempt, error }) => [attempt, error])).toEqual([
      [1, 'it broke'],
      [2, 'it broke'],
      [3, 'it broke'],
    ])
    const over = fails(story)
    expect(over.execution.status).toBe('failed')
    expect(runOf(over, 'a')).toMatchObject({ attempt: 4, state: 'failed' })
  })

  test('goes on when it succeeds, and keeps what went before', () => {
    const story = runs(fails(begin({ stages })), 'a', succeeded())
    expect(states(story)).toBe('succeeded ready')
    expect(runOf(story, 'a').tries).toHaveLength(1)
  })

  test('is not tried again when nobody knows, when it is stale, or when it was canceled', () => {
    const one = starts(begin({ stages }), 'a')
    expect(ends(one, 'a', { kind: 'unknown', why: 'x' }).execution.status).toBe('unknown')
    expect(ends(one, 'a', canceled).execution.status).toBe('canceled')
    const asked = told(one, { type: 'cancel', by: alice, why: '', force: false })
    expect(ends(asked, 'a', failed).execution.status).toBe('canceled')
  })

  test('is called off while it waits for its next try', () => {
    const over = told(fails(begin({ stages })), { type: 'cancel', by: alice, why: '', force: false })
    expect(over.execution.status).toBe('canceled')
    expect(runOf(over, 'a').outcome).toEqual({ kind: 'canceled', why: 'not tried again' })
  })

  test('whose worker dies is started again, and that is no try', () => {
    const story = starts(fails(begin({ stages })), 'a')
    const again = told(story, {
      type: 'stage.lost',
      stage: 'a',
      attempt: 2,
      why: 'gone',
      repeatable: true,
      from: worker.id,
    })
    expect(runOf(again, 'a')).toMatchObject({ state: 'ready', attempt: 3 })
    expect(runOf(again, 'a').tries).toHaveLength(1)
  })
})

describe('a time limit', () => {
  const limited = (more: Partial<Stage> = {}) => [
    step('a', [], { timeLimit: { after: '30m', grace: '1m', force: true }, ...more }),
  ]
  const due = { type: 'limit.due', stage: 'a', attempt: 1 } as const
  const running = (stages = limited()) => starts(begin({ stages }), 'a')
  const MINUTE = 60_000

  test('is a wake-up from its start on, and tells it to stop, not a moment sooner', () => {
    const story = running()
    expect(story.effects).toContainEqual({ do: 'tell', execution: 'r1', event: due, at: story.now + 30 * MINUTE })
    expect(answer(story, due, 30 * MINUTE - 1).changed).toBe(false)
    const late = told(story, due, 30 * MINUTE)
    expect(stopOf(late.execution, runOf(late, 'a'))).toEqual({ force: false })
    const over = ends(late, 'a', canceled)
    expect(over.execution.status).toBe('failed')
    expect(runOf(over, 'a').outcome).toEqual({ kind: 'failed', error: 'It took longer than 30m. interrupted' })
  })

  test('brings force after its grace, where the kind may be killed, once', () => {
    const late = told(running(), due, 30 * MINUTE)
    expect(answer(late, due, MINUTE - 1).changed).toBe(false)
    const forced = told(late, due, MINUTE)
    expect(stopOf(forced.execution, runOf(forced, 'a'))).toEqual({ force: true })
    expect(answer(forced, due, MINUTE).changed).toBe(false)
    const never = told(running(limited({ timeLimit: { after: '30m', grace: '1m' } })), due, 30 * MINUTE)
    expect(answer(never, due, HOUR).changed).toBe(false)
  })

  test('lets what ended well be well, and what nobody saw be unknown', () => {
    const late = told(running(), due, 30 * MINUTE)
    expect(ends(late, 'a', succeeded()).execution.status).toBe('succeeded')
    expect(ends(late, 'a', { kind: 'unknown', why: 'killed' }).execution.status).toBe('unknown')
  })

  test('is followed by what its failure means', () => {
    const stages = [...limited({ onFailure: 'continue' }), step('b', ['a'])]
    const over = ends(told(running(stages), due, 30 * MINUTE), 'a', canceled)
    expect(states(over)).toBe('failed ready')
  })

  test('of an earlier start does nothing', () => {
    const again = starts(
      told(running(), { type: 'stage.lost', stage: 'a', attempt: 1, why: 'gone', repeatable: true }),
      'a',
    )
    expect(answer(again, due, HOUR).changed).toBe(false)
  })
})
