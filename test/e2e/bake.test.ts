import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { imageSite } from './images.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let talk: ReturnType<typeof talkIn>
const images = () => join(world.dir, 'images')

beforeAll(async () => {
  world = await startWorld((dir) => ({ ...imageSite(dir), environments: {} }))
  talk = talkIn(world, 'C00ROOM')
}, 120_000)
afterAll(() => world.stop())

test('a base is baked: progress, artifacts with their builder, the log in the thread, an entry in the catalogue', async () => {
  const run = await talk.begin('alice', 'base --version 1.0', '/bake')
  const over = await talk.sees(run, /^✅ \*succeeded\*: `bake base --version 1.0`/)
  expect(over).toMatch(/\*Baked\*: `base 1.0`/)
  expect(over).toContain('📦 `null.base: base-1.0.tgz`')
  expect(over).toMatch(/bake key `[0-9a-f]{12}` .* Packer `\d+\.\d+\.\d+`/)
  expect(await talk.file(run, 'packer-log.txt')).toContain('base.null.base: packed base-1.0.tgz')
  expect((await talk.closing(run)).text).toMatch(/succeeded.*<@U01ALICE>/)
  const stored = await (await fetch(`${world.consul.url}/v1/kv/groundcrew/images/base/1.0?raw`)).json()
  expect(stored).toMatchObject({
    image: 'base',
    version: '1.0',
    by: 'T01DEMO/U01ALICE',
    execution: run.id,
    base: null,
    mark: null,
    releases: [],
    artifacts: [{ builder: 'null.base', files: [{ name: join(images(), 'base-1.0.tgz') }] }],
  })
})

test('an app is baked on it, with shell and Ansible, and its archive has both layers', async () => {
  const run = await talk.begin('bob', 'bake app --version 2.0')
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/\*Baked\*: `app 2.0` on `base 1.0`/)
  const log = await talk.file(run, 'packer-log.txt')
  expect(log).toMatch(/TASK \[Install the app\][\s\S]*health check passed: 2.0 answers/)
  const files = execFileSync('tar', ['-tzf', join(images(), 'app-2.0.tgz')], { encoding: 'utf8' })
  expect(files).toMatch(/\.\/app\/server\.mjs[\s\S]*\.\/runtime\/version[\s\S]*\.\/start/)
  const shown = await talk.type('alice', 'images show app 2.0')
  expect(shown).toMatch(/baked by <@U02BOB>[\s\S]*null\.app: app-2\.0\.tgz[\s\S]*Built on `base 1\.0`/)
  expect(shown).toContain(run.id)
})

test('the same inputs again bake nothing: the version is offered, and a button bakes anyway', async () => {
  const before = readdirSync(images())
  const run = await talk.begin('alice', 'bake app')
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/\*Nothing was baked\*: the same inputs are `app 2.0` on `base 1.0` already/)
  expect(over).toMatch(/`packer.build`.* skipped: nothing to do/)
  expect(over).toContain('[Bake anyway]')
  expect(readdirSync(images())).toEqual(before)
  const told = await talk.answered('alice', () => talk.press('alice', 'command.run.packer.prepare.0', run))
  expect(told).toMatch(/is stored as/)
  const again = { id: /is stored as `([^`]+)`/.exec(told)?.[1] ?? '' }
  expect(await talk.sees(again, /^✅ \*succeeded\*/)).toMatch(
    /`bake app --version 2.0-2 --rebake`[\s\S]*\*Baked\*: `app 2.0-2`/,
  )
  expect(existsSync(join(images(), 'app-2.0-2.tgz'))).toBe(true)
})

test('a health check in the bake ends it early: the message names it, nothing is published, Packer is gone', async () => {
  const run = await talk.begin('alice', 'bake app --version 3.0-sick --rebake')
  const over = await talk.sees(run, /^❌ \*failed\*/)
  expect(over).toMatch(/`app.null.app failed in health-check.sh: Script exited with non-zero exit status: 1/)
  expect(over).toContain('health check failed: /health answers 500')
  expect((await talk.closing(run)).text).toMatch(/failed/)
  expect(await talk.type('alice', 'images show app 3.0-sick')).toMatch(
    /There is no version `3.0-sick` of the image app/,
  )
  expect(existsSync(join(images(), 'app-3.0-sick.tgz'))).toBe(false)
})

