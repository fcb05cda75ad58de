import { describe, expect, test } from 'vitest'
import type { Event } from '../../src/core/event.ts'
import type { Execution } from '../../src/core/execution.ts'
import { isOver } from '../../src/core/execution.ts'
import { wordOf } from '../../src/core/status-word.ts'
import { breaches } from './invariants.ts'
import type { Town } from './town.ts'
import { anything, dice, finishAll, newTown } from './town.ts'
import type { Story } from './world.ts'
import {
  APPLY,
  alice,
  answer,
  applying,
  begin,
  bob,
  carol,
  ends,
  environmentAfter,
  HOUR,
  judged,
  judgmentBy,
  PLAN,
  planned,
  runEffects,
  runOf,
  runs,
  shows,
  stage,
  stale,
  starts,
  states,
  succeeded,
  tells,
  told,
  up,
  waiting,
  worker,
} from './world.ts'

const cancel: Event = { type: 'cancel', by: alice, why: 'wrong size', force: false }
const force: Event = { ...cancel, force: true }
const left: Event = { type: 'left', by: carol }
const superseded: Event = { type: 'superseded', why: 'the time is over' }
const due: Event = { type: 'judgment.due', stage: 'judgment', attempt: 1 }
const lost = (stage: string, repeatable: boolean, more: object = {}): Event => ({
  type: 'stage.lost',
  stage,
  attempt: 1,
  why: 'gone',
  repeatable,
  ...more,
})
const started = (stage: string): Event => ({ type: 'stage.started', stage, attempt: 1, worker })
const ended = (stage: string, outcome = succeeded()): Event => ({ type: 'stage.ended', stage, attempt: 1, outcome })
const approved = (story: Story): Event => ({ type: 'judged', judgment: judgmentBy(story, bob) })
const unknown = () => told(applying(), lost(APPLY, false))

test('plan, judgment, apply and health follow each other, and then the lock is free', () => {
  const seen = [begin(), starts(begin(), PLAN), waiting(), judged(waiting()), applying(), up()]
  expect(seen.map((story) => [wordOf(story.execution), states(story)])).toEqual([
    ['planning', 'ready pending pending pending'],
    ['planning', 'running pending pending pending'],
    ['waiting for approval', 'succeeded waiting pending pending'],
    ['applying', 'succeeded succeeded ready pending'],
    ['applying', 'succeeded succeeded running pending'],
    ['succeeded', 'succeeded succeeded succeeded succeeded'],
  ])
  expect(up().execution.lock).toBe('released')
  expect(up().environment).toMatchObject({ lock: null, last: { execution: 'r1', up: true } })
})

test('an execution without an environment needs no lock', () => {
  const story = begin({ environment: null, stages: [stage('a', 'x')] }, null)
  expect(story.execution).toMatchObject({ status: 'running', lock: 'none' })
  expect(runs(story, 'a', succeeded()).execution).toMatchObject({ status: 'succeeded', lock: 'none' })
})

