import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ConsulAgent } from '../../consul.ts'
import { joined, startConsulServer } from '../../consul.ts'
import { linesOf, outputOf, type Room, roomFor } from './room.ts'

const dir = mkdtempSync(join(tmpdir(), 'groundcrew-kv-services-'))
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
  room = roomFor(hub, { prefixes: [] })
})
afterEach(() => room.remove())

type Instance = { ID: string; Service: string; Port: number; Tags: string[]; Meta: Record<string, string> }

async function servicesOn(dc: string, node: string): Promise<Record<string, Instance> | null> {
  const found = await hub.json<{ Services: Record<string, Instance> } | null>(
    'GET',
    `/v1/catalog/node/${node}?dc=${dc}`,
  )
  return found?.Services ?? null
}

const FILE = `common:
  orders-db:
    node: rds
    address: orders.example.com
    port: 5432
    tags: [primary]
    meta: { team: shop }
    check: { tcp: "orders.example.com:5432", interval: 90s, timeout: 5s }
local:
  dc2:
    pay:
      name: payments
      node: saas
      address: pay.example.com
      check: { http: "https://pay.example.com/health" }
`

test('services outside of Consul are registered for consul-esm, changed, found drifted, put back and removed', async () => {
  room.file('services.yml', FILE)
  const plan = await room.plan()
  expect(plan.headline).toBe('Plan of app: 3 to add, 0 to change, 0 to remove in dc1, dc2.')
  expect(linesOf(plan)[0]).toBe(
    'dc1: + service rds/orders-db orders-db at orders.example.com:5432, tags primary, team=shop, check interval=90s tcp=orders.example.com:5432 timeout=5s',
  )
  expect(outputOf(await room.apply(plan)).headline).toBe('3 written.')
  expect(await servicesOn('dc1', 'rds')).toMatchObject({
    'orders-db': { Port: 5432, Tags: ['primary'], Meta: { team: 'shop', 'external-source': 'groundcrew/app' } },
  })
  expect(await servicesOn('dc1', 'saas')).toBeNull()
  expect(await servicesOn('dc2', 'saas')).toMatchObject({ pay: { Service: 'payments' } })
  const nodes = await hub.json(
    'GET',
    '/v1/catalog/nodes?dc=dc2&node-meta=external-node:true&node-meta=external-probe:true',
  )
  expect(nodes).toHaveLength(2)
  const [check] = await hub.json<Record<string, unknown>[]>('GET', '/v1/health/node/rds')
  expect(check).toMatchObject({
    ServiceID: 'orders-db',
    Definition: { TCP: 'orders.example.com:5432', Interval: '1m30s', Timeout: '5s' },
  })
  expect(await room.plan()).toMatchObject({ needsApply: false })

  // What the check says belongs to whoever runs it.
  await hub.json('PUT', '/v1/catalog/register', {
    Node: 'rds',
    SkipNodeUpdate: true,
    Check: { ...check, Node: 'rds', Status: 'critical', Output: 'refused' },
  })
  expect(await room.drift()).toMatchObject({ loud: false })
  room.file('services.yml', FILE.replace('port: 5432', 'port: 5433'))
  expect(linesOf(await room.plan())[0]).toMatch(
    /^dc1, dc2: ~ service rds\/orders-db orders-db at orders.example.com:5432, .* → orders-db at orders.example.com:5433, /,
  )
  await room.sync()
  const [kept] = await hub.json<Record<string, unknown>[]>('GET', '/v1/health/node/rds')
  expect(kept).toMatchObject({ Status: 'critical' })

  await hub.json('PUT', '/v1/catalog/register', {
    Node: 'rds',
    SkipNodeUpdate: true,
    Service: { ...(await servicesOn('dc1', 'rds'))?.['orders-db'], Address: 'orders.example.com', Port: 1 },
  })
  const drift = await room.drift()
  expect(drift.loud).toBe(true)
  expect(linesOf(drift)[0]).toMatch(
    /^dc1: service rds\/orders-db: .* in Consul, .* in the source; ModifyIndex \d+ now, \d+ when it was last right$/,
  )
  await room.sync()
  expect((await servicesOn('dc1', 'rds'))?.['orders-db']?.Port).toBe(5433)

  room.file('services.yml', 'common:\n  other: { node: else, address: x.example.com }\n')
  await room.sync()
  expect(await servicesOn('dc1', 'rds')).toBeNull()
  expect(await servicesOn('dc2', 'saas')).toBeNull()
  expect(await servicesOn('dc2', 'else')).toMatchObject({ other: { Port: 0 } })
})

test('what others registered, and nodes with an agent, are never touched', async () => {
  await hub.json('PUT', '/v1/catalog/register', {
    Node: 'theirs',
    Address: '10.0.0.1',
    NodeMeta: { 'external-node': 'true' },
    Service: { ID: 'db', Service: 'db', Port: 1 },
  })
  // Another name to us, and the same to Consul.
  await hub.json('PUT', '/v1/catalog/register', {
    ...{ Node: 'theirs', SkipNodeUpdate: true },
    Service: { ID: 'Cache', Service: 'Cache', Port: 2 },
  })
  room.file(
    'services.yml',
    `common:\n  db: { node: theirs, address: a.example.com }\n  cache: { node: theirs, address: a.example.com }\n  web: { node: dc1-server, address: b.example.com }\n  own: { node: theirs, address: c.example.com }\n`,
  )
  const plan = await room.plan()
  const said = linesOf(plan, 'parts')[0]
  expect(said).toMatch(
    /3 left alone \(dc1-server\/web: its node has an agent, .*; theirs\/cache: it is registered by somebody else; theirs\/db: it is/,
  )
  await room.apply(plan)
  expect(await servicesOn('dc1', 'theirs')).toMatchObject({
    db: { Port: 1, Meta: {} },
    Cache: { Port: 2, Meta: {} },
    own: { Meta: { 'external-source': 'groundcrew/app' } },
  })
  expect(Object.keys((await servicesOn('dc1', 'dc1-server')) ?? {})).toEqual(['consul'])
  room.file('services.yml', 'common:\n  z: { node: elsewhere, address: z.example.com }\n')
  await room.sync()
  expect(Object.keys((await servicesOn('dc1', 'theirs')) ?? {}).sort()).toEqual(['Cache', 'db'])
})
