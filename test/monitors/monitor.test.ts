import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Part, startConsul, waitFor } from '../../examples/demo/parts.ts'
import { readDetails } from '../../src/core/alert/details.ts'
import { createReport } from '../../src/monitors/report.ts'
import { createConsulAgent } from '../../src/tools/consul/agent.ts'
import { line, NOBODY, REFUSED } from './vault-audit/entries.ts'

const root = join(import.meta.dirname, '../..')
const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-monitor-'))
const MASTER = '8f0e7d6f-2c36-4a0e-8f0e-7d6f7e1f2a11'
const DENIED = '1 error occurred:\n\t* permission denied\n\n'

let consul: Part
/** May write the one service, and nothing else. */
let token = ''
let dir = ''
let log = ''
let monitor: { readonly child: ChildProcess; said(): string } | undefined

beforeAll(async () => {
  // Who sends no token acts with the default one: so that the part's own look at its start is answered.
  const acl = { enabled: true, default_policy: 'deny', tokens: { master: MASTER, agent: MASTER, default: MASTER } }
  consul = await startConsul({ dir: join(scratch, 'consul'), dev: true, settings: { acl } })
  const rules = 'service "vault-audit-monitor" { policy = "write" }'
  await waitFor(async () => (await ask('PUT', '/v1/acl/policy', { Name: 'monitor', Rules: rules })).ok, {
    what: 'the ACLs',
    within: '20s',
  })
  const made = await ask('PUT', '/v1/acl/token', { Policies: [{ Name: 'monitor' }] })
  token = ((await made.json()) as { SecretID: string }).SecretID
  await ask('PUT', '/v1/agent/service/register', { Name: 'vault', Check: { TTL: '1h', Status: 'passing' } })
})
beforeEach(() => {
  dir = mkdtempSync(join(scratch, 'host-'))
  log = join(dir, 'audit.log')
  writeFileSync(log, '')
})
afterEach(async () => {
  await stopped('SIGKILL')
  await ask('PUT', '/v1/agent/service/deregister/vault-audit-monitor')
})
afterAll(async () => {
  await consul?.stop()
  rmSync(scratch, { recursive: true, force: true })
})

