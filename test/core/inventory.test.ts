import { describe, expect, test } from 'vitest'
import type { Everywhere, FullNode, Instance } from '../../src/core/consul/rows.ts'
import { ansibleList } from '../../src/core/inventory/ansible.ts'
import { buildInventory } from '../../src/core/inventory/build.ts'
import { describeHosts, describeInventory } from '../../src/core/inventory/describe.ts'
import { isAddress, isHostName } from '../../src/core/inventory/names.ts'
import { inventorySettings } from '../../src/core/inventory/settings.ts'
import { siteSchema } from '../../src/core/site.ts'
import { written } from './sample-site.ts'

function instance(service: string, of: Partial<Instance> = {}): Instance {
  const base = { id: service, node: 'n', address: '10.0.0.1', port: 80, tags: [], meta: {}, nodeMeta: {}, checks: [] }
  return { ...base, service, ...of }
}

function node(name: string, of: Partial<FullNode> = {}): FullNode {
  return { node: name, address: '10.0.0.1', meta: {}, addresses: {}, checks: [], instances: [], ...of }
}

const check = (status: 'passing' | 'warning' | 'critical', id = 'c') => ({
  ...{ node: 'n', id, name: id, status, output: '', notes: '', service: '', serviceId: '', index: 1 },
})

function built(parts: Record<string, FullNode[]>, { settings = {}, passing = false, dcs = Object.keys(parts) } = {}) {
  const all = Object.entries(parts).map(([dc, rows]) => ({ dc, rows }))
  return buildInventory(all, inventorySettings.parse(settings), { passing, dcs })
}

const groupsIn = (parts: Record<string, FullNode[]>, more = {}) =>
  Object.fromEntries(built(parts, more).groups.map(({ name, hosts }) => [name, hosts]))

test.each([
  ['web-1.dc1', true],
  ['10.0.0.1', true],
  ['-oProxyCommand=x', false],
  ['a b', false],
  ['a,b', false],
  ['web[1:3]', false],
  ['*', false],
  ['~web', false],
  ['a:b', false],
  ['all', false],
  ['localhost', false],
  ['{{x}}', false],
  ['', false],
  ['x'.repeat(300), false],
])('%j as a name of a host: %s', (name, fits) => expect(isHostName(name)).toBe(fits))

test.each([
  ['10.0.0.1', true],
  ['bastion.example.com', true],
  ['2001:db8::1', true],
  ['::ffff:10.0.0.1', true],
  ['-oProxyCommand=x', false],
  ['a@b', false],
  ['a:22', false],
  ['10.0.0.1,evil', false],
  ['fe80::1%eth0', false],
  ['a..b', false],
  ['$(id)', false],
  [':::', false],
  ['', false],
])('%j as an address: %s', (address, fits) => expect(isAddress(address)).toBe(fits))

test('one host in the groups of its datacenter, services, tags and meta', () => {
  const row = node('web-1', {
    meta: { role: 'web app', empty: '', __ansible_vault: 'x' },
    instances: [instance('web-app', { tags: ['v1.2', '', 'ü'] })],
  })
  expect(groupsIn({ dc1: [row] })).toEqual({
    dc_dc1: ['web-1.dc1'],
    service_web_app: ['web-1.dc1'],
    tag_v1_2: ['web-1.dc1'],
    tag__: ['web-1.dc1'],
    meta_role_web_app: ['web-1.dc1'],
  })
})

test('names that only look alike to Ansible stay apart, all of them', () => {
  const rows = [node('a', { instances: [instance('web-app')] }), node('b', { instances: [instance('web_app')] })]
  const { groups, warnings } = built({ dc1: rows })
  const services = groups.filter(({ kind }) => kind === 'service')
  expect(services.map(({ hosts }) => hosts)).toEqual(expect.arrayContaining([['a.dc1'], ['b.dc1']]))
  for (const { name } of services) expect(name).toMatch(/^service_web_app_[0-9a-f]{8}$/)
  expect(warnings).toEqual([expect.stringContaining('service_web_app')])
})

describe('passing', () => {
  const rows = [
    node('dead', {
      checks: [check('critical', 'serfHealth')],
      instances: [instance('web', { checks: [check('critical', 'serfHealth')] })],
    }),
    node('warns', {
      instances: [instance('web', { checks: [check('warning')] }), instance('db', { checks: [check('passing')] })],
    }),
    node('mends', { checks: [{ ...check('critical', '_node_maintenance') }] }),
  ]
  test('has only what Consul would send somebody to', () => {
    expect(groupsIn({ dc1: rows }, { passing: true })).toEqual({ dc_dc1: ['warns.dc1'], service_db: ['warns.dc1'] })
  })
  test('is not the default', () => {
    expect(groupsIn({ dc1: rows })).toMatchObject({ service_web: ['dead.dc1', 'warns.dc1'] })
  })
})

describe('where a host is reached', () => {
  const row = node('a', {
    address: '10.0.0.1',
    addresses: { wan: '198.51.100.1' },
    meta: { ssh: '192.0.2.1' },
    instances: [instance('sshd', { address: '203.0.113.1', port: 2222 })],
  })
  test.each([
    ['node', '10.0.0.1', null],
    ['wan', '198.51.100.1', null],
    [{ meta: 'ssh' }, '192.0.2.1', null],
    [{ service: 'sshd' }, '203.0.113.1', 2222],
  ])('by %j', (address, expected, port) => {
    expect(built({ dc1: [row] }, { settings: { address } }).hosts).toMatchObject([{ address: expected, port }])
  })
  test.each(['lan', { meta: 'gone' }, { service: 'gone' }])(
    'by %j, which it does not have: nowhere else',
    (address) => {
      const { hosts, leftOut } = built({ dc1: [row] }, { settings: { address } })
      expect({ hosts, leftOut }).toMatchObject({ hosts: [], leftOut: [{ node: 'a', unfit: true }] })
    },
  )
})

