import { describe, expect, test } from 'vitest'
import type { Actor } from '../../../src/core/actor.ts'
import { recheck } from '../../../src/core/recheck.ts'
import type { Fields, Stage } from '../../../src/core/workflow.ts'
import type { Story } from '../world.ts'
import {
  APPLY,
  alice,
  answer,
  applyStage,
  begin,
  bob,
  carol,
  ends,
  HOUR,
  judgmentBy,
  judgmentStage,
  PLAN,
  person,
  planned,
  runOf,
  runs,
  stage,
  stale,
  starts,
  states,
  told,
  waiting,
} from '../world.ts'
import { settingsOf } from './settings.ts'

const dora = person('U05DORA')
const choices = [
  { value: '10 %', label: '10 %' },
  { value: 'all', label: 'all' },
  { value: 'stop', label: 'stop', style: 'danger', rejects: true },
]
const asking = (more: Fields, rest: readonly Stage[] = [applyStage]) =>
  waiting({ stages: [stage(PLAN, PLAN), judgmentStage(more), ...rest] })
const roles = new Map([
  [bob, ['sre', 'data']],
  [carol, ['data']],
  [dora, ['sre']],
])
const given = (story: Story, by: Actor, change: object = {}) =>
  judgmentBy(story, by, { roles: roles.get(by) ?? [], ...change })
const approves = (story: Story, by: Actor, change: object = {}) =>
  told(story, { type: 'judged', judgment: given(story, by, change) })
const refused = (story: Story, by: Actor, change: object = {}) =>
  answer(story, { type: 'judged', judgment: given(story, by, change) }).refused

describe('two of three', () => {
  test('one alone starts nothing, the second one does', () => {
    const one = approves(asking({ count: 2 }), bob)
    expect(states(one)).toBe('succeeded waiting pending')
    expect(one.execution.judgments).toHaveLength(1)
    const two = approves(one, carol)
    expect(states(two)).toBe('succeeded succeeded ready')
    expect(runOf(two, 'judgment').outcome).toMatchObject({ output: { approvers: ['@U02BOB', '@U03CAROL'] } })
  })

  test('the same person counts once, and is told what is missing', () => {
    const one = approves(asking({ count: 2 }), bob)
    expect(refused(one, bob)).toBe('You approved this already. 1 of 2 approvals.')
  })

  test('whoever asked does not count, and what is given for another plan does not either', () => {
    const one = approves(asking({ count: 2 }), bob)
    expect(refused(one, alice)).toMatch(/asked for this/)
    expect(refused(one, carol, { digest: 'other' })).toMatch(/made anew/)
  })

  test('any of them ends it with a rejection', () => {
    const one = approves(asking({ count: 2 }), bob)
    const no = approves(one, carol, { decision: 'rejected', reason: 'not today' })
    expect(no.execution).toMatchObject({ status: 'failed', ending: 'rejected' })
    expect(runOf(no, APPLY).state).toBe('skipped')
  })

  test('one that is not there in time expires, and says how far it was', () => {
    const one = approves(asking({ count: 2 }), bob)
    const over = told(one, { type: 'judgment.due', stage: 'judgment', attempt: 1 }, HOUR)
    expect(over.execution.ending).toBe('expired')
    expect(runOf(over, 'judgment').outcome).toMatchObject({
      error: expect.stringMatching(/^Not enough approvals came until .* It had 1 of 2 approvals\. .*not a rejection/),
    })
  })

  test('approvals fall when the plan is made anew, also those of a judgment that still waits', () => {
    const two = approves(approves(asking({ count: 2 }, [applyStage]), bob), carol)
    const again = runs(ends(starts(two, APPLY), APPLY, stale), PLAN, planned({ digest: 'd2' }))
    expect(again.execution.judgments.every(({ fell }) => fell !== undefined)).toBe(true)
    const one = approves(again, bob)
    expect(states(one)).toBe('succeeded waiting pending')
    expect(states(approves(one, carol))).toBe('succeeded succeeded ready')
  })
})

test('one of sre and one of data: a person of both counts for the one that is missing', () => {
  const groups = [
    { role: 'sre', count: 1 },
    { role: 'data', count: 1 },
  ]
  const one = approves(asking({ count: 2, groups }), bob)
  expect(refused(one, bob)).toBe('You approved this already. 1 of 2 approvals; missing: one of `data`.')
  expect(states(approves(one, carol))).toBe('succeeded succeeded ready')
  expect(states(approves(one, dora))).toBe('succeeded succeeded ready')
  const same = approves(approves(asking({ count: 2, groups }), dora), person('U06EVE'), { roles: ['sre'] })
  expect(states(same)).toBe('succeeded waiting pending')
})

