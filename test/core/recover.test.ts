import { describe, expect, test } from 'vitest'
import type { Stage } from '../../src/core/workflow.ts'
import type { Story } from './world.ts'
import { alice, begin, ends, runEffects, runs, starts, states, succeeded, told, worker } from './world.ts'

const failed = { kind: 'failed', error: 'it broke' } as const
const step = (id: string, more: Partial<Stage> = {}): Stage => ({
  ...{ id, kind: 'script', input: {}, after: [], onFailure: 'halt' },
  ...more,
})

/** Make, check, switch; and two steps back where check or switch failed. */
const flow: readonly Stage[] = [
  step('make'),
  step('check', { after: ['make'] }),
  step('switch', { after: ['check'] }),
  step('back', { recovers: ['check', 'switch'] }),
  step('clean', { recovers: ['check', 'switch'], after: ['back'] }),
]
const start = (stages = flow): Story => begin({ stages })

describe('what recovers from a failure', () => {
  test('does not run where nothing failed, and is no reason to fail', () => {
    const done = ['make', 'check', 'switch'].reduce((story, id) => runs(story, id, succeeded()), start())
    expect(states(done)).toBe('succeeded succeeded succeeded skipped skipped')
    expect(done.execution.status).toBe('succeeded')
    expect(done.execution.stages[3]?.outcome).toEqual({ kind: 'skipped', why: 'nothing to recover from' })
  })

  test('runs in order after the failure, while the lock is held; the execution has failed all the same', () => {
    const broken = runs(runs(start(), 'make', succeeded()), 'check', failed)
    expect(runEffects(broken.effects)).toEqual(['back/1'])
    expect(broken.execution).toMatchObject({ status: 'running', endedAt: null, lock: 'held' })
    const half = runs(broken, 'back', succeeded())
    expect(runEffects(half.effects)).toEqual(['clean/1'])
    const over = runs(half, 'clean', succeeded())
    expect(over.execution).toMatchObject({ status: 'failed', lock: 'released' })
    expect(states(over)).toBe('succeeded failed skipped succeeded succeeded')
  })

  test('is not for other failures', () => {
    const over = runs(start(), 'make', failed)
    expect(over.execution.status).toBe('failed')
    expect(states(over)).toBe('failed skipped skipped skipped skipped')
  })

  test('ends with its own failure', () => {
    const over = runs(runs(runs(start(), 'make', succeeded()), 'check', failed), 'back', failed)
    expect(over.execution.status).toBe('failed')
    expect(states(over)).toBe('succeeded failed skipped failed skipped')
  })

  test('has one of its own, where that is written: what recovers from its failure runs, and then what comes after that', () => {
    const stages = [
      step('make'),
      step('back', { recovers: ['make'] }),
      step('by-hand', { recovers: ['back'], after: ['back'] }),
      step('tell', { recovers: ['make'], after: ['by-hand'] }),
    ]
    const broken = runs(runs(start(stages), 'make', failed), 'back', failed)
    expect(runEffects(broken.effects)).toEqual(['by-hand/1'])
    const over = runs(runs(broken, 'by-hand', succeeded()), 'tell', succeeded())
    expect(states(over)).toBe('failed failed succeeded succeeded')
    expect(over.execution).toMatchObject({ status: 'failed', lock: 'released' })
    const well = runs(runs(runs(start(stages), 'make', failed), 'back', succeeded()), 'tell', succeeded())
    expect(states(well)).toBe('failed succeeded skipped succeeded')
    const branch = stages.map((each) => (each.id === 'back' ? { ...each, onFailure: 'halt-branch' as const } : each))
    expect(runEffects(runs(runs(start(branch), 'make', failed), 'back', failed).effects)).toEqual(['by-hand/1'])
  })

  test('goes on beside another that fails, and what comes after that one says why it is not done', () => {
    const stages = [
      step('make'),
      ...['one', 'two'].flatMap((id) => [
        step(id, { recovers: ['make'] }),
        step(`${id}-after`, { recovers: ['make'], after: [id] }),
      ]),
    ]
    const half = ends(starts(starts(runs(start(stages), 'make', failed), 'one'), 'two'), 'one', failed)
    const over = runs(ends(half, 'two', succeeded()), 'two-after', succeeded())
    expect(states(over)).toBe('failed failed skipped succeeded succeeded')
    expect(over.execution.stages[2]?.outcome).toEqual({ kind: 'skipped', why: 'what comes before it failed' })
    expect(over.execution).toMatchObject({ status: 'failed', lock: 'released' })
  })

  test('stands at unknown when nobody saw how it went', () => {
    const broken = starts(runs(runs(start(), 'make', succeeded()), 'check', failed), 'back')
    const lost = told(broken, {
      type: 'stage.lost',
      stage: 'back',
      attempt: 1,
      why: 'gone',
      repeatable: false,
      from: worker.id,
    })
    expect(lost.execution).toMatchObject({ status: 'unknown', lock: 'held', endedAt: null })
  })

  test('is called off with the execution', () => {
    const broken = runs(runs(start(), 'make', succeeded()), 'check', failed)
    const over = told(broken, { type: 'cancel', by: alice, why: '', force: false })
    expect(over.execution).toMatchObject({ status: 'canceled', lock: 'released' })
  })
})

describe('a stage whose failure is gone on from', () => {
  const shares: readonly Stage[] = [
    step('one', { onFailure: 'continue' }),
    step('two', { onFailure: 'continue' }),
    step('sum', { after: ['one', 'two'] }),
  ]

  test('lets its siblings end and what comes after begin', () => {
    const story = starts(starts(start(shares), 'one'), 'two')
    const half = ends(story, 'one', failed)
    expect(half.execution.status).toBe('running')
    const both = ends(half, 'two', succeeded())
    expect(runEffects(both.effects)).toEqual(['sum/1'])
    expect(runs(both, 'sum', succeeded()).execution.status).toBe('succeeded')
  })

  test('counts as failed, not unknown, when it is lost and can have done no harm', () => {
    const story = starts(start(shares), 'one')
    const event = {
      type: 'stage.lost',
      stage: 'one',
      attempt: 1,
      why: 'gone',
      repeatable: false,
      harmless: true,
    } as const
    expect(told(story, event).execution.stages[0]).toMatchObject({ state: 'failed', outcome: { error: 'gone' } })
  })
})
