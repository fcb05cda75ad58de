import { describe, expect, test } from 'vitest'
import { openText } from '../../../src/core/judgment/count.ts'
import { remindedOf } from '../../../src/core/judgment/remind-whom.ts'
import { mayWithdraw } from '../../../src/core/judgment/withdraw.ts'
import { recheck } from '../../../src/core/recheck.ts'
import { siteSchema } from '../../../src/core/site.ts'
import { wordOf } from '../../../src/core/status-word.ts'
import type { Fields } from '../../../src/core/workflow.ts'
import { written } from '../sample-site.ts'
import type { Story } from '../world.ts'
import {
  APPLY,
  alice,
  answer,
  applying,
  applyStage,
  bob,
  carol,
  ends,
  HOUR,
  judged,
  judgmentBy,
  judgmentStage,
  PLAN,
  person,
  planned,
  runOf,
  runs,
  shows,
  stage,
  stale,
  starts,
  states,
  tells,
  told,
  waiting,
} from '../world.ts'
import { settingsOf } from './settings.ts'

const dora = person('U05DORA')
const asking = (more: Fields = {}) => waiting({ stages: [stage(PLAN, PLAN), judgmentStage(more), applyStage] })
const MINUTE = 60_000

describe('withdrawn by the asker', () => {
  test('has its own word, and is no rejection', () => {
    const over = told(asking(), { type: 'withdrawn', by: alice })
    expect(over.execution).toMatchObject({ status: 'canceled', ending: 'withdrawn', lock: 'released' })
    expect(wordOf(over.execution)).toBe('withdrawn')
    expect(states(over)).toBe('succeeded canceled canceled')
  })

  test('also while some of several approvals are there', () => {
    const one = judged(asking({ count: 2 }))
    expect(told(one, { type: 'withdrawn', by: alice }).execution.ending).toBe('withdrawn')
  })

  test('nobody else can, and not once something is applied', () => {
    expect(answer(asking(), { type: 'withdrawn', by: bob }).refused).toMatch(/Only who asked/)
    const busy = applying()
    expect(mayWithdraw(busy.execution)).toBe(false)
    expect(answer(busy, { type: 'withdrawn', by: alice }).refused).toMatch(/only while it waits for a judgment/)
  })

  test('a second judgment after an apply cannot be withdrawn: something was changed', () => {
    const second = { ...judgmentStage(), id: 'second', after: [APPLY] }
    const half = waiting({ stages: [stage(PLAN, PLAN), judgmentStage(), applyStage, second] })
    const later = runs(judged(half), APPLY, { kind: 'succeeded', output: {} })
    expect(runOf(later, 'second').state).toBe('waiting')
    expect(mayWithdraw(later.execution)).toBe(false)
  })
})

describe('a reminder', () => {
  const due = (story: Story) => tells(story.effects).filter(({ event }) => event.type === 'judgment.remind')

  test('comes every so often until it expires, and never after', () => {
    const asked = asking({ remind: '25m' })
    const [first] = due(asked)
    expect((first?.at ?? 0) - asked.now).toBe(25 * MINUTE)
    if (!first) return
    const again = told(asked, first.event, 25 * MINUTE)
    expect(shows(again.effects)).toEqual([`reminder:r1:judgment:1:${first.at}`])
    const [second] = due(again)
    expect((second?.at ?? 0) - asked.now).toBe(50 * MINUTE)
    if (!second) return
    expect(due(told(again, second.event, 25 * MINUTE))).toEqual([])
  })

  test('says nothing once it is decided, or of an earlier judgment', () => {
    const asked = asking({ remind: '25m' })
    const [first] = due(asked)
    if (!first) throw new Error('no reminder')
    expect(answer(judged(asked), first.event, 25 * MINUTE).changed).toBe(false)
    expect(answer(asked, { ...first.event, attempt: 2 } as never, 25 * MINUTE).changed).toBe(false)
    expect(answer(asked, first.event, MINUTE).changed).toBe(false)
  })

  test('there is none where nobody asked for it', () => {
    expect(due(asking())).toEqual([])
  })

  test('mentions the groups and the people who can give what is missing, as the site names them', () => {
    const roles = {
      ...written.roles,
      approvers: { members: ['U01ALICE', 'U02BOB', 'U03CAROL', 'shell:ann'] },
      leads: { members: ['U07LEAD'], user_groups: ['S01LEADS'] },
    }
    const site = siteSchema.parse({ ...written, roles })
    const asked = asking({ count: 2, approvers: ['approvers'] })
    expect(remindedOf(site, asked.execution, runOf(asked, 'judgment'))).toEqual(['U02BOB', 'U03CAROL'])
    const one = judged(asked)
    expect(remindedOf(site, one.execution, runOf(one, 'judgment'))).toEqual(['U03CAROL'])
    const choices = ['10 %', 'all'].map((value) => ({ value, label: value }))
    const choosing = asking({ count: 2, approvers: ['approvers'], choices })
    const chosen = (story: Story, who: typeof bob, choice: string) =>
      told(story, { type: 'judged', judgment: judgmentBy(story, who, { choice }) })
    const split = chosen(chosen(choosing, bob, 'all'), carol, '10 %')
    expect(remindedOf(site, split.execution, runOf(split, 'judgment'))).toEqual(['U02BOB', 'U03CAROL'])
    expect(openText(runOf(split, 'judgment'), split.execution.judgments, 'd1')).toEqual([
      '`all`: 1 of 2 approvals, by @U02BOB',
      '`10 %`: 1 of 2 approvals, by @U03CAROL',
      expect.stringMatching(/^They chose differently: enough of them have to choose the same/),
    ])
    const groups = [{ role: 'leads', count: 1 }]
    const lead = asking({ groups, approvers: ['approvers', 'leads'] })
    expect(remindedOf(site, lead.execution, runOf(lead, 'judgment'))).toEqual(['S01LEADS'])
  })
})

