import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ConsulAgent } from '../../consul.ts'
import { joined, startConsulServer } from '../../consul.ts'
import { drop, errorOf, keysOf, linesOf, outputOf, put, type Room, roomFor } from './room.ts'

const dir = mkdtempSync(join(tmpdir(), 'groundcrew-kv-dcs-'))
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

const FILE = `common:
  db: { host: db.internal, pool: 20 }
  version: 1.10
  motd: |
    hello
    world
local:
  dc2:
    db: { host: db.dc2 }
    only: here
`

describe('a plan and its apply', () => {
  test('common keys go to the hub and the spoke, local ones stay where they belong, and everything else is left alone', async () => {
    room.file('config/app.yml', FILE)
    await put(hub, 'dc1', 'config/application', 'not ours')
    await put(hub, 'dc1', 'config/app/stale', 'goes')
    const plan = await room.plan()
    expect(plan.headline).toBe('Plan of app: 9 to add, 0 to change, 1 to remove in dc1, dc2.')
    expect(linesOf(plan)[0]).toBe('dc1: - config/app/stale (was "goes")')
    expect(linesOf(plan)).toContain('dc1: + config/app/version "1.10"')
    expect(await keysOf(hub, 'dc1', 'config/app/')).toEqual({ 'config/app/stale': 'goes' })
    const applied = outputOf(await room.apply(plan))
    expect(applied.headline).toBe('10 written.')
    const common = { 'config/app/db/pool': '20', 'config/app/version': '1.10', 'config/app/motd': 'hello\nworld\n' }
    expect(await keysOf(hub, 'dc1', 'config/app')).toEqual({
      ...common,
      'config/app/db/host': 'db.internal',
      'config/application': 'not ours',
    })
    expect(await keysOf(spoke, 'dc2', 'config/app')).toEqual({
      ...common,
      'config/app/db/host': 'db.dc2',
      'config/app/only': 'here',
    })
    const again = await room.plan()
    expect(again).toMatchObject({ needsApply: false, headline: 'No changes: dc1, dc2 have what the source says.' })
  })

  test('flags of a key stay as they are', async () => {
    room.file('config/app.yml', 'common: { a: "2" }\n')
    await fetch(`${hub.url}/v1/kv/config/app/a?flags=42`, { method: 'PUT', body: '1' })
    await room.sync()
    const [row] = await hub.json<{ Flags: number; Value: string }[]>('GET', '/v1/kv/config/app/a')
    expect(row).toMatchObject({ Flags: 42, Value: Buffer.from('2').toString('base64') })
  })

  test('values from the environment are written and shown to nobody', async () => {
    room.settings({ pass: ['APP_PASSWORD'] })
    room.variables.APP_PASSWORD = 'correct-horse-battery'
    room.file(
      'config/app.yml',
      'common: { db: { password: { from_env: APP_PASSWORD } }, url: "x://correct-horse-battery@y" }\n',
    )
    const plan = await room.plan()
    expect(linesOf(plan)).toContain('dc1, dc2: + config/app/db/password (secret)')
    expect(linesOf(plan)).toContain('dc1, dc2: + config/app/url "x://***@y"')
    expect(JSON.stringify(plan) + room.text('kv-plan.txt')).not.toContain('correct-horse')
    const applied = await room.apply(plan)
    expect(JSON.stringify(applied) + room.text('kv-report.txt')).not.toContain('correct-horse')
    expect((await keysOf(hub, 'dc2', 'config/app/'))['config/app/db/password']).toBe('correct-horse-battery')
  })

  test('a value that is too large for a txn is written by itself, with CAS too', async () => {
    const large = 'x'.repeat(512 * 1024)
    room.file('config/app.json', JSON.stringify({ common: { large, small: 'y' } }))
    const plan = await room.plan()
    expect(linesOf(plan)[0]).toMatch(/^dc1, dc2: \+ config\/app\/large \(512\.0 KiB, sha256 [0-9a-f]{12}\)$/)
    expect(outputOf(await room.apply(plan)).headline).toBe('4 written.')
    expect((await keysOf(hub, 'dc2', 'config/app/'))['config/app/large']).toBe(large)
    room.file('config/app.json', JSON.stringify({ common: { large: `${large.slice(1)}y`, small: 'y' } }))
    const next = await room.plan()
    await put(hub, 'dc1', 'config/app/large', 'somebody else')
    expect(errorOf(await room.apply(next))).toMatch(/dc1: FAILED/)
    expect((await keysOf(hub, 'dc1', 'config/app/'))['config/app/large']).toBe('somebody else')
  })
})