function ask(method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${consul.url}${path}`, { method, ...(body ? { body: JSON.stringify(body) } : {}) })
}

type Check = { readonly CheckID: string; readonly Status: string; readonly Output: string; readonly ServiceID: string }

async function check(service = 'vault-audit-monitor'): Promise<Check | undefined> {
  const checks = (await (await ask('GET', '/v1/health/state/any')).json()) as Check[]
  return checks.find(({ ServiceID }) => ServiceID === service)
}

/** Waits until the check is as it should be, and says what it says. */
function becomes(status: string, output = /./, service?: string): Promise<Check> {
  const fits = async () => {
    const found = await check(service)
    return found?.Status === status && output.test(found.Output) ? found : undefined
  }
  return waitFor(fits, { what: `the check to be ${status} ${output}`, within: '30s' }) as Promise<Check>
}

type Start = {
  readonly secret?: string
  readonly ttl?: string
  readonly settings?: object
  readonly http?: object
  readonly env?: Record<string, string>
}

async function started(with_: Start = {}): Promise<void> {
  const vault_audit = {
    file: log,
    state: join(dir, 'state.json'),
    poll: '1s',
    path_segments: 2,
    exclude: [{ role_name: 'watcher' }],
  }
  const { http = {} } = with_
  const settings = { ...(with_.settings ?? { vault_audit }), consul: { ttl: with_.ttl ?? '3s' }, http }
  writeFileSync(join(dir, 'monitors.yml'), JSON.stringify(settings))
  const env = {
    PATH: process.env.PATH ?? '',
    GROUNDCREW_MONITORS: join(dir, 'monitors.yml'),
    CONSUL_HTTP_ADDR: consul.url,
    CONSUL_HTTP_TOKEN: with_.secret ?? token,
    ...with_.env,
  }
  const child = spawn('node', [join(root, 'src/monitor.ts')], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  monitor = { child, said: () => text }
  await waitFor(() => text.includes('monitor ready'), { what: 'the monitor to be ready', within: '20s' })
}

async function stopped(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
  const child = monitor?.child
  monitor = undefined
  if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
  const gone = once(child, 'exit')
  child.kill(signal)
  const [code] = (await gone) as [number | null]
  return code
}

type Made = Parameters<typeof line>[0] & { readonly at?: number }

/** Entries as of now, unless they say otherwise. */
function write(count: number, { at = Date.now(), ...made }: Made): void {
  const time = `"time":"${new Date(at).toISOString()}"`
  const texts = Array.from({ length: count }, () => `${line(made).replace(/"time":"[^"]*"/, time)}\n`)
  appendFileSync(log, texts.join(''))
}

test('says passing at first, then what came, with nothing secret and paths cut, and leaves the service vault alone', async () => {
  await started()
  await becomes('passing')
  write(12, {
    type: 'request',
    error: DENIED,
    auth: REFUSED,
    request: { path: 'kv/data/payments/db', data: { a: 'hunter22' } },
  })
  write(50, { type: 'request', error: DENIED, auth: { ...REFUSED, metadata: { role_name: 'watcher' } } })
  const { Output } = await becomes('warning', /12 denied in 5m/)
  expect(Output).toMatch(/by path: kv\/data\/\.\.\. 12/)
  expect(Output).not.toMatch(/hmac-|hunter22|payments/)
  write(90, { type: 'request', error: DENIED, auth: NOBODY })
  await becomes('critical', /102 denied in 5m/)
  const vault = (await (await ask('GET', '/v1/health/service/vault?passing')).json()) as unknown[]
  expect(vault.length).toBe(1)
})

/** Where Consul says that the details are. */
async function place(): Promise<{ readonly Address: string; readonly Port: number }> {
  const services = (await (await ask('GET', '/v1/agent/services')).json()) as Record<
    string,
    Awaited<ReturnType<typeof place>>
  >
  return services['vault-audit-monitor'] ?? { Address: '', Port: 0 }
}

test('serves details on loopback under the port that Consul knows', async () => {
  await started()
  write(3, { type: 'request', error: DENIED, auth: REFUSED })
  await becomes('passing', /5 min: 3 denied/)
  const { Address, Port } = await place()
  const details = await (await fetch(`http://${Address}:${Port}/vault-audit`)).json()
  expect(details).toMatchObject({ status: 'passing', windows: { '5m': { sums: { denied: 3 } } }, since: { lines: 3 } })
  expect((await fetch(`http://${Address}:${Port}/`)).status).toBe(404)
  expect(JSON.stringify(details)).not.toMatch(/hmac-/)
})

test('serves them on the address that Consul knows, for the token only, in a form that the bots read', async () => {
  const secret = 'a-token-of-the-monitors'
  await started({ http: { host: '127.0.0.2' }, env: { GROUNDCREW_MONITOR_TOKEN: secret } })
  write(2, { type: 'request', error: DENIED, auth: REFUSED })
  write(1, { type: 'request', error: DENIED, auth: REFUSED, at: Date.now() - 30 * 60_000 })
  await becomes('passing', /60 min: 3 denied/)
  const { Address, Port } = await place()
  expect(Address).toBe('127.0.0.2')
  expect((await fetch(`http://${Address}:${Port}/vault-audit`)).status).toBe(401)
  const headers = { authorization: `Bearer ${secret}` }
  const page: unknown = await (await fetch(`http://${Address}:${Port}/vault-audit`, { headers })).json()
  const details = readDetails('vault-audit', page)
  if (details?.kind !== 'vault-audit') throw new Error('The page is not read.')
  expect(details).toMatchObject({ counts: { '5m': { denied: 2 }, '60m': { denied: 3 } } })
  expect(details.top.class).toEqual([{ name: 'policy', count: 3 }])
  expect(details.minutes.reduce((sum, each) => sum + each, 0)).toBe(3)
  expect(details.minutes.slice(0, 40).reduce((sum, each) => sum + each, 0)).toBe(1)
  expect(monitor?.said()).not.toContain(secret)
})

test('restarted in the middle of a burst does not say that it is over', async () => {
  await started()
  write(12, { type: 'request', error: DENIED, auth: REFUSED })
  await becomes('warning', /12 denied in 5m/)
  expect(await stopped('SIGTERM')).toBe(0)
  await ask('PUT', '/v1/agent/service/deregister/vault-audit-monitor')
  await started()
  await becomes('warning', /12 denied in 5m[\s\S]*by class: policy 12/)
  expect(readFileSync(join(dir, 'state.json.counts'), 'utf8')).not.toMatch(/app1|kv|10\.0/)
})

test('begins to count anew where what it counted cannot be read, and says so', async () => {
  writeFileSync(join(dir, 'state.json.counts'), '{"version":1,"sums":[{"index":-1}]}')
  await started()
  await becomes('passing')
  expect(monitor?.said()).toMatch(/state\.json\.counts cannot be read; counts of the last hour begin anew/)
})

test('a watch that hangs lets its TTL run out, and is heard again when it goes on', async () => {
  const agent = createConsulAgent(consul.url, token)
  const check_ = { id: 'vault-audit-monitor:status', name: 'Denied requests', ttlMs: 1000 }
  const service = {
    id: 'vault-audit-monitor',
    name: 'vault-audit-monitor',
    address: '127.0.0.1',
    port: 1,
    tags: [],
    check: check_,
  }
  const report = createReport(agent, service, 2000, pino({ level: 'silent' }))
  try {
    report.say('passing', 'all is well')
    await becomes('passing', /all is well/)
    await becomes('critical', /^TTL expired/)
    report.say('passing', 'it goes on')
    await becomes('passing', /it goes on/)
  } finally {
    await report.stop()
  }
})

test('registers again what Consul forgot', async () => {
  await started()
  await becomes('passing')
  await ask('PUT', '/v1/agent/service/deregister/vault-audit-monitor')
  const times = () => monitor?.said().match(/registered in Consul/g)?.length
  await waitFor(() => times() === 2, { what: 'the second registration', within: '20s' })
  await becomes('passing', /nothing over a threshold/)
})

test('that is killed lets its TTL run out, which is not a burst of denials', async () => {
  await started({ ttl: '1s' })
  await becomes('passing', /PASSING/)
  await stopped('SIGKILL')
  await becomes('critical', /^TTL expired/)
})

test('goes on where it was, through a rotation while it was down; what is old is told once and raises no alarm', async () => {
  await started()
  write(5, { type: 'request', error: DENIED, auth: REFUSED })
  await becomes('passing', /5 min: 5 denied/)
  expect(await stopped('SIGTERM')).toBe(0)
  write(200, { type: 'request', error: DENIED, auth: REFUSED, at: Date.now() - 2 * 3_600_000 })
  renameSync(log, `${log}.1`)
  writeFileSync(log, '')
  write(11, { type: 'request', error: DENIED, auth: REFUSED })
  await started()
  await becomes('warning', /16 denied in 5m.*[\s\S]*Replayed after a pause, no alarm: 200 /)
  expect(monitor?.said().match(/were replayed/g)?.length).toBe(1)
})

test('says that its file is gone, that it is JSONx, and that it cannot read it', async () => {
  await started()
  await becomes('passing')
  rmSync(log)
  await becomes('critical', /the audit file is not there/)
  writeFileSync(log, '')
  await becomes('passing')
  appendFileSync(log, '<json:object name="x"></json:object>\n')
  await becomes('critical', /JSONx.*format=json/)
})

test('goes on when its state cannot be stored, and says so', async () => {
  // What is written beside the state goes to a device that is always full.
  symlinkSync('/dev/full', join(dir, 'state.json.new'))
  await started()
  write(12, { type: 'request', error: DENIED, auth: REFUSED })
  await becomes('warning', /12 denied in 5m[\s\S]*The state cannot be stored/)
  expect(monitor?.said()).toMatch(/state not stored/)
  rmSync(join(dir, 'state.json.new'))
  write(1, { type: 'request', error: DENIED, auth: REFUSED })
  await waitFor(() => existsSync(join(dir, 'state.json')), { what: 'the state to be stored', within: '20s' })
})

test('without rights says so in its log, and never with the token', async () => {
  const made = await ask('PUT', '/v1/acl/token', { Policies: [] })
  const { SecretID } = (await made.json()) as { SecretID: string }
  await started({ secret: SecretID })
  await waitFor(() => monitor?.said().includes('Consul not updated'), { what: 'the refusal', within: '20s' })
  expect(monitor?.said()).toMatch(/403.*service:write/)
  expect(monitor?.said()).not.toContain(SecretID)
  expect(await check()).toBeUndefined()
})

test('watches what expires as a service of its own: its own Consul token, which lives for an hour at most', async () => {
  const rules = 'service "token-expiry-monitor" { policy = "write" }'
  await ask('PUT', '/v1/acl/policy', { Name: 'expiry', Rules: rules })
  const made = await ask('PUT', '/v1/acl/token', { Policies: [{ Name: 'expiry' }], ExpirationTTL: '1h' })
  const { SecretID, AccessorID } = (await made.json()) as { SecretID: string; AccessorID: string }
  const entries = [{ kind: 'consul_token', name: 'monitor', owner: 'platform' }]
  await started({ secret: SecretID, settings: { token_expiry: { entries } } })
  const { Output } = await becomes('passing', /monitor expires in (1 h|59 m)/, 'token-expiry-monitor')
  expect(Output).not.toContain(AccessorID)
  await ask('PUT', '/v1/agent/service/deregister/token-expiry-monitor')
})
