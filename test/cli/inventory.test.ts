import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { freePort, waitFor } from '../../examples/demo/parts.ts'
import { type ConsulAgent, joined, register, startConsulClient, startConsulServer, tokenWith } from '../consul.ts'
import { written } from '../core/sample-site.ts'
import { ansibleIn } from './ansible.ts'
import { crew } from './crew.ts'

const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-inventory-'))
const folder = () => mkdtempSync(join(scratch, 'agent-'))
const running: ConsulAgent[] = []
const started = async (agent: Promise<ConsulAgent>): Promise<ConsulAgent> => {
  running.push(await agent)
  return agent
}
afterAll(async () => {
  await Promise.all(running.map((agent) => agent.kill9()))
  rmSync(scratch, { recursive: true, force: true })
})

function siteWith(inventory: object, more: object = {}): string {
  const file = join(mkdtempSync(join(scratch, 'site-')), 'groundcrew.yml')
  writeFileSync(file, stringify({ ...written, ...more, inventory }))
  return file
}

const JUMPS = {
  user: 'deploy',
  jump: {
    dc2: [
      { node: 'bastion.dc1', user: 'jump', port: 2222 },
      { node: 'bastion.dc2', at: 'wan' },
    ],
  },
  vars: { ansible_python_interpreter: '/usr/bin/python3' },
}

let dc1: ConsulAgent
let dc2: ConsulAgent
let env: Record<string, string>

beforeAll(async () => {
  dc1 = await started(startConsulServer({ dir: folder() }))
  dc2 = await started(startConsulServer({ dir: folder(), dc: 'dc2', joins: dc1 }))
  const meta = (role: string) => ({ settings: { node_meta: { role, rack: 'r-1' } } })
  const web1 = await started(startConsulClient(dc1, { dir: folder(), node: 'web-1', ...meta('web') }))
  await register(web1, { id: 'web', tags: ['blue', 'v1.2'], port: 8080 })
  const node = (agent: ConsulAgent, Node: string, Address: string, more: object = {}) =>
    agent.json('PUT', '/v1/catalog/register', { Node, Address, ...more })
  await node(dc1, 'bastion', '10.1.0.9', { NodeMeta: { role: 'bastion' } })
  await node(dc2, 'bastion', '10.2.0.9', { TaggedAddresses: { wan: '198.51.100.2' } })
  await node(dc2, 'web-1', '10.2.0.1', {
    NodeMeta: { role: 'web' },
    Service: { ID: 'web-a', Service: 'web', Tags: ['green'], Port: 80, Address: '10.2.0.80' },
    Checks: [{ CheckID: 'web', Name: 'web', Status: 'critical', Output: 'refused', ServiceID: 'web-a' }],
  })
  await node(dc2, 'db-1', '2001:db8::5', {
    Checks: [{ CheckID: 'disk', Name: 'disk', Status: 'critical', Output: 'full' }],
    Service: { ID: 'db', Service: 'db', Port: 5432 },
  })
  await joined(dc1, dc2)
  const seen = async () => {
    const rows = await dc1.json<{ ServiceTags: string[] }[]>('GET', '/v1/catalog/service/web')
    return rows.length === 1
  }
  await waitFor(seen, { what: 'web to be in the catalogue of dc1', within: '30s' })
  env = { CONSUL_HTTP_ADDR: dc1.url, GROUNDCREW_SITE: siteWith(JUMPS) }
})

type Listed = {
  _meta: { hostvars: Record<string, Record<string, unknown>> }
  all: { children: string[]; vars: { consul_inventory: Record<string, unknown> } }
} & Record<string, { hosts: string[] }>

async function listed(args: readonly string[] = [], more: Record<string, string> = {}) {
  const { code, stdout, stderr } = await crew(['inventory', '--list', ...args], { env: { ...env, ...more } })
  if (code !== 0) throw new Error(`It ended with ${code}: ${stderr}`)
  return { list: JSON.parse(stdout) as Listed, stderr }
}

