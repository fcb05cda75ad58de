import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ConsulAgent } from '../../consul.ts'
import { joined, startConsulServer } from '../../consul.ts'
import { drop, keysOf, linesOf, put, type Room, roomFor } from './room.ts'

const dir = mkdtempSync(join(tmpdir(), 'groundcrew-kv-drift-'))
let hub: ConsulAgent
let spoke: ConsulAgent
let room: Room

beforeAll(async () => {
  hub = await startConsulServer({ dir: join(dir, 'dc1') })
  spoke = await startConsulServer({ dir: join(dir, 'dc2'), dc: 'dc2', joins: hub })
  await joined(hub, spoke)
}, 60_000)
afterAll(async () => {
  await Promise.all([hub?.stop(), spoke?.stop()])
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
})
beforeEach(() => {
  room = roomFor(hub)
})
afterEach(async () => {
  for (const dc of ['dc1', 'dc2']) await drop(hub, dc, 'config/', true)
  room.remove()
})

const FILE = `# What the app reads.
common:
  db:
    host: db.internal # the primary
    pool: 20
  motd: hello
  gone: soon
local:
  dc2:
    zone: east
`

/** Takes a patch as somebody who commits would. */
function takePatch(flags: string[] = []): void {
  writeFileSync(join(room.folder, '..', 'adopt.patch'), room.text('kv-adopt.patch'))
  execFileSync('git', ['apply', ...flags, '--verbose', join('..', 'adopt.patch')], { cwd: room.folder, stdio: 'pipe' })
}

test('is quiet while nothing moved, and says what was changed by hand with the index of then and now', async () => {
  room.file('config/app.yml', FILE)
  await room.sync()
  expect(await room.drift()).toMatchObject({
    loud: false,
    offers: [],
    headline: 'Nothing was changed by hand in dc1, dc2.',
  })
  await put(hub, 'dc1', 'config/app/db/pool', '50')
  await put(hub, 'dc1', 'config/app/extra', 'new')
  await drop(hub, 'dc2', 'config/app/motd')
  const drift = await room.drift()
  expect(drift).toMatchObject({
    loud: true,
    offers: [
      { label: 'Adopt', line: 'kv adopt app' },
      { label: 'Put it back', line: 'kv apply app' },
    ],
  })
  expect(linesOf(drift)).toEqual([
    expect.stringMatching(
      /^dc1: config\/app\/db\/pool: "50" in Consul, "20" in the source; ModifyIndex \d+ now, \d+ when it was last right$/,
    ),
    expect.stringMatching(
      /^dc1: config\/app\/extra: "new" in Consul, not in the source; ModifyIndex \d+ now, never seen right$/,
    ),
    expect.stringMatching(
      /^dc2: config\/app\/motd: gone from Consul, "hello" in the source; not there now, \d+ when it was last right$/,
    ),
  ])
  expect(linesOf(drift, 'parts')[0]).toMatch(
    /^dc1: 2 changed by hand, 3 as the source says; last seen right at 2026-11-20 \d\d:\d\d UTC\.$/,
  )
})

test('what was changed by hand between a plan and its apply is found', async () => {
  room.file('config/app.yml', FILE)
  await room.sync()
  room.file('config/app.yml', FILE.replace('pool: 20', 'pool: 30'))
  const plan = await room.plan()
  await put(hub, 'dc1', 'config/app/motd', 'by hand')
  await put(hub, 'dc2', 'config/app/extra', 'by hand')
  await room.apply(plan)
  expect(linesOf(await room.drift())).toEqual([
    expect.stringMatching(/^dc1: config\/app\/motd: "by hand" in Consul/),
    expect.stringMatching(/^dc2: config\/app\/extra: "by hand" in Consul/),
  ])
})

test('a key that is held as a lock does not keep others from being found', async () => {
  const { ID } = await hub.json<{ ID: string }>('PUT', '/v1/session/create', { TTL: '60s' })
  await fetch(`${hub.url}/v1/kv/config/app/leader?acquire=${ID}`, { method: 'PUT', body: 'x' })
  room.file('config/app.yml', FILE)
  await room.sync()
  await drop(hub, 'dc1', 'config/app/motd')
  expect(linesOf(await room.drift())).toEqual([
    expect.stringMatching(/^dc1: config\/app\/motd: gone from Consul, "hello" in the source; not there now, \d+ when/),
  ])
})

test('what the source has and nobody applied yet is no drift', async () => {
  room.file('config/app.yml', FILE)
  await room.sync()
  room.file('config/app.yml', FILE.replace('pool: 20', 'pool: 30').replace('  gone: soon\n', '  fresh: x\n'))
  expect(await room.drift()).toMatchObject({
    loud: false,
    headline: 'Nothing was changed by hand in dc1, dc2. 6 of the source are not applied yet.',
  })
})

test('is put back by a plan and its apply', async () => {
  room.file('config/app.yml', FILE)
  await room.sync()
  await put(hub, 'dc2', 'config/app/db/pool', '50')
  await put(hub, 'dc2', 'config/app/extra', 'new')
  await room.sync()
  expect(await room.drift()).toMatchObject({ loud: false })
  expect(await keysOf(hub, 'dc2', 'config/app/')).toMatchObject({ 'config/app/db/pool': '20' })
})