describe('the lock', () => {
  const first = waiting()
  const second = begin({ id: 'r2', actor: bob }, environmentAfter(first))

  test('is waited for in a queue; the second starts nothing', () => {
    expect(second.execution).toMatchObject({ status: 'queued', lock: 'queued' })
    expect(runEffects(second.effects)).toEqual([])
  })

  test('goes to the next when the first is over, who is told', () => {
    const over = told({ ...first, environment: second.environment }, cancel)
    expect(over.environment).toMatchObject({ lock: { execution: 'r2' }, queue: [] })
    expect(tells(over.effects)).toEqual([expect.objectContaining({ execution: 'r2', event: { type: 'lock.granted' } })])
    const granted = told({ ...second, environment: over.environment }, { type: 'lock.granted' })
    expect(granted.execution).toMatchObject({ status: 'running', lock: 'held' })
    expect(runEffects(granted.effects)).toEqual([`${PLAN}/1`])
  })

  test('is not taken by somebody who was only told that it is his', () => {
    expect(answer(second, { type: 'lock.granted' }).changed).toBe(false)
  })

  test('of one who is called off before he is told goes on to the one after', () => {
    const third = begin({ id: 'r3' }, environmentAfter(second))
    const over = told({ ...first, environment: third.environment }, cancel)
    const off = told({ ...second, environment: over.environment }, cancel)
    expect(off.execution).toMatchObject({ status: 'canceled', lock: 'released' })
    expect(off.environment).toMatchObject({ lock: { execution: 'r3' }, queue: [] })
    expect(tells(off.effects).map(({ execution }) => execution)).toEqual(['r3'])
  })

  test('is not touched by one who leaves the queue, and those behind see their new place', () => {
    const third = begin({ id: 'r3' }, environmentAfter(second))
    const off = told({ ...second, environment: third.environment }, cancel)
    expect(off.environment).toMatchObject({ lock: { execution: 'r1' }, queue: [{ execution: 'r3' }] })
    expect(tells(off.effects)).toEqual([])
    expect(shows(off.effects)).toEqual(['execution:r3'])
  })

  test('is kept at unknown', () => {
    expect(unknown().environment?.lock?.execution).toBe('r1')
  })
})

describe('an event that comes a second time changes nothing', () => {
  const planning = starts(begin(), PLAN)
  test.each<[string, Story, Event]>([
    ['stage.started, of another worker', planning, { ...started(PLAN), worker: { ...worker, id: 'w2' } } as Event],
    ['stage.ended', waiting(), ended(PLAN, planned())],
    ['stage.ended with another outcome', waiting(), ended(PLAN, { kind: 'failed', error: 'x' } as never)],
    ['lock.granted', planning, { type: 'lock.granted' }],
    ['judgment.due', judged(waiting()), due],
    ['stage.lost, of a stage that was started anew', told(planning, lost(PLAN, true)), lost(PLAN, true)],
    ['stage.adopted, of one that another adopted', adoptedBy('w2'), adoption('w3', 'w1')],
    ['stage.lost, of one that was adopted meanwhile', adoptedBy('w2'), lost(APPLY, false, { from: 'w1' })],
    ['stage.ended of an earlier attempt', starts(told(planning, lost(PLAN, true)), PLAN), ended(PLAN, planned())],
  ])('%s', (_what, story, event) => {
    const next = answer(story, event)
    expect(next).toMatchObject({ changed: false, effects: [] })
    expect(next.execution).toBe(story.execution)
    expect(next.environment).toBe(story.environment)
  })

  function adoption(id: string, from: string): Event {
    return { type: 'stage.adopted', stage: APPLY, attempt: 1, worker: { ...worker, id }, from }
  }
  function adoptedBy(id: string): Story {
    return told(applying(), adoption(id, 'w1'))
  }
})

