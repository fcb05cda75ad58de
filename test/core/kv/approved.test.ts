import { expect, test } from 'vitest'
import type { Fields, Stage } from '../../../src/core/workflow.ts'
import { alice, begin, bob, runOf, runs, states, succeeded } from '../world.ts'

const step = (id: string, kind: string, input: Fields, after: string[] = []): Stage => ({
  id,
  kind,
  input,
  after,
  onFailure: 'halt',
})
const stages = (asApproved: boolean) => [
  step('kv.plan', 'kv.plan', {}),
  step(
    'judgment',
    'judgment',
    { show: 'kv.plan', within: '1h', approvers: ['approvers'], ...(asApproved ? { asApproved } : {}) },
    ['kv.plan'],
  ),
  step('kv.apply', 'kv.apply', { plan: 'kv.plan' }, ['judgment']),
]
const plan = (more: Fields = {}) => succeeded({ digest: 'd1', needsApply: true, ...more })
const earlier = { approvedEarlier: { execution: 'r0', by: { ...bob } } } as unknown as Fields

test('what was approved in an earlier execution is not asked for again', () => {
  const story = runs(begin({ stages: stages(true) }), 'kv.plan', plan(earlier))
  expect(states(story)).toBe('succeeded succeeded ready')
  expect(story.execution.judgments).toMatchObject([{ by: bob, digest: 'd1', reason: 'with r0, which this completes' }])
})

test.each([
  ['the plan does not say so', true, {}],
  ['the judgment does not take it', false, earlier],
  ['he who approved it then asks for it now', true, { approvedEarlier: { execution: 'r0', by: { ...alice } } }],
  ['it is by nobody', true, { approvedEarlier: { execution: 'r0' } }],
  ['it is by a clock', true, { approvedEarlier: { execution: 'r0', by: { kind: 'lifetime', environment: 'x' } } }],
])('it is asked for where %s', (_what, asApproved, more) => {
  const story = runs(begin({ stages: stages(asApproved) }), 'kv.plan', plan(more as unknown as Fields))
  expect(states(story)).toBe('succeeded waiting pending')
})

test('a datacenter that waits is looked after by an effect that outlives the execution', () => {
  const story = runs(
    begin({ stages: [step('kv.apply', 'kv.apply', {})] }),
    'kv.apply',
    succeeded({ catchUp: ['dc2', 'dc3'] }),
  )
  expect(runOf(story, 'kv.apply').state).toBe('succeeded')
  const found = story.effects.flatMap((effect) => (effect.do === 'kv-catch-up' ? [[effect.execution, effect.dc]] : []))
  expect(found).toEqual([
    [story.execution.id, 'dc2'],
    [story.execution.id, 'dc3'],
  ])
})
