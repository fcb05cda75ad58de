import { describe, expect, test } from 'vitest'
import type { Offer } from '../../src/core/look.ts'
import { LOOK, offersOf } from '../../src/core/look.ts'
import type { Fields, Outcome } from '../../src/core/workflow.ts'
import type { Story } from './world.ts'
import {
  APPLY,
  alice,
  answer,
  applying,
  bob,
  carol,
  ends,
  judged,
  PLAN,
  planned,
  runOf,
  runs,
  starts,
  succeeded,
  told,
} from './world.ts'

const vanished: Outcome = { kind: 'unknown', why: 'It was killed.', output: { vanished: true } }
const unknown = () => ends(applying(), APPLY, vanished)
const calm: Fields = {
  process: 'gone',
  lock: null,
  fresh: '2 to add, 0 to change, 0 to destroy.',
  savedOn: null,
  problem: null,
}
const looked = (found: Fields = {}, story: Story = unknown()) => runs(story, LOOK, succeeded({ ...calm, ...found }))
const lock = { ours: true, id: 'l-1', who: 'root@vm', operation: 'OperationTypeApply', created: 'now' }
const chosen = (offer: Offer, by = bob, attempt = 1) => ({ type: 'chosen', choice: { offer, by, attempt } }) as const

describe('an apply that nobody saw end', () => {
  test('is looked at first, once, and stays unknown meanwhile', () => {
    const story = unknown()
    expect(runOf(story, LOOK)).toMatchObject({ kind: 'terraform.look', state: 'ready', aside: true, attempt: 1 })
    expect(runOf(story, LOOK).input).toMatchObject({ of: APPLY, plan: PLAN, gone: true })
    expect(starts(story, LOOK).execution.status).toBe('unknown')
    expect(offersOf(story.execution)).toEqual([])
  })

  test.each<[string, Fields, readonly Offer[]]>([
    ['all is calm', {}, ['plan', 'look', 'leave']],
    ['its process still runs', { process: 'running' }, ['look']],
    ['a dead holder left the state locked', { lock, fresh: null }, ['unlock', 'look', 'leave']],
    ['somebody else works on this state', { lock: { ...lock, ours: false }, fresh: null }, ['look', 'leave']],
    ['the state is locked, and nobody can see by whom', { lock, fresh: null, process: 'elsewhere' }, ['look', 'leave']],
    ['a saved state waits', { savedOn: 'm1' }, ['push', 'look', 'leave']],
    ['no plan can be made', { fresh: null, problem: 'no credentials' }, ['look', 'leave']],
    ['the machine is gone and the state is free', { process: 'elsewhere' }, ['plan', 'look', 'leave']],
  ])('offers, where %s, just what is safe', (_where, found, offered) => {
    expect(offersOf(looked(found).execution)).toEqual(offered)
  })

  test('that was canceled goes on to no new plan: only an approver gives its lock back', () => {
    const asked = told(applying(), { type: 'cancel', by: alice, why: '', force: false })
    const story = looked({}, ends(asked, APPLY, vanished))
    expect(offersOf(story.execution)).toEqual(['look', 'leave'])
    expect(answer(story, chosen('plan', carol))).toMatchObject({
      changed: false,
      refused: expect.stringMatching(/cannot be done/),
    })
  })

  test('has looks that are counted on, so that a button of an earlier unknown end does nothing about a later one', () => {
    const anew = told(looked(), chosen('plan', carol))
    const waits = runs(anew, PLAN, planned())
    const second = ends(starts(judged(waits), APPLY), APPLY, vanished)
    const story = runs(second, LOOK, succeeded(calm))
    expect(runOf(story, LOOK).attempt).toBe(2)
    expect(answer(story, chosen('plan')).refused).toMatch(/looked again since this button was drawn/)
  })

  test('may be left, or looked at again, while no worker takes what was to mend it', () => {
    const pushing = told(looked({ savedOn: 'm1' }), chosen('push'))
    expect(offersOf(pushing.execution)).toEqual([])
    const stuck = told(pushing, {
      type: 'stage.stuck',
      stage: 'push',
      attempt: runOf(pushing, 'push').attempt,
      why: 'Only builder-1 has it.',
    })
    expect(offersOf(stuck.execution)).toEqual(['look', 'leave'])
    const again = told(stuck, chosen('look'))
    expect(again.execution.stages.map(({ id }) => id)).not.toContain('push')
    expect(runOf(again, LOOK).state).toBe('ready')
  })

  test('may be looked at again when the look itself failed', () => {
    const failed = runs(unknown(), LOOK, { kind: 'failed', error: 'Consul is away' })
    expect(failed.execution.status).toBe('unknown')
    expect(offersOf(failed.execution)).toEqual(['look', 'leave'])
  })
})

