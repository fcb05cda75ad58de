import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadtest } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let talk: ReturnType<typeof talkIn>

beforeAll(async () => {
  const smoke = {
    environment: 'loadtest',
    target: { service: 'loadtest-app' },
    connections: 4,
    rate: 100,
    for: '4s',
    scale: { variable: 'generator_count', owns: ['terraform_data.generator[*', 'terraform_data.generator_slot[*'] },
    thresholds: { error_percent: 1 },
  }
  const strict = { ...smoke, thresholds: { min_throughput: 100_000 } }
  world = await startWorld({
    workers: 0,
    environments: { loadtest: { ...loadtest, health: { 'loadtest-generator': 'generator_count' } } },
    sections: { loadtests: { smoke, strict } },
  })
  talk = talkIn(world, 'C00ROOM')
  const labels = { GROUNDCREW_LABELS: 'generator' }
  await Promise.all([world.startWorker('work-a', labels), world.startWorker('work-b', labels)])
})
afterAll(() => world.stop())

const generators = async () => {
  const response = await fetch(`${world.consul.url}/v1/health/service/loadtest-generator?passing`)
  return ((await response.json()) as unknown[]).length
}

test('what is not up is neither scaled nor loaded', async () => {
  const run = await talk.begin('alice', 'loadtest run smoke --generators 2 --scale')
  expect(await talk.sees(run, /^❌ \*failed\*/)).toMatch(/loadtest is not up|There is nothing to load/)
})

test('one approval brings the generators up for the load, and down again after it', async () => {
  const up = await talk.begin('alice', 'loadtest up small')
  await talk.sees(up, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', up)
  await talk.sees(up, /^✅ \*succeeded\*/)
  expect(await generators()).toBe(1)

  const run = await talk.begin('alice', 'loadtest run smoke --generators 2 --scale')
  expect(await talk.sees(run, /\*waiting for approval\*/)).toContain('2 to add')
  await talk.press('carol', 'judgment.approve', run)
  await talk.sees(run, /generators together/)
  expect(await generators()).toBe(2)
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toContain('*Load test smoke*: 2 generators')
  expect(over).toMatch(/Approved by <@U03CAROL>.*in advance/)
  expect(await generators()).toBe(1)
})

test('a load test that failed has failed, and the generators are gone all the same', async () => {
  const run = await talk.begin('alice', 'loadtest run strict --generators 2 --scale')
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  const over = await talk.sees(run, /^❌ \*failed\*/)
  expect(over).toMatch(/1 of 1 thresholds missed/)
  expect(over).toMatch(/✅ `terraform.apply-2`/)
  expect(await generators()).toBe(1)
})