describe('handing over', () => {
  const hands = (story: Story, from = bob, to = dora) =>
    ({
      type: 'delegated',
      delegation: { stage: 'judgment', attempt: runOf(story, 'judgment').attempt, from, to, at: story.now },
    }) as const
  const by = (story: Story, who: typeof bob, change: object = {}) =>
    ({ type: 'judged', judgment: judgmentBy(story, who, change) }) as const

  test('is off by default', () => {
    const asked = asking()
    expect(answer(asked, hands(asked)).refused).toMatch(/the site does not allow it/)
  })

  test('the named person judges in place of the approver, who cannot any more', () => {
    const asked = asking({ delegate: true })
    const handed = told(asked, hands(asked))
    expect(handed.execution.notes.at(-1)?.text).toBe('@U02BOB handed the right to judge this to @U05DORA')
    expect(answer(handed, by(handed, bob)).refused).toMatch(/You handed the right to judge this to @U05DORA/)
    const done = told(handed, by(handed, dora, { from: bob }))
    expect(states(done)).toBe('succeeded succeeded ready')
  })

  test('it is never used by somebody else, nor of somebody else', () => {
    const asked = asking({ delegate: true })
    const handed = told(asked, hands(asked))
    expect(answer(handed, by(handed, carol, { from: bob })).refused).toMatch(/Nobody handed you/)
    expect(answer(handed, by(handed, dora, { from: carol })).refused).toMatch(/Nobody handed you/)
    expect(answer(asked, by(asked, dora, { from: bob })).refused).toMatch(/Nobody handed you/)
  })

  test.each<[string, typeof bob, typeof bob, RegExp]>([
    ['to who asked', bob, alice, /@U01ALICE asked for this/],
    ['by who asked', alice, dora, /has nothing to hand over/],
    ['to himself', bob, bob, /yourself/],
    ['to another workspace', bob, { kind: 'slack', team: 'T02OTHER', user: 'U09X' }, /within a workspace/],
    ['to a shell', bob, { kind: 'shell', user: 'ann' }, /Only people in Slack/],
  ])('not %s', (_what, from, to, why) => {
    const asked = asking({ delegate: true })
    expect(answer(asked, hands(asked, from, to)).refused).toMatch(why)
  })

  test('not twice, not to one who has a right of another, and not after approving', () => {
    const asked = asking({ delegate: true, count: 2 })
    const handed = told(asked, hands(asked))
    expect(answer(handed, hands(handed, bob, person('U06X'))).refused).toMatch(/already/)
    expect(answer(handed, hands(handed, carol, dora)).refused).toMatch(/counts once/)
    const given = judged(asked, 'approved', carol)
    expect(answer(given, hands(given, carol)).refused).toMatch(/approved it already/)
  })

  test('it is over when the plan is made anew', () => {
    const asked = asking({ delegate: true })
    const handed = told(asked, hands(asked))
    const done = told(handed, by(handed, dora, { from: bob }))
    const again = runs(ends(starts(done, APPLY), APPLY, stale), PLAN, planned({ digest: 'd2' }))
    expect(answer(again, by(again, dora, { from: bob })).refused).toMatch(/Nobody handed you/)
    expect(states(judged(again))).toBe('succeeded succeeded ready')
  })

  test('it hangs on the right of who handed it over, until it is used', () => {
    const asked = asking({ delegate: true })
    const handed = told(asked, hands(asked))
    const done = told(handed, by(handed, dora, { from: bob, roles: ['approvers'] }))
    const check = (approvers: string[]) =>
      recheck(done.execution, settingsOf({ approvers }), new Map(), true, { input: { plan: PLAN } }).refused
    expect(check(['U02BOB'])).toBeNull()
    expect(check(['U03CAROL'])).toMatch(/may no longer approve/)
  })
})

test('an expiry is not a rejection, and says so', () => {
  const over = told(asking(), { type: 'judgment.due', stage: 'judgment', attempt: 1 }, HOUR)
  expect(wordOf(over.execution)).toBe('expired')
  expect(runOf(over, 'judgment').outcome).toMatchObject({ error: expect.stringMatching(/Nobody judged it until/) })
})