describe('planning again', () => {
  test('makes a new plan that has to be approved again, and an asker of whoever wanted it', () => {
    const again = told(looked(), chosen('plan', carol))
    expect(again.execution).toMatchObject({ status: 'running', lock: 'held' })
    expect(again.execution.askers).toEqual(['T01TEAM/U01ALICE', 'T01TEAM/U03CAROL'])
    expect(again.execution.judgments[0]?.fell).toMatch(/nobody saw how terraform.apply ended/)
    expect(again.execution.stages.some(({ aside }) => aside)).toBe(false)
    const waiting = runs(again, PLAN, planned({ digest: 'd2' }))
    expect(waiting.execution.status).toBe('waiting')
    expect(() => judged(waiting, 'approved', carol)).toThrow(/asked for this/)
    expect(judged(waiting, 'approved', bob).execution.status).toBe('running')
  })

  test('is refused where it is not offered, and after somebody looked again', () => {
    expect(answer(looked({ process: 'running' }), chosen('plan'))).toMatchObject({
      changed: false,
      refused: expect.stringMatching(/cannot be done/),
    })
    const again = told(looked(), chosen('look'))
    expect(runOf(again, LOOK)).toMatchObject({ state: 'ready', attempt: 2 })
    expect(answer(looked({}, again), chosen('plan', bob, 1)).refused).toMatch(/looked again/)
  })

  test('is refused once a late true result made it clear', () => {
    const clear = ends(looked(), APPLY, succeeded({ lineage: 'L1' }))
    expect(answer(clear, chosen('plan')).refused).toMatch(/no longer unknown/)
    expect(clear.execution.stages.some(({ aside }) => aside)).toBe(false)
  })
})

describe('mending', () => {
  test('releases exactly the lock that was shown, and then looks again', () => {
    const mending = told(looked({ lock, fresh: null }), chosen('unlock'))
    expect(runOf(mending, 'unlock')).toMatchObject({ kind: 'terraform.unlock', state: 'ready', aside: true })
    expect(runOf(mending, 'unlock').input.lock).toBe('l-1')
    expect(offersOf(mending.execution)).toEqual([])
    const done = runs(mending, 'unlock', succeeded({ said: 'released' }))
    expect(runOf(done, LOOK)).toMatchObject({ state: 'ready', attempt: 2 })
    expect(done.execution.status).toBe('unknown')
  })

  test('pushes a saved state from the machine that has it', () => {
    const mending = told(looked({ savedOn: 'm7' }), chosen('push'))
    expect(runOf(mending, 'push').input.machine).toBe('m7')
  })

  test('looks again also after mending failed', () => {
    const failed = runs(told(looked({ savedOn: 'm7' }), chosen('push')), 'push', { kind: 'failed', error: 'refused' })
    expect(runOf(failed, LOOK).state).toBe('ready')
  })
})

test('leaving it as it is ends it with its lock given back, and says by whom', () => {
  const left = told(looked(), chosen('leave', carol))
  expect(left.execution).toMatchObject({ status: 'unknown', ending: 'left', lock: 'released' })
  expect(left.execution.notes.at(-1)?.text).toMatch(/@U03CAROL left it/)
})

test('a second click finds it decided', () => {
  const again = told(looked(), chosen('plan', bob))
  expect(answer(again, chosen('plan', alice))).toMatchObject({ changed: false, refused: expect.any(String) })
})
