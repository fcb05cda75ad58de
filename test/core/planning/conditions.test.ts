import { describe, expect, test } from 'vitest'
import { when } from '../../../src/core/planning/conditions.ts'
import { planStages } from '../../../src/core/planning.ts'
import type { StageDraft } from '../../../src/core/workflow.ts'
import { judgment, stageKinds, terraform, wait } from '../../../src/stages/index.ts'
import { settingsOf } from '../judgment/settings.ts'

const site = settingsOf({ approvers: ['U02BOB', 'U03CAROL'] })
const environment = { ...site.environments.loadtest, name: 'loadtest' } as never
const plan = (drafts: StageDraft[]) => planStages(drafts, stageKinds, { site, environment })
const asked = (more: object = {}) => [
  terraform.plan({ size: 'small' }),
  judgment({ show: 'terraform.plan', choices: ['10 %', 'all', 'stop'], ...more }),
]
const waits = (id: string, onlyIf: StageDraft['onlyIf']) => wait({ id, for: '1m', ...(onlyIf ? { onlyIf } : {}) })

test('choices are planned with what they mean', () => {
  const [, planned] = plan(asked())
  expect(planned?.input.choices).toEqual([
    { value: '10 %', label: '10 %' },
    { value: 'all', label: 'all' },
    { value: 'stop', label: 'stop', style: 'danger', rejects: true },
  ])
  const kept = asked({ choices: ['a', { value: 'stop', label: 'Go back', rejects: false }] })
  expect(plan(kept)[1]?.input.choices).toEqual([
    { value: 'a', label: 'a' },
    { value: 'stop', label: 'Go back' },
  ])
})

describe('a judgment is refused that', () => {
  test.each<[string, object, RegExp]>([
    ['has the same choice twice', { choices: ['a', 'a'] }, /same choice twice/],
    ['only stops', { choices: ['stop'] }, /no choice that goes on/],
    ['has no choices', { choices: [] }, /choices/],
    ['needs more people than there are', { approvers: { count: 3 } }, /needs 3 people.*the site has 2/],
    ['needs nobody', { approvers: { count: 0 } }, /count/],
    [
      'asks a role that does not approve there',
      { groups: [{ role: 'leads', count: 1 }] },
      /`leads`, which does not appr/,
    ],
    ['asks one group twice', { groups: [1, 1].map((count) => ({ role: 'approvers', count })) }, /two groups/],
    [
      'asks fewer than its groups',
      { approvers: { count: 1 }, groups: [{ role: 'approvers', count: 2 }] },
      /asks for 1/,
    ],
    ['reminds only after it has expired', { within: '10m', remind: '10m' }, /expires within 10m, before its first/],
    ['goes on when it expires', { onExpiry: 'continue' }, /onExpiry/],
  ])('%s', (_what, more, why) => {
    expect(() => plan(asked(more))).toThrow(why)
  })
})

describe('a condition', () => {
  test('is kept with its stage, and with every stage of a branch', () => {
    const branch = when({ ref: 'judgment.choice', is: 'all' }, [waits('a', undefined), waits('b', 'terraform.plan')])
    const [, , a, b] = plan([...asked(), ...branch])
    expect(a?.input.conditions).toEqual([{ ref: 'judgment.choice', is: 'all' }])
    expect(b?.input).toMatchObject({ onlyIf: 'terraform.plan', conditions: [{ ref: 'judgment.choice', is: 'all' }] })
  })

  test.each<[string, StageDraft['onlyIf'], RegExp]>([
    ['a choice that there is not', { ref: 'judgment.choice', is: '50 %' }, /the choice 50 % of judgment/],
    ['a choice that never goes on', { ref: 'judgment.choice', is: ['all', 'stop'] }, /the choice stop/],
    ['a stage that there is not', { ref: 'second.choice', is: 'all' }, /second, which is not an earlier stage/],
    [
      'a field that its kind does not give',
      { ref: 'judgment.size', is: 'all' },
      /`size`, which judgment does not give/,
    ],
    ['something that cannot be read', { ref: 'judgment.choice' } as never, /cannot be read/],
  ])('on %s is refused when it is planned', (_what, onlyIf, why) => {
    expect(() => plan([...asked(), waits('a', onlyIf)])).toThrow(why)
  })

  test('on a judgment without choices is refused', () => {
    const drafts = [terraform.plan({ size: 'small' }), judgment({ show: 'terraform.plan' })]
    expect(() => plan([...drafts, waits('a', { ref: 'judgment.choice', is: 'all' })])).toThrow(/does not give/)
  })

  test('on a stage beside it is refused', () => {
    const beside = { ...waits('a', { ref: 'judgment.choice', is: 'all' }), after: ['terraform.plan'] }
    expect(() => plan([...asked(), beside])).toThrow(/may still run then/)
  })

  test('that leaves out the judgment of a plan leaves out its apply too', () => {
    const second = [
      terraform.plan({ id: 'more', size: 'large' }),
      judgment({ id: 'again', show: 'more', onlyIf: { ref: 'judgment.choice', is: 'all' } }),
    ]
    const apply = terraform.apply({ id: 'apply', plan: 'more' })
    expect(() => plan([...asked(), ...second, apply])).toThrow(/done also where the judgment of its plan is left out/)
    const same = { ...apply, onlyIf: { ref: 'judgment.choice', is: 'all' } }
    expect(plan([...asked(), ...second, same])).toHaveLength(5)
  })
})
