import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { inOrder, parallel } from '../../../src/core/planning/order.ts'
import { planStages } from '../../../src/core/planning.ts'
import type { StageDraft, StageKind, StageKinds } from '../../../src/core/workflow.ts'
import { judgment, stageKinds, terraform } from '../../../src/stages/index.ts'
import { environment, site } from '../sample-site.ts'

const draft = (id: string, more: Partial<StageDraft> = {}): StageDraft => ({ kind: 'note', id, input: {}, ...more })
const order = (...drafts: StageDraft[]) => Object.fromEntries(inOrder(drafts).map(({ id, after }) => [id, after]))

describe('a group of branches', () => {
  test('comes after the stage before it, and what follows waits for all of them', () => {
    const stages = [draft('a'), ...parallel([draft('b'), [draft('c'), draft('c2')]]), draft('d')]
    expect(order(...stages)).toEqual({ a: [], b: ['a'], c: ['a'], c2: ['c'], d: ['b', 'c2'] })
  })

  test('may be first, last, and right after another', () => {
    const stages = [...parallel([draft('a'), draft('b')]), ...parallel([draft('c'), draft('d')])]
    expect(order(...stages)).toEqual({ a: [], b: [], c: ['a', 'b'], d: ['a', 'b'] })
  })

  test('may have groups in its branches', () => {
    const inner = parallel([draft('c'), draft('d')])
    const stages = [draft('a'), ...parallel([draft('b'), [draft('b1'), ...inner, draft('e')]]), draft('f')]
    expect(order(...stages)).toEqual({ a: [], b: ['a'], b1: ['a'], c: ['b1'], d: ['b1'], e: ['c', 'd'], f: ['b', 'e'] })
  })

  test('leaves alone what says itself what it comes after', () => {
    const stages = [draft('a'), draft('x'), ...parallel([draft('b', { after: ['a'] }), draft('c')]), draft('d')]
    expect(order(...stages)).toEqual({ a: [], x: ['a'], b: ['a'], c: ['x'], d: ['b', 'c'] })
  })

  test('keeps what recovers beside the way', () => {
    const stages = [...parallel([[draft('a'), draft('back', { recovers: ['a'] })], draft('b')]), draft('c')]
    expect(order(...stages)).toEqual({ a: [], back: [], b: [], c: ['a', 'b'] })
  })

  test.each([
    ['one branch', () => parallel([draft('a')])],
    ['an empty branch', () => parallel([draft('a'), []])],
  ])('of %s is refused', (_what, make) => {
    expect(make).toThrow(/at least two branches, each with a stage/)
  })
})

const once: StageKind = {
  ...{ kind: 'once', repeatable: false, input: z.looseObject({}), plan: (input) => input as never },
  run: async () => ({ kind: 'succeeded', output: {} }),
}
const kinds: StageKinds = new Map([
  ['note', { ...once, kind: 'note', repeatable: true, output: z.object({ size: z.number() }) }],
  ['once', once],
  ['wait', stageKinds.get('wait') as StageKind],
  ['judgment', stageKinds.get('judgment') as StageKind],
])
const plan = (...drafts: StageDraft[]) => planStages(drafts, kinds, { site, environment })

test('what is planned is plain JSON, without a trace of groups', () => {
  const stages = plan(draft('a'), ...parallel([draft('b'), draft('c')]))
  expect(JSON.parse(JSON.stringify(stages))).toEqual(stages)
  expect(stages[1]).toEqual({ id: 'b', kind: 'note', input: {}, after: ['a'], onFailure: 'halt' })
})

describe('options', () => {
  test('are completed when it is planned', () => {
    const [stage] = plan(draft('a', { onFailure: 'halt-branch', retry: { times: 3 }, timeLimit: '30m' }))
    expect(stage).toMatchObject({
      onFailure: 'halt-branch',
      retry: { times: 3, wait: '10s', most: '10m' },
      timeLimit: { after: '30m', grace: '1m', force: true },
    })
    const [other] = plan(draft('a', { kind: 'once', timeLimit: { after: '5m', grace: '2m' } }))
    expect(other?.timeLimit).toEqual({ after: '5m', grace: '2m' })
  })

  test.each<[string, StageDraft, RegExp]>([
    [
      'a retry of what must not run twice',
      draft('a', { kind: 'once', retry: { times: 1 } }),
      /must not run twice.*`retry`/,
    ],
    ['a retry of what no worker runs', { kind: 'wait', input: { for: '1m' }, retry: { times: 1 } }, /no worker runs/],
    ['no retries at all', draft('a', { retry: { times: 0 } }), /whole number from 1 to 20/],
    [
      'a wait that is longer than the most',
      draft('a', { retry: { times: 1, wait: '2m', most: '1m' } }),
      /shorter than its `wait`/,
    ],
    ['a wait that is none', draft('a', { retry: { times: 1, wait: 'soon' } }), /not a duration/],
    ['a limit that is none', draft('a', { timeLimit: '0m' }), /not a duration/],
    ['a limit of a wait', { kind: 'wait', input: { for: '1m' }, timeLimit: '1m' }, /cannot have a `timeLimit`/],
    [
      'another way to fail',
      draft('a', { onFailure: 'ignore' as never }),
      /there are halt, halt-branch, finish-then-fail, continue/,
    ],
  ])('%s are refused', (_what, wrong, said) => {
    expect(() => plan(wrong)).toThrow(said)
  })

  test('a judgment is never gone on from without an approval, and never beside what it is about', () => {
    const asked = judgment({ show: 'terraform.plan', onFailure: 'continue' })
    const real = (...drafts: StageDraft[]) => planStages(drafts, stageKinds, { site, environment })
    expect(() => real(terraform.plan({ size: 'small' }), asked)).toThrow(/cannot be gone on from/)
    const beside = parallel([judgment({ show: 'terraform.plan' }), terraform.apply({ plan: 'terraform.plan' })])
    expect(() => real(terraform.plan({ size: 'small' }), ...beside)).toThrow(/does not come after judgment/)
  })
})

describe('a reference', () => {
  const to = (ref: string, more: Partial<StageDraft> = {}) => draft('z', { input: { of: { ref } }, ...more })

  test('to a field that an earlier stage gives is planned', () => {
    expect(plan(draft('a'), draft('b'), to('a.size')).at(-1)?.input).toEqual({ of: { ref: 'a.size' } })
  })

  test.each<[string, StageDraft[], RegExp]>([
    ['to no stage', [draft('a'), to('q.size')], /`ref: 'q.size'` to q, which is not an earlier stage \(earlier: a\)/],
    ['to itself', [to('z.size')], /not an earlier stage/],
    [
      'to a field that its kind does not give',
      [draft('a'), to('a.weight')],
      /to `weight`, which a does not give \(it gives size\)/,
    ],
    ['to what runs beside it', parallel([draft('a'), to('a.size')]), /to a, which may still run when it begins/],
  ])('%s is refused', (_what, drafts, said) => {
    expect(() => plan(...drafts)).toThrow(said)
  })

  test('to a kind that does not say what it gives is left to its use', () => {
    expect(plan(draft('a', { kind: 'once' }), to('a.anything'))).toHaveLength(2)
  })

  test('deep in an input is found', () => {
    expect(() => plan(draft('a'), draft('z', { input: { list: [{ x: { ref: 'a.no' } }] } }))).toThrow(/does not give/)
  })
})
