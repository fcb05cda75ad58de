import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readMonitors } from '../../src/config/monitors.ts'
import { isLoopback } from '../../src/core/monitors.ts'

const root = join(import.meta.dirname, '../..')
const dir = mkdtempSync(join(tmpdir(), 'groundcrew-monitors-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const AUDIT = 'vault_audit: { file: a, state: b }'
const PKI = '{ kind: certificate_pki, name: ca, owner: security }'

test.each([
  [
    'an unknown window',
    'vault_audit: { file: a, state: b, thresholds: [{ window: 7m }] }',
    {},
    /thresholds\.0\.window/,
  ],
  ['a name to listen on', `${AUDIT}\nhttp: { host: vault-1 }`, {}, /http\.host: expected the IP address/],
  ['every address', `${AUDIT}\nhttp: { host: 0.0.0.0 }`, {}, /http\.host: expected one address/],
  ['every address of IPv6', `${AUDIT}\nhttp: { host: '0::0' }`, {}, /http\.host: expected one address/],
  ['an open address and no token', `${AUDIT}\nhttp: { host: 192.0.2.1 }`, {}, /GROUNDCREW_MONITOR_TOKEN is not set/],
  ['the same in IPv6', `${AUDIT}\nhttp: { host: '2001:db8::1' }`, {}, /GROUNDCREW_MONITOR_TOKEN is not set/],
  [
    'a token that is short',
    AUDIT,
    { GROUNDCREW_MONITOR_TOKEN: 'short-one' },
    /MONITOR_TOKEN has a value.*16 characters/,
  ],
  [
    'a canary with nothing in Vault to ask for',
    'vault_audit: { file: a, state: b, canary: 10m }',
    {},
    /vault_audit\.canary: needs an entry/,
  ],
  [
    'a runbook that is no link for the web',
    `token_expiry: { entries: [${PKI.replace('}', ", runbook: 'javascript:alert(1)' }")}] }`,
    {},
    /runbook: expected an http/,
  ],
])('refuses %s, with place and reason', async (_what, settings, given, reason) => {
  writeFileSync(join(dir, 'monitors.yml'), `${settings}\n`)
  const addresses = { CONSUL_HTTP_ADDR: 'http://127.0.0.1:1', VAULT_ADDR: 'http://127.0.0.1:1' }
  const env = { PATH: process.env.PATH ?? '', GROUNDCREW_MONITORS: join(dir, 'monitors.yml'), ...addresses, ...given }
  const child = spawn('node', [join(root, 'src/monitor.ts')], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  expect((await once(child, 'close'))[0]).toBe(1)
  expect(text).toMatch(reason)
  expect(text).not.toMatch(/short-one/)
})

test('takes a canary that something in Vault sings for', async () => {
  const settings = `vault_audit: { file: a, state: b, canary: 10m }\ntoken_expiry: { entries: [${PKI}] }\n`
  writeFileSync(join(dir, 'monitors.yml'), settings)
  expect((await readMonitors(join(dir, 'monitors.yml'))).vault_audit?.canary).toBe('10m')
})

test.each([
  ['127.0.0.1', true],
  ['127.8.9.10', true],
  ['::1', true],
  ['0:0:0:0:0:0:0:1', true],
  ['10.0.0.1', false],
  ['2001:db8::1', false],
  ['::ffff:127.0.0.1', false],
  ['localhost', false],
  ['127.0.0.1.example.com', false],
  ['', false],
])('%s as loopback: %s', (address, expected) => {
  expect(isLoopback(address)).toBe(expected)
})

test('the example of the settings is right', async () => {
  const example = join(root, 'examples/monitors.yml')
  expect((await readMonitors(example)).vault_audit?.thresholds.length).toBe(4)
  expect(readFileSync(example, 'utf8')).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/)
})

test('so are those of docker-compose.yml, which mounts what they name and asks at their port', async () => {
  const compose = readFileSync(join(root, 'docker-compose.yml'), 'utf8')
  const { monitor } = parse(compose, { merge: true }).services
  const { vault_audit, http } = await readMonitors(monitor.environment.GROUNDCREW_MONITORS.replace('/app', root))
  const mounted = monitor.volumes.map((volume: string) => volume.split(':')[1])
  expect(mounted).toEqual([vault_audit?.state, vault_audit?.file].map((file = '') => dirname(file)))
  expect(monitor.healthcheck.test.join(' ')).toContain(`127.0.0.1:${http.port}/`)
})