test('is adopted as a diff that git takes, after which nothing differs: comments and everything else stay', async () => {
  room.file('config/app.yml', FILE)
  await room.sync()
  for (const dc of ['dc1', 'dc2']) {
    await put(hub, dc, 'config/app/db/host', 'db2.internal')
    await put(hub, dc, 'config/app/extra/deep', 'line one\nline two\n')
    await drop(hub, dc, 'config/app/gone')
  }
  await put(hub, 'dc2', 'config/app/zone', 'west')
  await put(hub, 'dc1', 'config/app/motd', 'only in the hub')
  const adopted = await room.adopt()
  expect(adopted.headline).toMatch(/^A diff that adopts 5 keys: `git apply kv-adopt.patch` in the folder of the source/)
  expect(room.text('kv-adopt.patch')).toContain('+    host: db2.internal # the primary')
  takePatch()
  expect(await room.drift()).toMatchObject({ loud: false })
  expect(await room.plan()).toMatchObject({ needsApply: false })
})

test('values alone change only their own bytes, in YAML and in JSON', async () => {
  room.file('config/app.yml', FILE)
  room.file('more.json', '{ "prefix": "config/app/json/",\n "common": { "n": 1.10, "m": "x" } }\n')
  await room.sync()
  for (const dc of ['dc1', 'dc2']) {
    await put(hub, dc, 'config/app/db/pool', '25')
    await put(hub, dc, 'config/app/json/m', 'y')
  }
  await room.adopt()
  const changed = room
    .text('kv-adopt.patch')
    .split('\n')
    .filter((line) => /^[-+](?![-+])/.test(line))
  expect(changed).toEqual([
    '-    pool: 20',
    '+    pool: 25',
    '- "common": { "n": 1.10, "m": "x" } }',
    '+ "common": { "n": 1.10, "m": "y" } }',
  ])
  takePatch()
  expect(await room.plan()).toMatchObject({ needsApply: false })
})

test('secrets, what is no text and what no file can say are left to people; secrets are in no line of the diff', async () => {
  room.settings({ pass: ['APP_PASSWORD'] })
  room.variables.APP_PASSWORD = 'from-the-environment'
  room.file(
    'config/app.yml',
    `common:\n  password: in-clear-here\n  near: a\n  token: { from_env: APP_PASSWORD }\n  both: a\n  bytes: a\n`,
  )
  const plan = await room.plan()
  expect(plan.note).toBe('1 secret in clear in the source (config/app.yml): use `from_env`.')
  await room.apply(plan)
  for (const dc of ['dc1', 'dc2']) {
    await put(hub, dc, 'config/app/password', 'another-secret')
    await put(hub, dc, 'config/app/near', 'b')
    await fetch(`${hub.url}/v1/kv/config/app/bytes?dc=${dc}`, {
      method: 'PUT',
      body: new Uint8Array([0xff, 0xfe, 0x00]),
    })
  }
  await drop(hub, 'dc2', 'config/app/both')
  expect(JSON.stringify(await room.drift())).not.toContain('another-secret')
  const adopted = await room.adopt()
  expect(linesOf(adopted)).toEqual([
    expect.stringMatching(/^config\/app\/both: is gone only in dc2, and a common key is everywhere/),
    expect.stringMatching(/^config\/app\/bytes: is no text/),
    expect.stringMatching(/^config\/app\/password: is a secret/),
  ])
  const patch = room.text('kv-adopt.patch')
  expect(patch + JSON.stringify(adopted)).not.toMatch(/in-clear-here|another-secret|from-the-environment/)
  takePatch(['--unidiff-zero'])
  expect(linesOf(await room.drift())).not.toContain(expect.stringMatching(/near/))
})

test.each([
  ['escaped', 'config/app.yml', 'common:\n  password: "tab\\there\\x21"\n  near: a\n'],
  ['quoted', 'config/app.yml', "common:\n  password: 'it''s there'\n  near: a\n"],
  ['short', 'config/app.yml', 'common:\n  token: 4321\n  near: a\n'],
  ['on several lines', 'config/app.yml', 'common:\n  password: |\n    there\n    short\n  near: a\n'],
  ['in JSON', 'config/app.json', '{ "common": {\n "password": "caf\\u00e9there",\n "near": "a" } }\n'],
])('a secret that stands in the source %s is in no line of the diff', async (_how, file, text) => {
  room.file(file, text)
  await room.sync()
  for (const dc of ['dc1', 'dc2']) await put(hub, dc, 'config/app/near', 'b')
  expect((await room.adopt()).headline).toMatch(/adopts 1 key: `git apply --unidiff-zero/)
  expect(room.text('kv-adopt.patch')).not.toMatch(/there|4321|short/)
  takePatch(['--unidiff-zero'])
  expect(await room.plan()).toMatchObject({ needsApply: false })
})

test('where no diff can be without the secret beside it, it is left to people', async () => {
  room.file('config/app.yml', 'common: { password: "tab\\there", near: a }\n')
  await room.sync()
  for (const dc of ['dc1', 'dc2']) await put(hub, dc, 'config/app/near', 'b')
  const adopted = await room.adopt()
  expect(adopted).toMatchObject({ headline: 'Nothing of it can be adopted by a diff.' })
  expect(linesOf(adopted)).toEqual([
    'config/app.yml: no diff can say what Consul has and show no secret: edit it by hand',
  ])
  expect(() => room.text('kv-adopt.patch')).toThrow(/There is no/)
})
