import { describe, expect, test } from 'vitest'
import type { Groups } from '../../src/core/access.ts'
import type { Execution } from '../../src/core/execution.ts'
import { recheck } from '../../src/core/recheck.ts'
import type { Site } from '../../src/core/site.ts'
import { siteSchema } from '../../src/core/site.ts'
import { site, written } from './sample-site.ts'
import {
  APPLY,
  alice,
  applying,
  begin,
  carol,
  downStages,
  judged,
  PLAN,
  person,
  planned,
  runs,
  starts,
  waiting,
} from './world.ts'

const none: Groups = new Map()
const { execution } = applying()
const refusalToRun = (...about: Parameters<typeof recheck>) => recheck(...about).refused

function siteWith(change: (roles: typeof written.roles) => object): Site {
  const copy = structuredClone(written)
  return siteSchema.parse({ ...copy, roles: change(copy.roles) })
}

const without = (role: 'engineers' | 'approvers', member: string) =>
  siteWith((roles) => ({
    ...roles,
    [role]: { ...roles[role], members: roles[role].members.filter((each) => each !== member) },
  }))

const forged = (change: Partial<Execution>): Execution => ({ ...execution, ...change })

test('what was allowed and approved, and still is, may run', () => {
  expect(refusalToRun(execution, site, none, true)).toBeNull()
})

describe('it is refused', () => {
  test.each<[string, Execution, Site, RegExp]>([
    ['when the asker lost the role', execution, without('engineers', 'U01ALICE'), /@U01ALICE may no longer run this/],
    [
      'when the rule for these values is gone',
      forged({ args: { size: 'large' }, allow: ['engineers', 'leads'] }),
      site,
      /@U01ALICE may no longer run this.*`leads` may/,
    ],
    [
      'when the approver lost the role',
      execution,
      without('approvers', 'U02BOB'),
      /@U02BOB may no longer approve this/,
    ],
    [
      'when the approving role is gone altogether',
      execution,
      siteWith(({ engineers, leads, idle }) => ({ engineers, leads, idle, approvers: { members: ['U06NEW'] } })),
      /@U02BOB may no longer approve/,
    ],
    [
      'when the approver counts as an asker by now',
      forged({ askers: [...execution.askers, 'T01TEAM/U02BOB'] }),
      site,
      /asked for this/,
    ],
    ['when the approval is gone', forged({ judgments: [] }), site, /no approval that counts/],
    [
      'when the approval fell',
      forged({ judgments: execution.judgments.map((each) => ({ ...each, fell: 'stale' })) }),
      site,
      /no approval that counts/,
    ],
    [
      'when it was rejected after all',
      forged({ judgments: execution.judgments.map((each) => ({ ...each, decision: 'rejected' as const })) }),
      site,
      /no approval that counts/,
    ],
    [
      'when the approval was of another plan',
      forged({ judgments: execution.judgments.map((each) => ({ ...each, digest: 'd0' })) }),
      site,
      /not the plan that would be applied/,
    ],
    [
      'when the asker approved',
      forged({ judgments: execution.judgments.map((each) => ({ ...each, by: alice })) }),
      site,
      /asked for this/,
    ],
    [
      'when a shell approved',
      forged({
        judgments: execution.judgments.map((each) => ({ ...each, by: { kind: 'shell' as const, user: 'ann' } })),
      }),
      site,
      /never from a shell/,
    ],
  ])('%s', (_when, given, here, why) => {
    expect(refusalToRun(given, here, none, true)).toMatch(why)
  })

  test('when the group through which the asker had the role could not be looked up', () => {
    const asked = waiting({ actor: person('U08NEW') })
    const seen: Groups = new Map([['S01ENG', new Set(['U08NEW'])]])
    expect(refusalToRun(asked.execution, site, seen, false)).toBeNull()
    expect(refusalToRun(asked.execution, site, none, false)).toMatch(/may no longer run this/)
  })
})

describe('what brings back, after the asker lost his right', () => {
  const bringsBack = { recovers: [APPLY], input: {} }
  const broken = forged({
    stages: execution.stages.map((each) => (each.id === APPLY ? { ...each, state: 'failed' as const } : each)),
  })
  const here = without('engineers', 'U01ALICE')

  test('runs all the same, and people are told', () => {
    expect(recheck(broken, here, none, true, bringsBack)).toEqual({
      refused: null,
      note: expect.stringMatching(/@U01ALICE may no longer run this: .*brought back all the same/),
    })
    expect(recheck(broken, site, none, true, bringsBack)).toEqual({ refused: null, note: undefined })
  })

  test('does not run where nothing failed that it is there for, nor without an approver who still counts', () => {
    expect(refusalToRun(execution, here, none, true, bringsBack)).toMatch(/@U01ALICE may no longer run this/)
    expect(refusalToRun(broken, without('approvers', 'U02BOB'), none, true, bringsBack)).toMatch(
      /@U02BOB may no longer approve this/,
    )
  })
})

test('a plan, which changes nothing, needs no approval yet', () => {
  expect(refusalToRun(waiting().execution, site, none, false)).toBeNull()
})

describe('the end of a lifetime', () => {
  const input = {
    preapproved: { execution: 'r0', environment: 'loadtest', lineage: 'L1', approvers: ['T01TEAM/U02BOB'] },
  }
  const clock = {
    actor: { kind: 'lifetime', environment: 'loadtest' } as const,
    allow: [],
    stages: downStages(input),
    askers: ['T01TEAM/U01ALICE'],
  }
  const preapproved = starts(waiting(clock, undefined, { deleteOnly: true }), APPLY).execution

  test('needs no role, and what was approved in advance counts', () => {
    expect(preapproved.judgments.map(({ by }) => by.kind)).toEqual(['lifetime'])
    expect(refusalToRun(preapproved, site, none, true)).toBeNull()
  })

  test('even then only for the plan that was looked at', () => {
    const judgments = preapproved.judgments.map((each) => ({ ...each, digest: 'd0' }))
    expect(refusalToRun({ ...preapproved, judgments }, site, none, true)).toMatch(/not the plan/)
  })

  test('asks people where the plan does more than delete, and not those who had asked for the time', () => {
    const asked = waiting(clock, undefined, { deleteOnly: false })
    expect(() => judged(asked, 'approved', alice)).toThrow(/asked for this/)
    const approved = starts(judged(asked, 'approved', carol), APPLY)
    expect(refusalToRun(approved.execution, site, none, true)).toBeNull()
  })
})

test('of several judgments every one has to count', () => {
  const [plan, first, apply] = downStages()
  if (!plan || !first || !apply) throw new Error('There are three stages')
  const stages = [plan, first, { ...first, id: 'second', after: ['judgment'] }, { ...apply, after: ['second'] }]
  const once = judged(runs(begin({ stages }), PLAN, planned())).execution
  expect(refusalToRun(once, site, none, true)).toBeNull()
  const skipped = once.stages.map((each) => (each.id === 'second' ? { ...each, state: 'succeeded' as const } : each))
  expect(refusalToRun({ ...once, stages: skipped }, site, none, true)).toMatch(/Stage second has no approval/)
})
