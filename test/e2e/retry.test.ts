import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../examples/demo/parts.ts'
import { channels } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let port: number
const state = JSON.stringify({
  version: 4,
  terraform_version: '1.5.0',
  serial: 1,
  lineage: 'late',
  outputs: {},
  resources: [],
})
const late = createServer((_, response) => response.end(state))

beforeAll(async () => {
  port = await freePort()
  // What the apply reads is not there at first.
  world = await startWorld({ environments: { stuck: { variables: { late_door: `http://127.0.0.1:${port}` } } } })
})
afterAll(async () => {
  late.close()
  await world.stop()
})

test('a failed execution is retried from where it failed: the list first, then a new plan', async () => {
  const talk = talkIn(world, channels[0] ?? '')
  const run = await talk.begin('alice', 'tiny up stuck small')
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  await talk.sees(run, /^❌ \*failed\*/)

  const list = await talk.type('bob', `runs retry ${run.id}`)
  expect(list).toMatch(/Would run again.*`terraform.plan`, `judgment`, `terraform.apply`/)
  expect(await talk.type('eve', `runs retry ${run.id} --go`)).toMatch(/may not run/)
  late.listen(port, '127.0.0.1')
  const started = await talk.type('bob', `runs retry ${run.id} --go`)
  const again = { id: /^`(\w+)` runs again/.exec(started)?.[1] ?? '' }
  expect(await talk.sees(again, /^✅ \*succeeded\*/)).toMatch(/asked by <@U02BOB>[\s\S]*Nothing to do/)
})
