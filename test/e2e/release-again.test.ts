import { afterAll, beforeAll, expect, test } from 'vitest'
import { baked, entryOf, instances, releaseSite, serving, watchService } from './releases.ts'
import { type Run, talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let talk: ReturnType<typeof talkIn>

beforeAll(async () => {
  world = await startWorld(releaseSite(['shop'], { healthy_for: '2s', drain: '6s' }))
  for (const version of ['1.0', '2.0', '3.0']) await baked(world, version)
  await baked(world, '2.1', 'deploy')
  talk = talkIn(world, 'C00ROOM')
  const run = await approved('deploy web 1.0')
  await talk.sees(run, /^✅ \*succeeded\*/)
})
afterAll(() => world.stop())

async function approved(text: string): Promise<Run> {
  const run = await talk.begin('alice', text)
  await talk.sees(run, /^✋ \*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  return run
}

async function canceledIn(stage: string, text: string): Promise<string> {
  const run = await approved(text)
  await talk.sees(run, new RegExp(`\`${stage}\` running`))
  await talk.press('alice', 'execution.cancel', run)
  return talk.sees(run, /^🚫 \*canceled\*/)
}

/** One of the instances in service gets a connection that stays open for longer than any drain. */
async function held(): Promise<void> {
  const [first] = await instances(world)
  void fetch(`http://${first?.Address}:${first?.Port}/slow?ms=60000`).catch(() => null)
}

/** The base that all of them were built on is marked bad. */
async function badBase(): Promise<void> {
  const { releases: _, ...entry } = await entryOf(world, '1.0')
  const mark = { as: 'bad', by: 'T01DEMO/U03CAROL', at: 1, why: null }
  const base = { ...entry, image: 'base', version: '1.0', base: null, mark, releases: [] }
  const url = `${world.consul.url}/v1/kv/groundcrew/images/base/1.0`
  expect((await fetch(url, { method: 'PUT', body: JSON.stringify(base) })).ok).toBe(true)
}

const versionsThere = async () => (await instances(world, false)).map(({ Meta }) => Meta.version).sort()

test('canceled in the gate and asked for again: nothing is switched before somebody approves and the gate holds', async () => {
  await canceledIn('gate', 'deploy web 2.1')
  const watch = watchService(world)
  const again = await talk.begin('alice', 'deploy web 2.1')
  expect(await talk.sees(again, /^(✋ \*waiting for approval|❌|✅)/)).toMatch(
    /^✋ [\s\S]*▫️ .*`gate`[\s\S]*What an approval sets going\* \(Terraform itself has nothing to do\)/,
  )
  expect(await talk.answered('alice', () => talk.press('alice', 'judgment.approve', again))).toMatch(/somebody else/)
  await talk.press('carol', 'judgment.approve', again)
  const over = await talk.sees(again, /^❌ \*failed\*/)
  expect(over).toMatch(/`terraform\.apply` skipped: nothing to do[\s\S]*`gate` failed/)
  expect(over).toMatch(/↩️ \*Returned to\* `1\.0`; `2\.1` is removed/)
  expect(await watch.over()).toEqual({ least: 2, refused: 0, seen: ['1.0'] })
  expect(await versionsThere()).toEqual(['1.0', '1.0'])
})

test('a healthy one goes the same way, and one approval covers the removal', async () => {
  await canceledIn('gate', 'deploy web 2.0')
  const again = await approved('deploy web 2.0')
  const over = await talk.sees(again, /^✅ \*succeeded\*/)
  expect(over).toMatch(/🟢 `2\.0` is live in shop; `1\.0` is removed[\s\S]*`gate` succeeded/)
  expect((await entryOf(world, '1.0')).releases.at(-1)?.until).toBeGreaterThan(0)
})

test('canceled in the drain: lists and the catalogue say what Consul says, and `rollback` goes back by approval and gate', async () => {
  await held()
  const over = await canceledIn('drain', 'deploy web 3.0')
  expect(over).toMatch(/🟢 `3\.0` is live in shop; `2\.0` stands beside it, out of service/)
  expect(over).toMatch(/🚰 After [0-4] s 1 connection is open to 2\.0/)
  expect(await serving(world)).toEqual(['3.0'])
  expect(await talk.type('alice', 'deploys list')).toMatch(
    /`app 3\.0` for .*2 of 2 passing\n {3}`2\.0` stands beside it, out of service/,
  )
  expect(await talk.type('alice', 'images list app')).toMatch(/`3\.0`.*live: web in shop\n`2\.1`.*\n`2\.0`(?!.*live)/)
  const since = (await entryOf(world, '3.0')).releases.at(-1)?.since

  // Finished, and canceled in the drain once more: it is live since the first time.
  await held()
  await canceledIn('drain', 'deploy web 3.0')
  expect((await entryOf(world, '3.0')).releases).toMatchObject([{ since, until: null }])

  await badBase()
  const back = await talk.begin('alice', 'rollback web')
  expect(await talk.sees(back, /^(✋ \*waiting for approval|❌|✅)/)).toMatch(
    /^✋ [\s\S]*`3\.0` → `2\.0`[\s\S]*On the base `base 1\.0` \(marked bad\)[\s\S]*may approve/,
  )
  expect(await serving(world)).toEqual(['3.0'])
  await talk.press('carol', 'judgment.approve', back)
  const returned = await talk.sees(back, /^✅ \*succeeded\*/)
  expect(returned).toMatch(/🟢 `2\.0` is live in shop; `3\.0` is removed[\s\S]*`gate` succeeded/)
  expect(await serving(world)).toEqual(['2.0'])
  expect((await entryOf(world, '3.0')).releases.at(-1)?.until).toBeGreaterThan(0)
}, 150_000)

test('what is live and does not pass is not called live', async () => {
  for (const { ID } of await instances(world))
    await fetch(`${world.consul.url}/v1/agent/service/maintenance/${ID}?enable=true`, { method: 'PUT' })
  const run = await talk.begin('alice', 'deploy web 2.0')
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).not.toContain('🟢')
  expect(over).toMatch(/⚠️ Terraform has `2\.0` in shop, and 0 of 2 instances pass in Consul; nothing was run/)
  expect(await talk.type('alice', 'deploys list')).toMatch(/`app 2\.0` for .*\*0 of 2 passing\*/)
})