describe('somebody else who writes meanwhile', () => {
  const many = (value: string) =>
    `common:\n${Array.from({ length: 100 }, (_, at) => `  k${String(at).padStart(3, '0')}: ${value}`).join('\n')}\n`

  test('is shown and not overwritten: the batch is not written, those before it are, and the spokes are untouched', async () => {
    room.file('config/app.yml', many('one'))
    await room.sync()
    room.file('config/app.yml', many('two'))
    const plan = await room.plan()
    await put(hub, 'dc1', 'config/app/k070', 'by hand')
    await put(hub, 'dc1', 'config/app/k099', 'by hand too')
    const outcome = await room.apply(plan)
    const output = outputOf(outcome)
    expect(errorOf(outcome)).toBe(
      'dc1: FAILED, a batch was refused, and nothing of it was written. 64 written, 2 in conflict, 34 not written, in the same batch.',
    )
    expect(output.headline).toBe('64 written, 136 not written.')
    expect(linesOf(output, 'parts')[1]).toBe('dc2: untouched, the hub dc1 failed before. 0 written, 100 not written.')
    expect(linesOf(output, 'conflicts')).toEqual([
      expect.stringMatching(
        /^dc1: config\/app\/k070: somebody else changed it: ModifyIndex \d+ when it was planned, ModifyIndex \d+ now, with "by hand"$/,
      ),
      expect.stringMatching(/^dc1: config\/app\/k099: .*"by hand too"$/),
    ])
    const report = room.text('kv-report.txt')
    expect(report).toMatch(/written:\n {2}change config\/app\/k000 \(3 bytes\)/)
    expect(report).toMatch(/not written \(same batch: all or nothing\):\n {2}change config\/app\/k064/)
    const now = await keysOf(hub, 'dc1', 'config/app/')
    expect([now['config/app/k063'], now['config/app/k064'], now['config/app/k070']]).toEqual(['two', 'one', 'by hand'])
    expect(Object.values(await keysOf(hub, 'dc2', 'config/app/'))).toEqual(Array.from({ length: 100 }, () => 'one'))
  })

  test('a key that was added, or removed, by somebody else is a conflict as well; one that has the value already is done', async () => {
    room.file('config/app.yml', 'common: { a: "1", b: "1", c: "1", d: "1" }\n')
    await room.sync()
    room.file('config/app.yml', 'common: { a: "2", c: "1", d: "1", new: "1" }\n')
    const added = await room.plan()
    await put(hub, 'dc1', 'config/app/new', 'theirs')
    expect(linesOf(outputOf(await room.apply(added)), 'conflicts')).toEqual([
      expect.stringMatching(
        /^dc1: config\/app\/new: somebody else changed it: it was not there when it was planned, ModifyIndex \d+ now, with "theirs"$/,
      ),
    ])
    await drop(hub, 'dc1', 'config/app/new')
    const changed = await room.plan()
    await drop(hub, 'dc1', 'config/app/a')
    expect(linesOf(outputOf(await room.apply(changed)), 'conflicts')).toEqual([
      expect.stringMatching(
        /^dc1: config\/app\/a: somebody else changed it: ModifyIndex \d+ when it was planned, it is gone now$/,
      ),
    ])
    const last = await room.plan()
    await put(hub, 'dc1', 'config/app/a', '2')
    await drop(hub, 'dc1', 'config/app/b')
    expect(outputOf(await room.apply(last)).headline).toMatch(/^4 written, 2 were so already\.$/)
  })

  test('started again after it died between two batches it goes on where it was', async () => {
    room.file('config/app.yml', many('one'))
    const plan = await room.plan()
    const stop = new AbortController()
    const progress = (text: string) => {
      if (text === 'dc1: batch 2 of 2') stop.abort()
    }
    const dead = outputOf(await room.apply(plan, { signal: stop.signal, progress }))
    expect(dead.headline).toBe('100 written, 100 not written.')
    expect(outputOf(await room.apply(plan)).headline).toBe('100 written, 100 were so already.')
  })

  test('what was approved is what is written: another plan, or none, is refused', async () => {
    room.file('config/app.yml', 'common: { a: "1" }\n')
    const plan = await room.plan()
    expect(errorOf(await room.apply(plan, { approved: () => ['0'.repeat(64)] }))).toMatch(/is not what was approved/)
    expect(errorOf(await room.apply(plan, { approved: () => [] }))).toMatch(/is not what was approved/)
    expect(await keysOf(hub, 'dc1', 'config/app/')).toEqual({})
    room.settings({ prefixes: ['config/other/'] })
    expect(errorOf(await room.apply(plan))).toMatch(/no longer gives config\/app\/a to app/)
  })
})