describe('a judgment', () => {
  test('that comes second is told who decided', () => {
    const decided = judged(waiting())
    const judgment = judgmentBy(decided, carol, { decision: 'rejected' })
    const next = answer(decided, { type: 'judged', judgment })
    expect(next).toMatchObject({ changed: false, refused: 'Already decided. Approved by @U02BOB at 17:40 UTC.' })
  })

  test('that comes after it was over is told so', () => {
    const over = told(waiting(), cancel)
    expect(answer(over, approved(over)).refused).toMatch(/Nobody is asked to judge this now: it is canceled/)
    const expired = told(waiting(), due, HOUR)
    expect(answer(expired, approved(expired)).refused).toMatch(/expired/)
  })

  test('counts until just before its time, and from then on no more', () => {
    const story = waiting()
    expect(answer(story, approved(story), HOUR - 1).changed).toBe(true)
    expect(answer(story, approved(story), HOUR)).toMatchObject({
      changed: false,
      refused: 'The time to judge ended at 18:40 UTC.',
    })
  })

  test('lapses exactly at its time, not before, and that is no rejection', () => {
    const story = waiting()
    expect(answer(story, due, HOUR - 1).changed).toBe(false)
    const over = told(story, due, HOUR)
    expect(over.execution).toMatchObject({ status: 'failed', ending: 'expired', lock: 'released' })
    expect(wordOf(over.execution)).toBe('expired')
    expect(over.execution.judgments).toEqual([])
    expect(runOf(over, 'judgment').outcome).toMatchObject({ error: expect.stringMatching(/not a rejection/) })
  })

  test('rejects with a reason, and gives the lock back', () => {
    const story = waiting()
    const judgment = judgmentBy(story, bob, { decision: 'rejected', reason: 'too big' })
    const over = told(story, { type: 'judged', judgment })
    expect(over.execution).toMatchObject({ status: 'failed', ending: 'rejected', lock: 'released' })
    expect(states(over)).toBe('succeeded failed skipped skipped')
    expect(over.environment?.lock).toBeNull()
  })

  test.each([
    ['the asker', alice],
    ['somebody who counts as one', carol],
  ])('of %s is not stored, whoever let it through', (_who, by) => {
    const story = waiting({ askers: ['T01TEAM/U03CAROL'] })
    expect(answer(story, { type: 'judged', judgment: judgmentBy(story, by) })).toMatchObject({
      changed: false,
      refused: expect.stringMatching(/asked for this, so somebody else/),
    })
  })

  test('of a stage that nobody asks about is refused', () => {
    const story = waiting()
    for (const stage of [PLAN, APPLY, 'nothing'])
      expect(answer(story, { type: 'judged', judgment: judgmentBy(story, bob, { stage }) }).changed).toBe(false)
  })
})

describe('cancel', () => {
  test.each<[string, Story, string]>([
    ['in the queue', begin({ id: 'r2' }, environmentAfter(waiting())), 'canceled canceled canceled canceled'],
    ['before a worker took it', begin(), 'canceled canceled canceled canceled'],
    ['while it waits for a judgment', waiting(), 'succeeded canceled canceled canceled'],
    ['after the approval, before a worker took it', judged(waiting()), 'succeeded succeeded canceled canceled'],
  ])('%s ends it at once', (_when, story, after) => {
    const over = told(story, cancel)
    expect(over.execution).toMatchObject({ status: 'canceled', lock: 'released', cancel: { why: 'wrong size' } })
    expect(states(over)).toBe(after)
    expect(runEffects(over.effects)).toEqual([])
    expect(answer(over, started(PLAN)).changed).toBe(false)
    expect(answer(over, started(APPLY)).changed).toBe(false)
  })

  test.each([
    ['plan', starts(begin(), PLAN), PLAN],
    ['apply', applying(), APPLY],
  ])('in a running %s waits for its end, and keeps the lock until then', (_which, story, id) => {
    const asked = told(story, cancel)
    expect(asked.execution).toMatchObject({ endedAt: null, lock: 'held' })
    expect(wordOf(asked.execution)).toBe('canceling')
    const over = ends(asked, id, { kind: 'canceled', why: 'interrupted', output: {} })
    expect(over.execution).toMatchObject({ status: 'canceled', lock: 'released' })
  })

  test('that comes too late for the last stage does not undo that it succeeded', () => {
    const last = starts(ends(applying(), APPLY, succeeded()), 'health')
    expect(ends(told(last, cancel), 'health', succeeded()).execution.status).toBe('succeeded')
  })

  test('of an apply that succeeds all the same starts nothing after it', () => {
    const over = ends(told(applying(), cancel), APPLY, succeeded())
    expect(over.execution.status).toBe('canceled')
    expect(states(over)).toBe('succeeded succeeded succeeded canceled')
  })

  test('of a stale plan does not plan again', () => {
    expect(ends(told(applying(), cancel), APPLY, stale).execution.status).toBe('canceled')
  })

  test('a second time says who asked first; by force only after it was asked without', () => {
    const asked = told(applying(), cancel)
    expect(answer(asked, { ...cancel, by: bob }).refused).toMatch(/@U01ALICE asked to cancel it at/)
    expect(answer(applying(), force).refused).toMatch(/Cancel it first/)
    const forced = told(asked, force)
    expect(wordOf(forced.execution)).toBe('stopping by force')
    expect(answer(forced, force).refused).toMatch(/asked to stop it by force/)
    expect(answer(forced, cancel).changed).toBe(false)
  })

  test('is refused where nobody knows how it stands, and where it is over', () => {
    expect(answer(unknown(), cancel).refused).toMatch(/nothing to cancel/)
    expect(answer(up(), cancel)).toMatchObject({ changed: false, refused: 'It is over: succeeded.' })
  })

  test('of one whose worker dies ends it: what may be run again is not run again', () => {
    const planning = told(told(starts(begin(), PLAN), cancel), lost(PLAN, true))
    expect(planning.execution).toMatchObject({ status: 'canceled', lock: 'released' })
    const apply = told(told(applying(), cancel), lost(APPLY, false))
    expect(apply.execution).toMatchObject({ status: 'unknown', lock: 'held' })
  })
})