test('a version that is there is never written over, and a free one is suggested', async () => {
  const run = await talk.begin('alice', 'bake app --version 2.0 --rebake')
  expect(await talk.sees(run, /^❌ \*failed\*/)).toMatch(/`app 2.0ʼ? is there already|app 2.0/)
  expect(await talk.words(run)).toMatch(/--version 2.0-3/)
})

test('only an approver marks a version, and on a bad base nothing is built', async () => {
  expect(await talk.type('alice', 'images mark base 1.0 bad')).toMatch(/You may not run `images mark`/)
  expect(await talk.type('carol', 'images mark base 1.0 bad --why "old OpenSSL"')).toMatch(
    /`base 1.0` is marked \*bad\*: `old OpenSSL`/,
  )
  const newest = await talk.begin('alice', 'bake app --rebake')
  expect(await talk.sees(newest, /^❌ \*failed\*/)).toMatch(/every version of it is marked bad[\s\S]*bake base/)
  const named = await talk.begin('alice', 'bake app --from 1.0')
  expect(await talk.sees(named, /^❌ \*failed\*/)).toMatch(/base 1.0.* is marked bad .*old OpenSSL/)
  // The same inputs, but a bad one is no result to offer.
  const next = await talk.begin('alice', 'bake base --version 1.1')
  await talk.sees(next, /^✅ \*succeeded\*[\s\S]*\*Baked\*: `base 1.1`/)
  const list = await talk.type('alice', 'images list')
  expect(list).toMatch(/\*base\*: 2 versions[\s\S]*`1\.1`[\s\S]*`1\.0`.*marked \*bad\*/)
  expect(await talk.type('alice', 'images list app')).toMatch(/\*app\*: 2 versions/)
  expect(await talk.type('alice', 'images show app 2.0')).toMatch(/Built on `base 1\.0` \(marked \*bad\*\)/)
  const app = await talk.begin('alice', 'bake app --version 4.0')
  await talk.sees(app, /^✅ \*succeeded\*[\s\S]*`app 4.0` on `base 1.1`/)
})

test('wrong role, wrong image, wrong version, no base: refused with what to do', async () => {
  expect(await talk.type('eve', 'bake app')).toMatch(/You may not run `bake` on the image app/)
  expect(await talk.type('alice', 'bake ap')).toMatch(/`ap`[\s\S]*`app`/)
  expect(await talk.type('alice', 'bake app --version ../2')).toMatch(/expected a version/)
  expect(await talk.type('alice', 'bake base --from 1.0')).toMatch(/is built on no other image/)
  expect(await talk.type('alice', 'images show app 9')).toMatch(/There is no version `9`.*`4.0`/)
  expect(await talk.type('alice', 'images list ap')).toMatch(/There is no image `ap`/)
})

test('an entry that cannot be read is reported and never written over', async () => {
  const url = `${world.consul.url}/v1/kv/groundcrew/images/base/0.9`
  await fetch(url, { method: 'PUT', body: '{"image":' })
  try {
    expect(await talk.type('alice', 'images list base')).toMatch(
      /`groundcrew\/images\/base\/0.9` in Consul is not an image version/,
    )
    expect(await talk.type('carol', 'images mark base 0.9 good')).toMatch(/Mend or delete that key/)
    expect(await (await fetch(`${url}?raw`)).text()).toBe('{"image":')
  } finally {
    await fetch(url, { method: 'DELETE' })
  }
})
