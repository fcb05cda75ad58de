import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { crew } from './crew.ts'
import { startServers } from './servers.ts'

let servers: Awaited<ReturnType<typeof startServers>>
beforeAll(async () => {
  servers = await startServers()
})
afterAll(() => servers.stop())

const run = (line: string) =>
  crew(['run', '--as', 'U01ALICE', ...line.split(' ')], { env: servers.env, cwd: servers.dir })
const put = (key: string, body: string | Uint8Array<ArrayBuffer>) =>
  fetch(`${servers.env.CONSUL_HTTP_ADDR}/v1/kv/${key}`, { method: 'PUT', body })

test('look-ups are answered in a terminal as well, texts whole and bytes as a file that replaces none', async () => {
  await put('config/long', 'a line\n'.repeat(500))
  await put('config/logo', new Uint8Array([0, 255, 7]))
  expect((await run('consul services')).stdout).toContain('• consul in dc1')
  expect((await run('consul kv get config/long')).stdout).toContain(`long.txt:\n${'a line\n'.repeat(500)}`)
  expect((await run('consul kv get config/logo')).stdout).toContain('3 bytes are in the file logo-dc1.bin, here.')
  const file = join(servers.dir, 'logo-dc1.bin')
  expect([...readFileSync(file)]).toEqual([0, 255, 7])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  await put('config/logo', new Uint8Array([0, 1]))
  expect((await run('consul kv get config/logo')).stdout).toMatch(/did not work: .*EEXIST/)
  expect([...readFileSync(file)]).toEqual([0, 255, 7])
  await put('config/hostile', `\u001b]0;mine\u001b\\\u001b[2J\t${'a line\n'.repeat(500)}`)
  const hostile = (await run('consul kv get config/hostile')).stdout
  expect(hostile).toContain('hostile.txt:\n\ta line\n')
  expect(hostile).not.toContain('\u001b')
  await put('config/here', new Uint8Array([0]))
  const from = join(servers.dir, 'elsewhere')
  mkdirSync(from)
  const env = { ...servers.env, npm_lifecycle_event: 'crew', INIT_CWD: from }
  await crew(['run', '--as', 'U01ALICE', 'consul', 'kv', 'get', 'config/here'], { env, cwd: servers.dir })
  expect([...readFileSync(join(from, 'here-dc1.bin'))]).toEqual([0])
  const wrong = await run('consul service cnosul')
  expect(wrong.code).not.toBe(0)
  expect(wrong.stderr).toMatch(/no service .*Did you mean .consul/)
})
