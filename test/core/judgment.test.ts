import { describe, expect, test } from 'vitest'
import type { Actor } from '../../src/core/actor.ts'
import { idOf } from '../../src/core/actor.ts'
import type { Judgment } from '../../src/core/judgment.ts'
import { clock, dayAndClock, judgmentText, peopleText, refusalToJudge, rolesText } from '../../src/core/judgment.ts'
import { alice, bob, carol } from './world.ts'

const gate = { askers: [idOf(alice)], approvers: ['approvers', 'leads'] }
const shell: Actor = { kind: 'shell', user: 'ann' }
const clockActor: Actor = { kind: 'lifetime', environment: 'loadtest' }

describe('who may judge', () => {
  test.each<[string, Actor, string[]]>([
    ['an approver', bob, ['approvers']],
    ['anybody with one of several approving roles', bob, ['engineers', 'leads']],
  ])('%s may', (_who, actor, roles) => {
    expect(refusalToJudge(gate, actor, roles)).toBeNull()
  })

  test.each<[string, Actor, string[], RegExp]>([
    ['the asker, although he has the role', alice, ['approvers'], /@U01ALICE asked for this.*`approvers`, `leads`/],
    ['somebody without the role', carol, ['engineers'], /Only `approvers`, `leads` may judge.*has `engineers`/],
    ['somebody without any role', carol, [], /has no role/],
    ['a shell, whatever roles it is given', shell, ['approvers'], /never from a shell/],
    ['the clock', clockActor, ['approvers'], /never from a shell or by a schedule/],
  ])('%s may not, and is told why', (_who, actor, roles, why) => {
    expect(refusalToJudge(gate, actor, roles)).toMatch(why)
  })

  test('whoever extended counts as an asker', () => {
    expect(refusalToJudge({ ...gate, askers: [idOf(alice), idOf(bob)] }, bob, ['approvers'])).toMatch(/asked for this/)
  })

  test('where nobody is named, nobody may', () => {
    expect(refusalToJudge({ askers: [], approvers: [] }, bob, ['approvers', 'engineers'])).not.toBeNull()
  })

  test('an asker of the same user id in another workspace is not this asker', () => {
    const other: Actor = { kind: 'slack', team: 'T02OTHER', user: 'U01ALICE' }
    expect(refusalToJudge(gate, other, ['approvers'])).toBeNull()
  })
})

describe('the text of a judgment', () => {
  const at = Date.UTC(2026, 10, 20, 17, 42)
  const given: Judgment = { stage: 'judgment', decision: 'approved', by: bob, at, digest: 'd1' }

  test.each<[Partial<Judgment>, string]>([
    [{}, 'Approved by @U02BOB at 17:42 UTC'],
    [{ decision: 'rejected', reason: 'too big' }, 'Rejected by @U02BOB at 17:42 UTC: too big'],
    [{ fell: 'stale' }, 'Approved by @U02BOB at 17:42 UTC (no longer counts: stale)'],
    [{ by: clockActor }, 'Approved with --for at 17:42 UTC'],
  ])('%j', (change, text) => {
    expect(judgmentText({ ...given, ...change })).toBe(text)
  })

  test('times are of one zone, and carry the day where it may be another one', () => {
    expect([clock(at), dayAndClock(at)]).toEqual(['17:42 UTC', '2026-11-20 17:42 UTC'])
  })

  test('roles are code and people are mentions', () => {
    expect(rolesText(['a', 'b'])).toBe('`a`, `b`')
    expect(peopleText([idOf(alice), 'shell:ann'])).toBe('@U01ALICE, shell:ann')
  })
})