describe('an empty or broken source', () => {
  const refused = (wanted: RegExp) => expect(room.plan()).rejects.toThrow(wanted)

  test('plans nothing, so that nothing is ever removed by it', async () => {
    room.file('config/app.yml', FILE)
    await room.sync()
    const before = await keysOf(hub, 'dc2', 'config/app/')
    room.file('config/app.yml', null)
    await refused(/has no .yml, .yaml or .json file/)
    room.file('config/app.yml', '')
    await refused(/`config\/app.yml` has no key/)
    room.file('config/app.yml', 'common: {}\nlocal: { dc2: {} }\n')
    await refused(/has no key/)
    room.file('config/app.yml', 'common: { a: [1] }\n')
    await refused(/`config\/app.yml`: `common.a` is a list/)
    room.file('config/app.yml', 'common: { a: 1')
    await refused(/`config\/app.yml` cannot be read/)
    room.file('config/app.yml', null)
    room.file('config/other.yml', 'common: { a: 1 }\n')
    await refused(/no file for config\/app\//)
    rmSync(room.folder, { recursive: true })
    await refused(/is not there on this machine/)
    expect(await keysOf(hub, 'dc2', 'config/app/')).toEqual(before)
  })

  test('empties a prefix only where it says so, and then loudly', async () => {
    room.file('config/app.yml', `common:\n${Array.from({ length: 12 }, (_, at) => `  k${at}: x`).join('\n')}\n`)
    await room.sync()
    room.file('config/app.yml', 'empty: true\ncommon: {}\n')
    const plan = await room.plan()
    expect(plan.loudly).toEqual(['dc1: 12 of 12 keys below config/app/', 'dc2: 12 of 12 keys below config/app/'])
    expect(linesOf(plan)[0]).toBe('dc1: REMOVES 12 OF THE 12 KEYS below config/app/')
    expect(plan).toMatchObject({ risky: 14, counts: { destroy: 24 } })
    await room.apply(plan)
    expect(await keysOf(hub, 'dc2', 'config/app/')).toEqual({})
  })

  test('a hub that shows nothing takes nothing from the spokes', async () => {
    room.file('config/app.yml', FILE)
    await room.sync()
    await put(hub, 'dc2', 'config/app/theirs', 'stays')
    await drop(hub, 'dc1', 'config/app/', true)
    const plan = await room.plan()
    expect(linesOf(plan).filter((line) => line.includes('theirs'))).toEqual([])
    expect(linesOf(plan, 'parts')[1]).toMatch(
      /1 that the source does not have is NOT removed: the hub shows nothing there/,
    )
    await room.apply(plan)
    expect(await keysOf(hub, 'dc2', 'config/app/')).toMatchObject({ 'config/app/theirs': 'stays' })
  })
})

test('a key with a line break, which somebody made by hand, does not look like several lines of a plan', async () => {
  room.file('config/app.yml', 'common: { a: "1" }\n')
  const made = { Verb: 'set', Key: 'config/app/x\n=== dc2 ===\n+ b', Value: 'eQ==' }
  await hub.json('PUT', '/v1/txn', [{ KV: made }])
  const plan = await room.plan()
  expect(linesOf(plan)[0]).toBe('dc1: - "config/app/x\\n=== dc2 ===\\n+ b" (was "y")')
  expect(room.text('kv-plan.txt').match(/^=== dc2 ===$/gm)).toHaveLength(1)
  expect(outputOf(await room.apply(plan)).headline).toBe('3 written.')
  expect(await keysOf(hub, 'dc1', 'config/app/')).toEqual({ 'config/app/a': '1' })
})

test('the password of an address is shown to nobody whatever its key is called, and that it is another one is', async () => {
  room.file('config/app.yml', 'common:\n  db: "pg://u:first-pw@h"\n  text: |\n    a: pg://u:first-pw@h\n    b: 1\n')
  const written = await room.plan()
  expect(linesOf(written)).toContain('dc1, dc2: + config/app/db "pg://u:***@h"')
  await room.apply(written)
  room.file('config/app.yml', 'common:\n  db: "pg://u:other-pw@h"\n  text: |\n    a: pg://u:other-pw@h\n    b: 2\n')
  const plan = outputOf(await room.stage('plan', {}, { stage: 'again' }))
  expect(linesOf(plan)).toContain(
    'dc1, dc2: ~ config/app/db "pg://u:***@h" → "pg://u:***@h" (what is hidden in it is another one)',
  )
  // A plan of its own stage has a file of its own.
  expect(plan.files).toEqual(['again-kv-plan.txt'])
  expect(room.text('again-kv-plan.txt')).toMatch(/a: pg:\/\/u:\*\*\*@h/)
  await put(hub, 'dc1', 'config/app/db', 'pg://u:third-pw@h')
  const adopted = await room.stage('adopt')
  const seen = JSON.stringify([written, plan, await room.stage('drift'), adopted])
  expect(seen + room.text('kv-plan.txt') + room.text('again-kv-plan.txt')).not.toMatch(/(first|other|third)-pw/)
  expect(outputOf(adopted).files).toBeUndefined()
})

test('a key that is held as a lock, and one that only stands for a folder, are left alone', async () => {
  room.file('config/app.yml', 'common: { a: "1" }\n')
  const { ID } = await hub.json<{ ID: string }>('PUT', '/v1/session/create', { TTL: '60s' })
  await fetch(`${hub.url}/v1/kv/config/app/leader?acquire=${ID}`, { method: 'PUT', body: 'x' })
  await put(hub, 'dc1', 'config/app/folder/', '')
  const plan = await room.plan()
  expect(linesOf(plan)).toEqual(['dc1: + config/app/a "1"', 'dc2: + config/app/a "1"'])
  expect(linesOf(plan, 'parts')[0]).toMatch(/1 left alone \(config\/app\/leader: it is held as a lock\)/)
  await room.apply(plan)
  expect(Object.keys(await keysOf(hub, 'dc1', 'config/app/'))).toEqual([
    'config/app/a',
    'config/app/folder/',
    'config/app/leader',
  ])
})
