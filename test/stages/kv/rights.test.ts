import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ConsulAgent } from '../../consul.ts'
import { startConsulServer, tokenWith } from '../../consul.ts'
import { errorOf, keysOf, linesOf, outputOf, type Room, roomFor } from './room.ts'

const dir = mkdtempSync(join(tmpdir(), 'groundcrew-kv-rights-'))
let consul: ConsulAgent
let room: Room

beforeAll(async () => {
  consul = await startConsulServer({ dir: join(dir, 'dc1'), acl: true })
}, 60_000)
afterAll(async () => {
  await consul?.stop()
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
})
beforeEach(() => {
  room = roomFor(consul, { spokes: [] })
  room.variables.CONSUL_HTTP_TOKEN = consul.master
})
afterEach(async () => {
  await consul.ask('DELETE', '/v1/kv/config/?recurse')
  room.remove()
})

const nodes = 'node_prefix "" { policy = "write" } service_prefix "" { policy = "write" }'

test('a token that may not write is told which rights it needs, and nothing is written', async () => {
  const { secret } = await tokenWith(consul, `key_prefix "" { policy = "read" } ${nodes}`)
  room.file('config/app.yml', 'common: { a: "1" }\n')
  room.variables.CONSUL_HTTP_TOKEN = secret
  const plan = await room.plan()
  const outcome = await room.apply(plan)
  expect(errorOf(outcome)).toMatch(/^dc1: FAILED/)
  expect(JSON.stringify(outcome)).toMatch(/Permission denied|policy needs/)
  expect(await keysOf(consul, 'dc1', 'config/')).toEqual({})
})

test('a token from which Consul hides keys removes none of them, and overwrites none', async () => {
  room.file('config/app.yml', 'common: { a: "1", b: "1" }\n')
  await room.sync()
  const { secret } = await tokenWith(consul, `key_prefix "config/app/" { policy = "deny" } ${nodes}`)
  room.variables.CONSUL_HTTP_TOKEN = secret
  room.file('config/app.yml', 'common: { a: "2" }\n')
  const plan = await room.plan()
  expect(linesOf(plan)).toEqual(['+ config/app/a "2"'])
  expect((await room.apply(plan)).kind).toBe('failed')
  room.variables.CONSUL_HTTP_TOKEN = consul.master
  expect(outputOf(await room.apply(plan)).conflicts).toEqual([
    expect.stringMatching(/^dc1: config\/app\/a: somebody else changed it: it was not there when it was planned/),
  ])
  expect(await keysOf(consul, 'dc1', 'config/')).toEqual({ 'config/app/a': '1', 'config/app/b': '1' })
})

test('a repository is read at its ref, and the commit is part of what is shown', async () => {
  const git = (...words: string[]) =>
    execFileSync('git', ['-C', repository, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...words], {
      encoding: 'utf8',
    }).trim()
  const repository = join(dir, 'repository')
  mkdirSync(join(repository, 'settings/config'), { recursive: true })
  execFileSync('git', ['init', '--quiet', '-b', 'main', repository])
  writeFileSync(join(repository, 'settings/config/app.yml'), 'common: { a: "1" }\n')
  git('add', '.')
  git('commit', '--quiet', '-m', 'one')
  room.settings({ spokes: [], source: { git: repository, ref: 'main', path: 'settings' } })
  const plan = await room.plan()
  expect(plan).toMatchObject({ commit: git('rev-parse', 'HEAD'), lines: ['+ config/app/a "1"'] })
  room.settings({ spokes: [], source: { git: repository, ref: 'main', path: 'nothing' } })
  await expect(room.plan()).rejects.toThrow(/has no folder `nothing`/)
  room.settings({ spokes: [], source: { git: repository, ref: 'gone', path: '.' } })
  await expect(room.plan()).rejects.toThrow(/no branch and no tag `gone`/)
})

test('a link in the source that leads out of it is refused', async () => {
  writeFileSync(join(dir, 'outside.yml'), 'common: { a: "1" }\n')
  mkdirSync(join(room.folder, 'config'))
  symlinkSync(join(dir, 'outside.yml'), join(room.folder, 'config/app.yml'))
  await expect(room.plan()).rejects.toThrow(/`config\/app.yml` is a link that leads out of the source/)
})