const inventory = (args: readonly string[], more: Record<string, string> = {}) =>
  crew(['inventory', ...args], { env: { ...env, ...more } })

describe('the real Ansible', () => {
  const ansible = (more: Record<string, string> = {}) =>
    ansibleIn(mkdtempSync(join(scratch, 'home-')), { ...env, ...more })

  test('has every host in the groups of its datacenter, services, tags and meta, and none that is ungrouped', async () => {
    const { code, stdout, stderr } = await ansible().inventory(['--list'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const list = JSON.parse(stdout) as Listed
    expect(list.dc_dc1?.hosts).toEqual(['bastion.dc1', 'dc1-server.dc1', 'web-1.dc1'])
    expect(list.dc_dc2?.hosts).toEqual(['bastion.dc2', 'db-1.dc2', 'dc2-server.dc2', 'web-1.dc2'])
    expect(list.service_web?.hosts).toEqual(['web-1.dc1', 'web-1.dc2'])
    expect(list.tag_v1_2?.hosts).toEqual(['web-1.dc1'])
    expect(list.tag_green?.hosts).toEqual(['web-1.dc2'])
    expect(list.meta_role_web?.hosts).toEqual(['web-1.dc1', 'web-1.dc2'])
    expect(list.meta_rack_r_1?.hosts).toEqual(['web-1.dc1'])
    expect(list.ungrouped?.hosts ?? []).toEqual([])
    expect(list._meta.hostvars['web-1.dc1']).toMatchObject({ ansible_host: '127.0.0.1', ansible_user: 'deploy' })
  })

  test('goes to a host behind two jump hosts, with their own users and ports, and to a jump host through those before it', async () => {
    const { inventory: ask } = ansible()
    const host = async (name: string) => JSON.parse((await ask(['--host', name])).stdout) as Record<string, unknown>
    expect(await host('web-1.dc2')).toMatchObject({
      ansible_host: '10.2.0.1',
      ansible_ssh_common_args: '-o ProxyJump=jump@10.1.0.9:2222,deploy@198.51.100.2',
      ansible_python_interpreter: '/usr/bin/python3',
    })
    expect(await host('bastion.dc2')).toMatchObject({ ansible_ssh_common_args: '-o ProxyJump=jump@10.1.0.9:2222' })
    expect(await host('web-1.dc1')).not.toHaveProperty('ansible_ssh_common_args')
  })

  test('gives ssh exactly these jump hosts', async () => {
    const bin = mkdtempSync(join(scratch, 'bin-'))
    writeFileSync(
      join(bin, 'ssh'),
      `#!/bin/sh\nfor word in "$@"; do echo "[$word]"; done >>${bin}/called\nexit 255\n`,
      { mode: 0o755 },
    )
    await ansible().ansible(['db-1.dc2', '-m', 'raw', '-a', 'true', '--ssh-extra-args', ''], {
      ANSIBLE_SSH_ARGS: '',
      ANSIBLE_SSH_EXECUTABLE: join(bin, 'ssh'),
    })
    const called = readFileSync(join(bin, 'called'), 'utf8').split('\n')
    expect(called).toContain('[ProxyJump=jump@10.1.0.9:2222,deploy@198.51.100.2]')
    expect(called).toContain('[2001:db8::5]')
  })

  test('chooses hosts by its own patterns over our groups', async () => {
    const { code, stdout } = await ansible().ansible(['service_web:&dc_dc2', '--list-hosts'])
    expect({ code, said: stdout.trim().split(/\s+/) }).toEqual({ code: 0, said: ['hosts', '(1):', 'web-1.dc2'] })
  })

  test('gets other options from the environment', async () => {
    const { stdout } = await ansible({ GROUNDCREW_INVENTORY: '--passing --dc dc2' }).inventory(['--list'])
    const list = JSON.parse(stdout) as Listed
    expect(list.dc_dc1).toBeUndefined()
    expect(list.service_web).toBeUndefined()
    expect(list.dc_dc2?.hosts).toEqual(['bastion.dc2', 'dc2-server.dc2', 'web-1.dc2'])
  })
})

describe('what is registered to do harm', () => {
  const proof = join(scratch, 'proof')
  const evil = `{{ lookup('pipe', 'touch ${proof}') }}`
  const odd = ['evil -oProxyCommand=id', '-oProxyCommand=id', 'a,b', 'x{{7*7}}']
  beforeAll(async () => {
    for (const Node of odd) await dc1.json('PUT', '/v1/catalog/register', { Node, Address: '10.1.0.66' })
    await dc1.json('PUT', '/v1/catalog/register', { Node: 'options', Address: '-oProxyCommand=id' })
    await dc1.json('PUT', '/v1/catalog/register', {
      ...{ Node: 'templated', Address: '10.1.0.67', NodeMeta: { evil } },
      Service: { ID: evil, Service: 'evil', Tags: [evil, 'a;b'], Address: evil },
    })
  })
  afterAll(async () => {
    for (const Node of [...odd, 'options', 'templated']) await dc1.json('PUT', '/v1/catalog/deregister', { Node })
  })

  test('is left out and named, and the others stand', async () => {
    const { list, stderr } = await listed()
    const names = Object.keys(list._meta.hostvars)
    expect(names).toContain('web-1.dc1')
    expect(names.filter((name) => /evil|Proxy|,|\{|options/.test(name))).toEqual([])
    for (const name of [...odd, 'options']) expect(stderr).toContain(`\`${name}\` of dc1 is left out`)
    expect(list.all.vars.consul_inventory).toMatchObject({ complete: false })
  })

  test('stays text to Ansible, which would run it on the machine where it runs', async () => {
    const { ansible } = ansibleIn(mkdtempSync(join(scratch, 'home-')), env)
    const said = await ansible([
      'templated.dc1',
      '-m',
      'debug',
      '-a',
      'msg={{ consul_meta }}{{ consul_services }}{{ groups }}',
    ])
    expect(said.code).toBe(0)
    expect(said.stdout).toContain('lookup')
    expect(existsSync(proof)).toBe(false)
  })
})

test('--host gives the variables of one host, and near misses', async () => {
  const { code, stdout } = await inventory(['--host', 'web-1.dc2'])
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({
    ...{ code: 0, ansible_host: '10.2.0.1', consul_node: 'web-1', consul_datacenter: 'dc2', consul_state: 'passing' },
    consul_services: { web: [{ id: 'web-a', address: '10.2.0.80', port: 80, state: 'critical', tags: ['green'] }] },
    consul_meta: { role: 'web' },
  })
  expect(await inventory(['--host', 'web-1.dc3'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/Did you mean `web-1.dc[12]`/),
  })
})

test('--passing leaves out nodes that do not pass, and hosts from the groups of services that do not', async () => {
  expect((await listed()).list.service_db?.hosts).toEqual(['db-1.dc2'])
  const { list } = await listed(['--passing'])
  expect(list._meta.hostvars).not.toHaveProperty(['db-1.dc2'])
  expect(list.service_web?.hosts).toEqual(['web-1.dc1'])
  expect(list.dc_dc2?.hosts).toContain('web-1.dc2')
  expect(list.all.children).not.toContain('tag_green')
})

test.each([
  [[], /either `--list` or `--host`/],
  [['--list', '--host', 'x'], /either/],
  [['--list', '--dc', 'dc9'], /no datacenter `dc9`.*`dc1`/],
  [['--list', '--pasing'], /Unknown option '--pasing'/],
])('%j is refused with 2', async (args, reason) => {
  expect(await inventory(args)).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(reason) })
})

test('names without their datacenter are refused where two have the same', async () => {
  const site = { GROUNDCREW_SITE: siteWith({ names: 'node' }) }
  const { code, stdout, stderr } = await inventory(['--list'], site)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/`web-1` of dc2 is missing: another datacenter has a node of this name/)
  const { list } = await listed(['--dc', 'dc2'], site)
  expect(list.dc_dc2?.hosts).toContain('web-1')
})

