import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { baked, entryOf, instances, releaseSite, serving, watchService } from './releases.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let talk: ReturnType<typeof talkIn>

beforeAll(async () => {
  world = await startWorld(releaseSite(['shop']))
  for (const version of ['1.0', '2.0', '3.0']) await baked(world, version)
  await baked(world, '2.1', 'deploy')
  talk = talkIn(world, 'C00ROOM')
})
afterAll(() => world.stop())

async function approved(text: string): Promise<{ id: string }> {
  const run = await talk.begin('alice', text)
  await talk.sees(run, /^✋ \*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  return run
}

test('nothing is live, and a list says so', async () => {
  expect(await talk.type('alice', 'deploys list')).toContain('*web* in shop: nothing is live')
  expect(await talk.type('alice', 'rollback web')).toMatch(/is stored/)
  const refused = await waitFor(
    async () => (await talk.type('alice', 'runs list --limit 1')).match(/\*failed\* `rollback web`/),
    {
      what: 'the rollback of nothing to fail',
      within: '20s',
    },
  )
  expect(refused).not.toBeNull()
})

test('the first deploy: what follows is said before, the gate holds, and the version is live', async () => {
  const run = await talk.begin('alice', 'deploy web 1.0 --to shop')
  const waiting = await talk.sees(run, /^✋ \*waiting for approval\*: `deploy web 1\.0 --to shop`/)
  expect(waiting).toMatch(/\*web\* in shop: `1\.0`, the first one there/)
  expect(waiting).toMatch(/4 to add/)
  expect(waiting).toMatch(
    /What an approval sets going\*\n1\. Gate: .*1s[\s\S]*2\. Switch[\s\S]*3\. Drain[\s\S]*4\. Removal[\s\S]*5\. If any of this fails: 1\.0 is removed again/,
  )
  await talk.press('carol', 'judgment.approve', run)
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/🟢 `1\.0` is live in shop\./)
  expect(over).toMatch(/web 1\.0: 2\/2 passing/)
  expect(over).not.toContain('return.')
  expect(await serving(world)).toEqual(['1.0'])
  expect((await entryOf(world, '1.0')).releases).toMatchObject([
    { environment: 'shop', service: 'web', until: null, healthy: true, by: 'T01DEMO/U01ALICE', execution: run.id },
  ])
  expect(await talk.type('carol', 'deploys list')).toMatch(/\*web\* in shop: `app 1\.0` for .*by <@U01ALICE> \(`\w+`\)/)
})

test('what is live already is said, and nothing is run', async () => {
  const run = await talk.begin('alice', 'deploy web 1.0')
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/🟢 `1\.0` is live in shop already; nothing was run\./)
  expect(over).toMatch(/`terraform.plan`.* skipped: nothing to do/)
  expect((await talk.closing(run)).text).toMatch(/`1\.0` is live in shop already/)
})

test('one version after the other: never a moment without, one approval, only the old group is removed', async () => {
  const watch = watchService(world)
  const run = await approved('deploy web 2.0 --to shop')
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(await watch.over()).toEqual({ least: 2, refused: 0, seen: ['1.0', '2.0'] })
  expect(over).toMatch(/`1\.0` → `2\.0`/)
  expect(over).toMatch(/🟢 `2\.0` is live in shop; `1\.0` is removed\./)
  expect(over).toMatch(/🚰 All connections of 1\.0 had ended/)
  expect(over.match(/Approved by <@U03CAROL>/g)).toHaveLength(2)
  expect(over).toMatch(/in advance, with the first approval/)
  expect((await instances(world, false)).map(({ Meta }) => Meta.version)).toEqual(['2.0', '2.0'])
  const [old, now] = [await entryOf(world, '1.0'), await entryOf(world, '2.0')]
  expect(old.releases[0]?.until).toBeGreaterThan(0)
  expect(now.releases).toMatchObject([{ until: null, healthy: true }])
  const names = (await talk.thread(run)).flatMap(({ files = [] }) => files.map(({ name }) => name))
  expect(names.toSorted()).toEqual(['apply-log.txt', 'plan.txt', 'remove-apply-log.txt', 'remove-plan.txt'])
  expect(await talk.type('alice', `runs diff ${run.id} --stage remove.plan`)).toContain('will be destroyed')
})