describe('superseded', () => {
  test.each<[string, Story]>([
    ['in the queue', begin({ id: 'r2' }, environmentAfter(waiting()))],
    ['waiting for a judgment', waiting()],
  ])('%s it gives way, and says why', (_when, story) => {
    const over = told(story, superseded)
    expect(over.execution).toMatchObject({ status: 'canceled', ending: 'superseded', lock: 'released' })
    expect(over.execution.notes.at(-1)?.text).toBe('the time is over')
    expect(wordOf(over.execution)).toBe('canceled')
  })

  test.each<[string, Story]>([
    ['ready to be started', begin()],
    ['planning', starts(begin(), PLAN)],
    ['approved and not begun', judged(waiting())],
    ['applying', applying()],
    ['canceling', told(applying(), cancel)],
    ['at unknown', unknown()],
    ['over', up()],
  ])('%s it is left alone', (_when, story) => {
    expect(answer(story, superseded).changed).toBe(false)
  })
})

describe('a worker that dies', () => {
  test('loses nothing that may be run again: it is started anew, and that is noted', () => {
    const story = told(starts(begin(), PLAN), lost(PLAN, true))
    expect(runOf(story, PLAN)).toMatchObject({ state: 'ready', attempt: 2, worker: null })
    expect(runEffects(story.effects)).toEqual([`${PLAN}/2`])
    expect(story.execution.notes).toHaveLength(1)
  })

  test('again and again with the same stage is not waited for for ever', () => {
    let story = starts(begin(), PLAN)
    for (let attempt = 1; attempt < 5; attempt++) story = starts(told(story, lost(PLAN, true, { attempt })), PLAN)
    const over = told(story, lost(PLAN, true, { attempt: 5 }))
    expect(over.execution).toMatchObject({ status: 'failed', lock: 'released' })
    expect(runOf(over, PLAN).outcome).toMatchObject({ error: expect.stringMatching(/started 5 times/) })
  })

  test('leaves what may not be run again at unknown, with the lock, and has somebody look', () => {
    const story = unknown()
    expect(story.execution).toMatchObject({ status: 'unknown', lock: 'held', endedAt: null })
    expect(runEffects(story.effects)).toEqual(['look/1'])
    expect(wordOf(story.execution)).toBe('unknown')
  })

  test('is followed by one that adopts what it had in hand, also after it stood at unknown', () => {
    const by = { ...worker, id: 'w2' }
    for (const story of [applying(), unknown()]) {
      const adopted = told(story, { type: 'stage.adopted', stage: APPLY, attempt: 1, worker: by, from: 'w1' })
      expect(adopted.execution).toMatchObject({ status: 'running', lock: 'held' })
      expect(runOf(adopted, APPLY)).toMatchObject({ state: 'running', attempt: 1, worker: by, outcome: null })
      expect(ends(adopted, APPLY, succeeded()).execution.status).toBe('running')
    }
  })
})