test('jump hosts for a datacenter that is not there are told, since another may be meant', async () => {
  const { stderr } = await inventory(['--list'], { GROUNDCREW_SITE: siteWith({ jump: { dc9: ['bastion.dc1'] } }) })
  expect(stderr).toContain('`inventory.jump` names dc9, and Consul knows no such datacenter now.')
})

test('a jump host that is not there leaves no host that would be called directly', async () => {
  const site = { GROUNDCREW_SITE: siteWith({ jump: { dc2: ['gone.dc1'] } }) }
  expect(await inventory(['--list'], site)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/jump host gone\.dc1/),
  })
  const { list } = await listed(['--partial'], site)
  expect(list.dc_dc2).toBeUndefined()
  expect(list.dc_dc1?.hosts).toContain('web-1.dc1')
})

describe('a token that may not read', () => {
  let server: ConsulAgent
  beforeAll(async () => {
    server = await started(startConsulServer({ dir: folder(), dc: 'dc7', acl: true }))
  })
  const as = (token?: string) => ({
    CONSUL_HTTP_ADDR: server.url,
    GROUNDCREW_SITE: siteWith({}),
    ...(token ? { CONSUL_HTTP_TOKEN: token } : {}),
  })

  test('any node gives no empty inventory', async () => {
    expect(await inventory(['--list'], as())).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/dc7 is missing:.*token/),
    })
  })

  test('all of it is told that something may be missing', async () => {
    const { secret } = await tokenWith(server, 'node_prefix "" { policy = "read" } service "web" { policy = "read" }')
    const { list, stderr } = await listed([], as(secret))
    expect(list.dc_dc7?.hosts).toEqual(['dc7-server.dc7'])
    expect(stderr).toMatch(/dc7: our ACL token may not read all of it/)
  })

  test('nothing is hidden from one that may read everything', async () => {
    expect((await listed([], as(server.master))).stderr).toBe('')
  })
})