describe('choices', () => {
  const only = (id: string, is: string, after = ['judgment']) =>
    stage(id, 'health', { conditions: [{ ref: 'judgment.choice', is }] }, after)
  const branches = [
    only('tenth', '10 %'),
    only('tenth2', '10 %', ['tenth']),
    only('whole', 'all'),
    stage('last', 'health', {}, ['tenth2', 'whole']),
  ]

  test('the chosen branch is done and the other left out, and what comes after both goes on', () => {
    const tenth = approves(asking({ choices }, branches), bob, { choice: '10 %' })
    expect(states(tenth)).toBe('succeeded succeeded ready pending skipped pending')
    expect(runOf(tenth, 'whole').outcome).toMatchObject({ why: '`judgment.choice` is not all' })
    const whole = approves(asking({ choices }, branches), bob, { choice: 'all' })
    expect(states(whole)).toBe('succeeded succeeded skipped skipped ready pending')
  })

  test('stop ends it as rejected, and never approves', () => {
    const stop = approves(asking({ choices }), bob, { choice: 'stop', decision: 'rejected' })
    expect(stop.execution).toMatchObject({ status: 'failed', ending: 'rejected' })
    expect(refused(asking({ choices }), bob, { choice: 'stop' })).toMatch(/Choose one of `10 %`, `all`, `stop`/)
  })

  test('nothing is approved without a choice, nor with one that there is not', () => {
    expect(refused(asking({ choices }), bob)).toMatch(/Choose one of/)
    expect(refused(asking({ choices }), bob, { choice: '50 %' })).toMatch(/There is no choice `50 %`/)
    expect(refused(asking({}), bob, { choice: 'all' })).toMatch(/no choice `all` here/)
  })

  test('two have to choose the same; who chooses anew counts for the new choice only', () => {
    const one = approves(asking({ choices, count: 2 }), bob, { choice: '10 %' })
    const other = approves(one, carol, { choice: 'all' })
    expect(states(other)).toBe('succeeded waiting pending')
    const alike = approves(other, bob, { choice: 'all' })
    expect(states(alike)).toBe('succeeded succeeded ready')
    expect(alike.execution.judgments.map(({ choice, fell }) => [choice, fell])).toEqual([
      ['10 %', 'chosen anew'],
      ['all', undefined],
      ['all', undefined],
    ])
  })

  test('a plan that was approved in advance is asked about all the same where there is something to choose', () => {
    const preapproved = { execution: 'r0', environment: 'loadtest', lineage: 'L1', approvers: ['T01TEAM/U02BOB'] }
    const plan = { deleteOnly: true }
    const plain = waiting({ stages: [stage(PLAN, PLAN), judgmentStage({ preapproved }), applyStage] }, undefined, plan)
    expect(runOf(plain, 'judgment').state).toBe('succeeded')
    for (const more of [{ choices }, { count: 2 }]) {
      const stages = [stage(PLAN, PLAN), judgmentStage({ preapproved, ...more }), applyStage]
      expect(runOf(waiting({ stages }, undefined, plan), 'judgment').state).toBe('waiting')
    }
  })
})

test('nobody is asked to approve a plan that could not be made and was gone on from', () => {
  const stages = [{ ...stage(PLAN, PLAN), onFailure: 'continue' as const }, judgmentStage(), applyStage]
  const over = runs(begin({ stages }), PLAN, { kind: 'failed', error: 'no provider' })
  expect(states(over)).toBe('failed failed skipped')
  expect(runOf(over, 'judgment').outcome).toMatchObject({ error: expect.stringMatching(/nothing to approve: `terraf/) })
})

test('expiry can mean something else for the rest than a rejection', () => {
  const stages = [
    stage(PLAN, PLAN),
    judgmentStage({ onExpiry: 'halt-branch' }),
    applyStage,
    stage('beside', 'health', {}, [PLAN]),
  ]
  const asked = waiting({ stages })
  const due = { type: 'judgment.due', stage: 'judgment', attempt: 1 } as const
  const late = told(asked, due, HOUR)
  expect(states(late)).toBe('succeeded failed skipped ready')
  expect(runOf(late, 'judgment').outcome).toMatchObject({ output: { expired: true } })
  const rejected = approves(asked, bob, { decision: 'rejected' })
  expect(rejected.execution).toMatchObject({ status: 'failed', ending: 'rejected' })
})

describe('before an apply begins', () => {
  const site = settingsOf({ approvers: ['U02BOB', 'U03CAROL'] })
  const without = settingsOf({ approvers: ['U02BOB'] })
  const two = approves(approves(asking({ count: 2 }), bob), carol)
  const input = { plan: PLAN }

  test('enough approvers have to have their right still', () => {
    expect(recheck(two.execution, site, new Map(), true, { input }).refused).toBeNull()
    expect(recheck(two.execution, without, new Map(), true, { input }).refused).toMatch(
      /@U03CAROL may no longer approve this/,
    )
  })
})