describe('a late true result', () => {
  test('replaces unknown, and the execution goes on from it', () => {
    const story = ends(unknown(), APPLY, succeeded({ lineage: 'L1' }))
    expect(states(story)).toBe('succeeded succeeded succeeded ready')
    expect(story.execution).toMatchObject({ status: 'running', lock: 'held' })
    expect(runs(story, 'health', succeeded()).execution.status).toBe('succeeded')
  })

  test('that it failed ends it', () => {
    const story = ends(unknown(), APPLY, { kind: 'failed', error: 'half', output: {} })
    expect(story.execution).toMatchObject({ status: 'failed', lock: 'released' })
  })

  test('that the plan was stale plans again', () => {
    expect(states(ends(unknown(), APPLY, stale))).toBe('ready pending pending pending')
  })

  test.each([
    ['a success', succeeded({ empty: true })],
    ['a failure', { kind: 'failed', error: 'x', output: {} } as const],
    ['a stale plan', stale],
    ['unknown again', { kind: 'unknown', why: 'x' } as const],
  ])('after it was left (%s) is kept with its stage and starts nothing', (_what, outcome) => {
    const story = told(unknown(), left)
    const late = told(story, { type: 'stage.ended', stage: APPLY, attempt: 1, outcome }, HOUR)
    expect(late.execution).toMatchObject({ status: 'unknown', ending: 'left', endedAt: story.execution.endedAt })
    expect(runOf(late, APPLY).outcome).toEqual(outcome)
    expect(runOf(late, 'health').state).toBe('skipped')
    expect(late.environment).toEqual(story.environment)
    expect(runEffects(late.effects)).toEqual([])
  })
})

describe('leaving it as it is', () => {
  test('gives the lock back, says by whom, and keeps saying that nobody knows', () => {
    const over = told(unknown(), left)
    expect(over.execution).toMatchObject({ status: 'unknown', ending: 'left', lock: 'released' })
    expect(over.environment?.lock).toBeNull()
    expect(over.execution.notes.at(-1)?.text).toMatch(/@U03CAROL left it/)
    expect(states(over)).toBe('succeeded succeeded unknown skipped canceled')
  })

  test.each<[string, Story]>([
    ['waits', waiting()],
    ['runs', applying()],
    ['is over', up()],
    ['was left', told(unknown(), left)],
  ])('is refused where it %s', (_how, story) => {
    expect(answer(story, left)).toMatchObject({ changed: false, refused: expect.any(String) })
  })

  test('is refused while something of it still runs', () => {
    const stages = [stage('a', 'x'), stage('b', 'x')]
    const both = starts(starts(begin({ stages }), 'a'), 'b')
    const half = told(both, lost('a', false))
    expect(answer(half, left).refused).toMatch(/`b` still runs/)
    expect(told(ends(half, 'b', succeeded()), left).execution.endedAt).not.toBeNull()
  })
})