test('an agent that is away is an error of the server', async () => {
  const gone = await inventory(['--list'], { CONSUL_HTTP_ADDR: `http://127.0.0.1:${await freePort()}` })
  expect(gone).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/does not answer: connection refused/),
  })
})

/** Last: it takes a datacenter away. */
describe('a datacenter that is dead', () => {
  beforeAll(async () => {
    await dc2.kill9()
  })

  test('leaves no inventory that looks whole, and Ansible none to act on', async () => {
    const { code, stdout, stderr } = await inventory(['--list'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^dc2 is missing: /)
    expect(stderr).toMatch(/`--partial`/)
    const { ansible } = ansibleIn(mkdtempSync(join(scratch, 'home-')), env)
    const lenient = await ansible(['all', '--list-hosts'])
    expect(lenient.stdout).toContain('hosts (0)')
    expect(lenient.stderr.replace(/\s+/g, ' ')).toContain('dc2 is missing')
    const strict = await ansible(['all', '--list-hosts'], { ANSIBLE_INVENTORY_UNPARSED_FAILED: 'true' })
    expect(strict.code).not.toBe(0)
  })

  test('is missing in a part that somebody asked for, and that says so itself', async () => {
    const { list, stderr } = await listed(['--partial'])
    expect(stderr).toMatch(/^dc2 is missing: /)
    expect(list.dc_dc2).toBeUndefined()
    expect(list.dc_dc1?.hosts).toContain('web-1.dc1')
    expect(list.all.vars.consul_inventory).toMatchObject({ complete: false, missing: { dc2: expect.anything() } })
  })

  test('does not matter to those who ask for another one, or for a host of it', async () => {
    const { list } = await listed(['--dc', 'dc1'])
    expect(list.all.vars.consul_inventory).toMatchObject({ complete: true, missing: {} })
    expect((await inventory(['--host', 'web-1.dc1'])).code).toBe(0)
    expect((await inventory(['--host', 'web-1.dc2'])).code).toBe(1)
  })
})