describe('jump hosts', () => {
  const parts = {
    dc1: [node('bastion', { address: '10.1.0.9' })],
    dc2: [node('bastion', { address: '2001:db8::9' }), node('web')],
  }
  const settings = { jump: { dc2: ['bastion.dc1', 'bastion.dc2'] } }
  const jumps = (more = {}) =>
    Object.fromEntries(built(parts, { settings, ...more }).hosts.map(({ name, jump }) => [name, jump]))

  test('come one after the other, and a jump host is reached through those before it', () => {
    expect(jumps()).toEqual({
      'bastion.dc1': [],
      'bastion.dc2': ['10.1.0.9'],
      'web.dc2': ['10.1.0.9', '[2001:db8::9]'],
    })
  })
  test('of another datacenter count where only one is asked for', () => {
    expect(jumps({ dcs: ['dc2'] })).toEqual({ 'bastion.dc2': ['10.1.0.9'], 'web.dc2': ['10.1.0.9', '[2001:db8::9]'] })
  })
  test('that are not there leave no host to be called directly', () => {
    const { hosts, leftOut } = built({ dc2: parts.dc2 }, { settings })
    expect(hosts).toEqual([])
    expect(leftOut).toMatchObject([{ unfit: false }, { unfit: false }])
  })
  test('by an address with user and port', () => {
    const by = { jump: { dc1: [{ address: 'gate.example.com', user: 'jump', port: 2022 }] } }
    expect(built({ dc1: [node('a')] }, { settings: by }).hosts).toMatchObject([
      { jump: ['jump@gate.example.com:2022'] },
    ])
  })
})

test('text with a template in it is marked as unsafe, and plain words are not', () => {
  const row = node('a', { meta: { evil: '{{ 1 }}', plain: 'rack-1 / b', lines: 'a\nb' } })
  const settings = inventorySettings.parse({})
  const list = JSON.parse(JSON.stringify(ansibleList(built({ dc1: [row] }), settings, []))) as {
    _meta: { hostvars: Record<string, { consul_meta: unknown }> }
  }
  expect(list._meta.hostvars['a.dc1']?.consul_meta).toEqual({
    evil: { __ansible_unsafe: '{{ 1 }}' },
    plain: 'rack-1 / b',
    lines: { __ansible_unsafe: 'a\nb' },
  })
})

test.each([
  [{ user: '-oProxyCommand=id' }, /inventory\.user|name of a user/],
  [{ jump: { dc2: ['-oProxyCommand=id'] } }, /bastion\.dc1/],
  [{ jump: { dc2: [{ address: 'a b' }] } }, /bastion|host name/],
  [{ jump: { dc2: [] } }, />=1|at least 1/i],
  [{ address: 'public' }, /node, lan, wan/],
  [{ vars: { 'a b': 1 } }, /name of a variable/],
  [{ within: '10m' }, /at most 2m/],
])('a site with %j does not start', (inventory, reason) => {
  const checked = siteSchema.safeParse({ ...written, inventory })
  expect(checked.success).toBe(false)
  expect(JSON.stringify(checked.error?.issues)).toMatch(reason)
})

test('a jump host in a datacenter that the site does not ask is refused at the start', () => {
  const checked = siteSchema.safeParse({
    ...written,
    consul: { datacenters: ['dc1'] },
    inventory: { jump: { dc2: ['b.dc3'] } },
  })
  expect(checked.error?.issues.map(({ message }) => message)).toEqual([
    'names the datacenter dc2, which is not under consul.datacenters',
    'names the datacenter dc3, which is not under consul.datacenters',
  ])
})

describe('in the chat', () => {
  const rows = [
    node('web-1', { instances: [instance('web', { tags: ['blue'], checks: [check('critical')] })] }),
    node('db-1', { address: '10.0.0.2', checks: [check('critical')] }),
  ]
  const fresh = { knownLeader: true, lastContactMs: 0, filtered: null }
  const read: Everywhere<readonly FullNode[]> = {
    datacenters: [
      { dc: 'dc1', rows, fresh },
      { dc: 'dc2', trouble: 'no answer in 0.8 s' },
    ],
    acl: 'disabled',
  }
  const told = { inventory: built({ dc1: rows }), read, passing: false }

  test('groups come by their kind, counted, and a datacenter that is away is named', () => {
    const text = describeInventory(told).join('\n')
    expect(text).toContain('*2 hosts* in 3 groups (🔴 1 🟢 1)')
    expect(text).toContain('⚠️ `dc2` is *unreachable*: no answer in 0.8 s.')
    expect(text).toContain('• `service_web`: 1 host (🔴 1)')
  })
  test('a group of a service or a tag stands as those instances do, any other as its hosts', () => {
    const text = describeInventory(told).join('\n')
    expect(text).toContain('• `tag_blue`: 1 host (🔴 1)')
    expect(text).toContain('• `dc_dc1`: 2 hosts (🔴 1 🟢 1)')
  })
  test('the hosts of a group with what is sick there', () => {
    expect(describeHosts('service_web', told).at(-1)).toBe('🟢 *passing* `web-1.dc1` at `10.0.0.1`, `web` 🔴 critical')
    expect(describeHosts('all', told)).toHaveLength(5)
  })
  test('near misses, also by what it is called in Consul', () => {
    expect(() => describeHosts('web', told)).toThrow(/no group `web`.*`service_web`.*look in `dc2`/)
    expect(() => describeHosts('service_wbe', told)).toThrow(/`service_web`/)
  })
})
