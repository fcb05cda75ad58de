import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { baked, entryOf, instances, releaseSite, serving } from './releases.ts'
import { people } from './site.ts'
import { type Run, talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let talk: ReturnType<typeof talkIn>

beforeAll(async () => {
  world = await startWorld(releaseSite(['shop']))
  for (const version of ['1.0', '2.0', '3.0']) await baked(world, version)
  talk = talkIn(world, 'C00ROOM')
  await talk.sees(await approved('deploy web 1.0'), /^✅ \*succeeded\*/)
})
afterAll(() => world.stop())

async function approved(text: string): Promise<Run> {
  const run = await talk.begin('alice', text)
  await talk.sees(run, /^✋ \*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  return run
}

const inService = async (version: string) => (await instances(world)).filter(({ Meta }) => Meta.version === version)

test('a tenth takes traffic beside all of the old ones, and after that all', async () => {
  const run = await approved('deploy web 2.0 --canary')
  const asked = await talk.sees(run, /✋ `canary` waiting for approval/)
  expect(asked).toMatch(/📋 The new instances are healthy and take no traffic yet/)
  expect(asked).toMatch(/\[10 %\] \[All\] \[Stop\]/)
  expect(await serving(world)).toEqual(['1.0'])
  await talk.press('carol', 'judgment.approve.0', run)
  const more = await talk.sees(run, /✋ `canary.rest` waiting for approval/)
  expect(more).toMatch(/`2\.0` stands beside it, some of it in service \(canary\)/)
  expect(await inService('2.0')).toHaveLength(1)
  expect(await inService('1.0')).toHaveLength(2)
  expect(await talk.type('alice', 'deploys list')).toMatch(/`2\.0` stands beside it, some of it in service/)
  await talk.press('carol', 'judgment.approve.0', run)
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/🟢 `2\.0` is live in shop; `1\.0` is removed\./)
  expect(await serving(world)).toEqual(['2.0'])
  expect(await inService('2.0')).toHaveLength(2)
})

test('stop after a tenth: the old ones serve alone, the new ones go, and it counts as rejected', async () => {
  const run = await approved('deploy web 3.0 --canary')
  await talk.sees(run, /✋ `canary` waiting for approval/)
  await talk.press('carol', 'judgment.approve.0', run)
  await talk.sees(run, /✋ `canary.rest` waiting for approval/)
  expect(await serving(world)).toEqual(['2.0', '3.0'])
  await talk.press('carol', 'judgment.reject.1', run)
  await waitFor(async () => (await world.control.modals()).length > 0, { what: 'the form' })
  const values = { reason: { value: { type: 'plain_text_input', value: 'too slow' } } }
  expect((await world.control.submitView({ user: people.carol, values })).errors).toEqual({})
  const over = await talk.sees(run, /^⛔ \*rejected\*/)
  expect(over).toMatch(/Rejected \(`stop`\) by <@U03CAROL>.*too slow/)
  expect(over).toMatch(/↩️ \*Returned to\* `2\.0`; `3\.0` is removed\./)
  expect(await serving(world)).toEqual(['2.0'])
  expect((await instances(world, false)).map(({ Meta }) => Meta.version)).toEqual(['2.0', '2.0'])
  expect((await entryOf(world, '2.0')).releases.at(-1)).toMatchObject({ until: null })
})

test('all at once leaves the tenth out', async () => {
  const run = await approved('deploy web 3.0 --canary')
  await talk.sees(run, /✋ `canary` waiting for approval/)
  await talk.press('carol', 'judgment.approve.1', run)
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/⏭️ `canary.share`/)
  expect(over).toMatch(/🟢 `3\.0` is live in shop/)
})
