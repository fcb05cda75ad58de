import { afterAll, beforeAll, expect, test } from 'vitest'
import { baked, instances, releaseSite } from './releases.ts'
import { type Run, talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let talk: ReturnType<typeof talkIn>

beforeAll(async () => {
  world = await startWorld(releaseSite(['shop', 'lab']))
  for (const version of ['1.0', '2.0']) await baked(world, version)
  talk = talkIn(world, 'C00ROOM')
})
afterAll(() => world.stop())

/** All of them at once, each in an environment of its own. */
async function deployed(...lines: string[]): Promise<void> {
  const runs: Run[] = []
  for (const line of lines) runs.push(await talk.begin('alice', line))
  const seenThrough = async (run: Run) => {
    await talk.sees(run, /^✋ \*waiting for approval\*/)
    await talk.press('carol', 'judgment.approve', run)
    await talk.sees(run, /^✅ \*succeeded\*/)
  }
  await Promise.all(runs.map(seenThrough))
}

const idsOf = async (service: string) => (await instances(world, true, service)).map(({ ID }) => ID).sort()

test('where a service runs in several environments, one has to be said, and one that it runs in', async () => {
  expect(await talk.type('alice', 'deploy web 1.0')).toMatch(/web runs in `shop`, `lab`: say which one, with `--to`/)
  expect(await talk.type('alice', 'rollback web')).toMatch(/say which one, with `--env`/)
  expect(await talk.type('alice', 'deploy web 1.0 --to moon')).toMatch(/shop/)
})

test('one artifact in two environments: what is live where is listed and compared, and neither touches the other', async () => {
  await deployed('deploy web 1.0 --to shop', 'deploy web 1.0 --to lab')
  expect(await talk.type('alice', 'deploys diff shop lab')).toBe('*web*: `1.0` in both')
  const shop = await idsOf('web-shop')
  await deployed('deploy web 2.0 --to lab')
  expect(await idsOf('web-shop')).toEqual(shop)
  expect((await instances(world, true, 'web-lab')).map(({ Meta }) => Meta.version)).toEqual(['2.0', '2.0'])
  const list = await talk.type('alice', 'deploys list')
  expect(list).toMatch(/\*web\* in shop: `app 1\.0` for .*, by <@U01ALICE>/)
  expect(list).toMatch(/\*web\* in lab: `app 2\.0` for/)
  expect(await talk.type('carol', 'deploys diff shop lab')).toMatch(
    /\*web\*: `1\.0` in shop, `2\.0` in lab\n {3}artifacts: null\.app: app-1\.0\.tgz → null\.app: app-2\.0\.tgz/,
  )
  const shown = await talk.type('alice', 'images show app 1.0')
  expect(shown).toMatch(/`web` in shop: live since/)
  expect(shown).toMatch(/`web` in lab: was live for/)
  expect(await talk.type('alice', 'images show app 2.0')).toMatch(/Built on `base 1\.0` \(no longer there\)/)
  expect(await talk.type('alice', 'deploys diff shop 1.0')).toMatch(
    /two environments or two versions: `1\.0` is no environment/,
  )
})

test('one is scaled where it is said, as far as the site allows, and waited for by its name there', async () => {
  expect(await talk.type('alice', 'scale web 50 --env shop')).toMatch(/outside of what the site allows.*1 to 4/)
  const lab = await idsOf('web-lab')
  await deployed('scale web 3 --env shop')
  expect(await idsOf('web-shop')).toHaveLength(3)
  expect(await idsOf('web-lab')).toEqual(lab)
})

test('what an environment had live is live no more once it is taken down, and is again after the next deploy', async () => {
  await deployed('tiny down lab')
  expect(await talk.type('alice', 'images list app')).toMatch(/`2\.0`(?!.*live).*\n`1\.0`.*live: web in shop$/)
  expect(await talk.type('alice', 'images show app 2.0')).toMatch(/`web` in lab: was live for/)
  expect(await talk.type('alice', 'deploys list --service web')).toMatch(/\*web\* in lab: nothing is live/)
  await deployed('deploy web 2.0 --to lab')
  const shown = await talk.type('alice', 'images show app 2.0')
  expect(shown.match(/`web` in lab: was live for/g)).toHaveLength(1)
  expect(shown.match(/`web` in lab: live since/g)).toHaveLength(1)
})