test('a gate that fails: the old version never goes, the new one is removed, and it can be marked bad', async () => {
  const watch = watchService(world)
  const run = await approved('deploy web 2.1 --to shop')
  const over = await talk.sees(run, /^❌ \*failed\*/)
  expect(await watch.over()).toEqual({ least: 2, refused: 0, seen: ['2.0'] })
  expect(over).toMatch(/`gate` failed:\n`Not all instances passed within 4s: web 2\.1 0 of 2 passing/)
  expect(over).toMatch(/critical: HTTP GET .*500/)
  expect(over).toMatch(/↩️ \*Returned to\* `2\.0`; `2\.1` is removed\./)
  expect(over).toMatch(/`return\.apply` succeeded/)
  expect((await instances(world, false)).map(({ Meta }) => Meta.version)).toEqual(['2.0', '2.0'])
  expect((await entryOf(world, '2.1')).releases).toMatchObject([{ healthy: false, execution: run.id }])
  expect(await talk.type('alice', 'deploys list')).toMatch(/`app 2\.0`/)

  expect(await talk.answered('alice', () => talk.press('alice', 'command.run.return.record.0', run))).toMatch(
    /may not run `images mark`/,
  )
  await talk.answered('carol', () => talk.press('carol', 'command.run.return.record.0', run))
  expect((await entryOf(world, '2.1')).mark).toMatchObject({ as: 'bad', by: 'T01DEMO/U03CAROL' })
})

test('a bad version is not deployed, nor one that is not there', async () => {
  const bad = await talk.begin('alice', 'deploy web 2.1')
  expect(await talk.sees(bad, /^❌ \*failed\*/)).toMatch(
    /Version ʼ2\.1ʼ of the image app is marked bad by .*its release to shop failed/,
  )
  const none = await talk.begin('alice', 'deploy web 2.2')
  expect(await talk.sees(none, /^❌ \*failed\*/)).toMatch(/There is no version ʼ2\.2ʼ .*Did you mean ʼ2\.0ʼ/)
  expect((await talk.closing(none)).text).toMatch(/failed/)
})

test('rollback refuses what was never live, and what was marked bad; it goes back to what was', async () => {
  const never = await talk.begin('alice', 'rollback web --to 3.0')
  expect(await talk.sees(never, /^❌ \*failed\*/)).toMatch(
    /ʼ3\.0ʼ was never live and healthy in shop.*It can go back to ʼ1\.0ʼ/,
  )
  const bad = await talk.begin('alice', 'rollback web --to 2.1')
  expect(await talk.sees(bad, /^❌ \*failed\*/)).toMatch(/marked bad .*It can go back to ʼ1\.0ʼ/)
  const run = await approved('rollback web')
  expect(await talk.sees(run, /^✅ \*succeeded\*/)).toMatch(
    /`2\.0` → `1\.0`[\s\S]*🟢 `1\.0` is live in shop; `2\.0` is removed/,
  )
  expect(await serving(world)).toEqual(['1.0'])
  expect((await entryOf(world, '1.0')).releases.map(({ until }) => until === null)).toEqual([false, true])
})

test('who may not is told so; a rejected deploy changes nothing', async () => {
  expect(await talk.type('eve', 'deploy web 2.0')).toMatch(/You may not run `deploy` on shop/)
  expect(await talk.type('carol', 'rollback web')).toMatch(/You may not run `rollback`/)
  expect(await talk.type('alice', 'deploy wbe 2.0')).toMatch(/web/)
  const run = await talk.begin('alice', 'deploy web 2.0')
  await talk.sees(run, /^✋/)
  expect(await talk.answered('alice', () => talk.press('alice', 'judgment.approve', run))).toMatch(
    /somebody else has to judge/,
  )
  await talk.type('alice', `runs cancel ${run.id}`)
  expect(await talk.sees(run, /^🚫 \*canceled\*/)).toMatch(/🟢 `1\.0` is live in shop\./)
  expect((await instances(world, false)).map(({ Meta }) => Meta.version)).toEqual(['1.0', '1.0'])
})

test('two versions differ in what they are made of', async () => {
  const text = await talk.type('alice', 'deploys diff 1.0 2.0 --service web')
  expect(text).toMatch(
    /\*app\*: `1\.0` and `2\.0`[\s\S]*artifacts: null\.app: app-1\.0\.tgz → null\.app: app-2\.0\.tgz/,
  )
  expect(text).not.toContain('base:')
  expect(await talk.type('alice', 'deploys diff 1.0 1.0')).toMatch(/`1\.0` was given twice: name two different ones/)
})

test('why a version is marked stays between its backticks', async () => {
  const said = await talk.type('carol', 'images mark app 3.0 bad --why "a`*b* `c"')
  expect(said).toContain(': `aʼ*b* ʼc`.')
  expect(await talk.type('carol', 'images show app 3.0')).toContain(': `aʼ*b* ʼc`')
})
