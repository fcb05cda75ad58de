import { expect, test } from 'vitest'
import type { Judgment } from '../../src/core/judgment.ts'
import { siteSchema } from '../../src/core/site.ts'
import type { StageKind } from '../../src/core/workflow.ts'
import { stageKinds } from '../../src/stages/index.ts'
import { written } from '../core/sample-site.ts'
import { bob, carol, judgmentBy, planned, stage, worker } from '../core/world.ts'
import { executionOf, kinds, ready, runnerOf, workerOf } from './kinds.ts'
import { useRedis } from './redis.ts'

const here = useRedis()

/** It may run twice, and yet only with an approval that counts. */
const gated: StageKind = {
  kind: 'gated',
  repeatable: true,
  gated: true,
  input: kinds.get('look')?.input as StageKind['input'],
  plan: (input) => input as never,
  run: async () => ({ kind: 'succeeded', output: {} }),
}

const { engineers, approvers, ...others } = written.roles
const fired = siteSchema.parse({
  ...written,
  roles: { ...others, engineers, approvers: { ...approvers, members: ['U03CAROL'] } },
})

async function marked(glass: readonly string[]) {
  const execution = await executionOf(here)
  return { ...execution, judgments: execution.judgments.map((each) => ({ ...each, glass })) }
}

async function outcomeWith(site: typeof fired | null, hanging: Partial<Judgment> = {}, run = gated.run) {
  const judgment = stage(
    'judgment',
    'judgment',
    { show: 'terraform.plan', within: '1h', approvers: ['approvers'], delegate: true },
    ['terraform.plan'],
  )
  const one = stage('one', 'gated', { plan: 'terraform.plan' }, ['judgment'])
  await ready(here, { stages: [stage('terraform.plan', 'plan'), judgment, one] })
  await here.store.tell('r1', { type: 'stage.started', stage: 'terraform.plan', attempt: 1, worker })
  await here.store.tell('r1', { type: 'stage.ended', stage: 'terraform.plan', attempt: 1, outcome: planned() })
  const world = { execution: await executionOf(here), environment: null, now: here.clock.now }
  const { from } = hanging
  if (from) {
    const delegation = { stage: 'judgment', attempt: 1, from, to: bob, at: here.clock.now }
    await here.store.tell('r1', { type: 'delegated', delegation })
  }
  // As it is stored where that held: no break glass is looked up for it.
  const given: Judgment = { ...judgmentBy(world, bob), ...hanging }
  const { glass, ...bare } = given
  await here.store.tell('r1', { type: 'judged', judgment: bare })
  if (glass) await here.redis.hset(here.keys.execution('r1'), 'd', JSON.stringify(await marked(glass)))
  const runner = runnerOf(here, workerOf('w1'), {
    kinds: new Map([...kinds, ['gated', { ...gated, ...(run ? { run } : {}) }]]),
    ...(site ? { site } : {}),
  })
  await runner.start({ execution: 'r1', stage: 'one', attempt: 1 })
  return (await executionOf(here)).stages[2]?.outcome
}

test('a stage that may run twice and changes what was approved runs with an approval that counts', async () => {
  expect(await outcomeWith(null)).toMatchObject({ kind: 'succeeded' })
})

test('and not where whoever approved may not approve any more', async () => {
  expect(await outcomeWith(fired)).toMatchObject({
    kind: 'failed',
    error: expect.stringMatching(/@U02BOB may no longer approve this/),
  })
})

test.each(['release.canary', 'release.switch', 'release.drain', 'kv.apply'])(
  '%s needs an approval that counts',
  async (kind) => {
    const { gated, repeatable } = stageKinds.get(kind) ?? {}
    expect({ gated, repeatable }).toEqual({ gated: true, repeatable: true })
  },
)

test('whatever may run twice and changes an environment needs one, and what only brings back does not', () => {
  const without = [...stageKinds.values()].filter(({ changes, repeatable, gated }) => changes && repeatable && !gated)
  expect(without.map(({ kind }) => kind)).toEqual([])
  expect(stageKinds.get('release.restore')).toMatchObject({ repeatable: true })
  expect(stageKinds.get('release.restore')?.gated).toBeUndefined()
})

test.each([
  ['of his own is known to it', {}, [bob]],
  ['that was handed to him is not: it is not his', { from: carol }, []],
  ['by break glass is not either', { glass: ['g1'] }, []],
])('who approved by a right %s', async (_, hanging, known) => {
  const seen: unknown[] = []
  await outcomeWith(null, hanging, async (_input, context) => {
    seen.push(context.approvedBy('terraform.plan'))
    return { kind: 'succeeded', output: {} }
  })
  expect(seen).toEqual([known])
})