describe('a stale plan', () => {
  const again = ends(applying(), APPLY, stale)

  test('is told and planned again, and what was approved no longer counts', () => {
    expect(states(again)).toBe('ready pending pending pending')
    expect(runEffects(again.effects)).toEqual([`${PLAN}/2`])
    expect(again.execution.judgments).toEqual([expect.objectContaining({ by: bob, fell: 'The saved plan is stale.' })])
    expect(again.execution.notes.at(-1)?.text).toBe('Planned again: The saved plan is stale.')
    expect(again.execution).toMatchObject({ lock: 'held', status: 'running' })
  })

  test('needs a judgment of the new plan; one of the old plan is refused', () => {
    const asked = runs(again, PLAN, planned({ digest: 'd2' }))
    expect(runOf(asked, 'judgment')).toMatchObject({ state: 'waiting', attempt: 2 })
    const old = judgmentBy(asked, carol, { digest: 'd1' })
    expect(answer(asked, { type: 'judged', judgment: old }).refused).toMatch(/made anew/)
    expect(states(judged(asked, 'approved', carol))).toBe('succeeded succeeded ready pending')
  })

  test('the time of the old judgment does not end the new one', () => {
    const asked = runs(again, PLAN, planned({ digest: 'd2' }))
    expect(answer(asked, due, 2 * HOUR).changed).toBe(false)
    expect(answer(asked, { ...due, attempt: 2 }, 2 * HOUR).changed).toBe(true)
  })

  test('is planned three times and no more', () => {
    const once = (story: Story, digest: string) =>
      ends(starts(judged(runs(story, PLAN, planned({ digest }))), APPLY), APPLY, stale)
    const third = once(once(begin(), 'd1'), 'd2')
    expect(runOf(once(third, 'd3'), APPLY).state).toBe('failed')
    expect(once(third, 'd3').execution).toMatchObject({ status: 'failed', lock: 'released' })
  })

  test('leaves a branch beside it alone, so that nothing there is started twice', () => {
    const stages = [
      ...waiting()
        .execution.stages.slice(0, 3)
        .map(({ id, kind, input, after }) => stage(id, kind, input, after)),
      stage('beside', 'x', {}, []),
    ]
    const both = starts(judged(runs(starts(begin({ stages }), 'beside'), PLAN, planned())), APPLY)
    const story = ends(both, APPLY, stale)
    expect(states(story)).toBe('ready pending pending running')
    expect(runOf(story, 'beside').attempt).toBe(1)
  })

  test('that names no stage is a failure like any other', () => {
    expect(ends(applying(), APPLY, { ...stale, again: 'nothing' } as never).execution.status).toBe('failed')
  })
})

test('files that a stage wrote are shown in the thread, also of a stage that failed', () => {
  const story = runs(begin(), PLAN, planned({ files: ['plan.txt'] }))
  expect(shows(story.effects)).toContain('file:r1:plan.txt:1')
  const failed = runs(begin(), PLAN, { kind: 'failed', error: 'x', output: { files: ['plan-log.txt'] } })
  expect(shows(failed.effects)).toContain('file:r1:plan-log.txt:1')
})

describe('whatever happens, in whatever order', () => {
  const seeds = Array.from({ length: 12 }, (_, index) => index)

  test.each(seeds)('nobody is forgotten and nothing contradicts itself (walks %i)', (seed) => {
    for (let walk = 0; walk < 60; walk++) walkFrom(seed * 1000 + walk)
  })

  function walkFrom(seed: number): void {
    const chance = dice(seed)
    const town = newTown()
    for (let steps = 0; steps < 150; steps++) {
      const before = new Map(town.executions)
      anything(town, chance)
      complain(seed, town, [...breaches(town), ...rewritten(before, town)])
    }
    const before = new Map(town.executions)
    finishAll(town, chance)
    complain(seed, town, [...breaches(town), ...rewritten(before, town)])
    const { lock, queue } = town.environment
    expect({ lock, queue }).toEqual({ lock: null, queue: [] })
  }

  function complain(seed: number, town: Town, found: readonly string[]): void {
    if (found.length === 0) return
    throw new Error(`Walk ${seed}:\n${found.join('\n')}\nafter\n${town.history.slice(-15).join('\n')}`)
  }

  /** What an event may never take back. */
  function rewritten(before: ReadonlyMap<string, Execution>, town: Town): string[] {
    return [...before.values()].flatMap((was) => {
      const is = town.executions.get(was.id) ?? was
      const fewer = is.stages.some((each, index) => each.attempt < (was.stages[index]?.attempt ?? 0))
      const same = ['status', 'ending', 'endedAt', 'lock'] as const
      const changed = isOver(was) && same.some((field) => was[field] !== is[field])
      const fell = was.judgments.some((each, index) => each.fell && is.judgments[index]?.fell !== each.fell)
      return [
        ...(fewer ? [`${was.id}: an attempt was taken back`] : []),
        ...(changed ? [`${was.id}: it was over, and changed`] : []),
        ...(fell ? [`${was.id}: a judgment that fell counts again`] : []),
        ...(is.judgments.length < was.judgments.length ? [`${was.id}: a judgment is gone`] : []),
      ]
    })
  }
})
