import { expect, test } from 'vitest'
import { siteSchema } from '../../src/core/site.ts'
import type { StageKind } from '../../src/core/workflow.ts'
import { written } from '../core/sample-site.ts'
import { bob, judgmentBy, planned, stage, worker } from '../core/world.ts'
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

async function outcomeWith(site: typeof fired | null) {
  const judgment = stage('judgment', 'judgment', { show: 'terraform.plan', within: '1h', approvers: ['approvers'] }, [
    'terraform.plan',
  ])
  const one = stage('one', 'gated', { plan: 'terraform.plan' }, ['judgment'])
  await ready(here, { stages: [stage('terraform.plan', 'plan'), judgment, one] })
  await here.store.tell('r1', { type: 'stage.started', stage: 'terraform.plan', attempt: 1, worker })
  await here.store.tell('r1', { type: 'stage.ended', stage: 'terraform.plan', attempt: 1, outcome: planned() })
  const world = { execution: await executionOf(here), environment: null, now: here.clock.now }
  await here.store.tell('r1', { type: 'judged', judgment: judgmentBy(world, bob) })
  const runner = runnerOf(here, workerOf('w1'), {
    kinds: new Map([...kinds, ['gated', gated]]),
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
