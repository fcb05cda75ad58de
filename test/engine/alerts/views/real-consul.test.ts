import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../../../examples/demo/parts.ts'
import { createViews, type Views, type ViewsParts } from '../../../../src/engine/alerts/views.ts'
import { createConsulWatch } from '../../../../src/tools/consul/watch.ts'
import {
  type ConsulAgent,
  joined,
  register,
  rejoin,
  report,
  startConsulClient,
  startConsulServer,
  tokenWith,
} from '../../../consul.ts'
import { silent } from '../../quiet.ts'

const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-views-'))
const folder = () => mkdtempSync(join(scratch, 'agent-'))
const READS = 'node_prefix "" { policy = "read" } service_prefix "" { policy = "read" }'
/** A failed read is repeated soon, so that no test waits for half a minute. */
const SOON = { backOff: { firstMs: 100, mostMs: 500 } }

const running: ConsulAgent[] = []
const watching: Views[] = []
const started = async (agent: Promise<ConsulAgent>): Promise<ConsulAgent> => {
  running.push(await agent)
  return agent
}
afterEach(async () => {
  await Promise.all(watching.splice(0).map((views) => views.stop()))
})
afterAll(async () => {
  await Promise.all(running.map((agent) => agent.kill9()))
  rmSync(scratch, { recursive: true, force: true })
})

type Given = { readonly token?: string; readonly known?: string[]; readonly datacenters?: string[] } & Partial<
  Pick<ViewsParts, 'onChange' | 'onDatacenters' | 'log'>
>

function watch(agent: ConsulAgent, { token, known = [], datacenters, ...calls }: Given = {}): Views {
  const views = createViews({
    consul: { address: agent.url, token },
    settings: { resync: '5m', read_every: '1s', datacenters },
    known,
    onChange: () => {},
    onDatacenters: () => {},
    now: Date.now,
    random: Math.random,
    log: silent,
    times: SOON,
    ...calls,
  })
  watching.push(views)
  return views
}

const until = (what: string, check: () => unknown) => waitFor(check, { what, within: '40s' })
const viewOf = (views: Views, dc: string) => views.seen().datacenters.get(dc)
const statusOf = (views: Views, dc: string, node: string, check: string) =>
  viewOf(views, dc)?.rows.get(`${dc}/${node}/${check}`)?.status
const troubleOf = (views: Views, dc: string) => viewOf(views, dc)?.trouble?.kind

describe('one datacenter', () => {
  let server: ConsulAgent
  let client: ConsulAgent
  beforeAll(async () => {
    server = await started(startConsulServer({ dir: folder() }))
    client = await started(startConsulClient(server, { dir: folder(), node: 'web1' }))
    await register(client, { id: 'web', tags: ['blue'], port: 8080 })
  })

  test('a check that changes is seen, with all that Consul says of it, and the change is told', async () => {
    let changes = 0
    const lists: (readonly string[])[] = []
    const views = watch(server, {
      onChange() {
        changes += 1
      },
      onDatacenters: (list) => void lists.push(list),
    })
    await until('the check', () => statusOf(views, 'dc1', 'web1', 'service:web') === 'passing')
    await until('the first change', () => changes > 0)
    const before = changes
    await report(client, 'service:web', 'critical', 'disk full')
    await until('critical', () => statusOf(views, 'dc1', 'web1', 'service:web') === 'critical')
    expect(viewOf(views, 'dc1')?.rows.get('dc1/web1/service:web')).toMatchObject({
      dc: 'dc1',
      name: 'web health',
      output: 'disk full',
      service: 'web',
      serviceId: 'web',
      tags: ['blue'],
    })
    await until('another change', () => changes > before)
    expect(lists).toEqual([['dc1']])
    expect(views.seen().agent).toBeNull()
    await report(client, 'service:web', 'passing')
  })

  test('maintenance is a check of its own, with its reason as notes', async () => {
    const views = watch(server)
    await client.json('PUT', '/v1/agent/maintenance?enable=true&reason=new+disk')
    const row = await until('maintenance', () => viewOf(views, 'dc1')?.rows.get('dc1/web1/_node_maintenance'))
    expect(row).toMatchObject({ status: 'critical', notes: 'new disk' })
    await client.json('PUT', '/v1/agent/maintenance?enable=false')
    await until('its end', () => !viewOf(views, 'dc1')?.rows.has('dc1/web1/_node_maintenance'))
  })

  test('a killed agent is a node whose serfHealth is critical, and its other checks stay as they were', async () => {
    const views = watch(server)
    await until('the check', () => statusOf(views, 'dc1', 'web1', 'service:web') === 'passing')
    await client.kill9()
    await until('a dead node', () => statusOf(views, 'dc1', 'web1', 'serfHealth') === 'critical')
    expect(statusOf(views, 'dc1', 'web1', 'service:web')).toBe('passing')
    expect(troubleOf(views, 'dc1')).toBeUndefined()
    await client.restart()
    await until('a living node', () => statusOf(views, 'dc1', 'web1', 'serfHealth') === 'passing')
  })

  test('a killed server is trouble with the agent: rows and their time stay, and all is well when it is back', async () => {
    const views = watch(server)
    await until('the check', () => statusOf(views, 'dc1', 'web1', 'service:web') === 'passing')
    await server.kill9()
    await until('trouble', () => views.seen().agent?.kind === 'agent')
    const { at, rows, trouble } = viewOf(views, 'dc1') ?? {}
    expect(trouble?.kind).toBe('agent')
    expect(trouble?.why).toMatch(/does not answer: connection refused|cut/)
    expect(rows?.get('dc1/web1/service:web')?.status).toBe('passing')
    expect(at).toBeLessThanOrEqual(trouble?.since ?? 0)
    await server.restart()
    await rejoin(server, client)
    await until('the end of it', () => views.seen().agent === null && viewOf(views, 'dc1')?.trouble === null)
    await until('the check again', () => statusOf(views, 'dc1', 'web1', 'service:web') === 'passing')
    expect(viewOf(views, 'dc1')?.at).toBeGreaterThan(at ?? 0)
  })

  test('asked of a client agent, a killed server is a datacenter out of reach, not a dead agent', async () => {
    const views = watch(client)
    await until('the check', () => statusOf(views, 'dc1', 'web1', 'service:web') === 'passing')
    await server.kill9()
    await until('trouble', () => ['unreachable', 'leaderless'].includes(troubleOf(views, 'dc1') ?? ''))
    expect(views.seen().agent).toBeNull()
    expect(statusOf(views, 'dc1', 'web1', 'service:web')).toBe('passing')
    await server.restart()
    await rejoin(server, client)
    await until('the end of it', () => viewOf(views, 'dc1')?.trouble === null)
  })

  test('a watch that begins while Consul is away says so, and finds the datacenters when it comes', async () => {
    await server.kill9()
    const views = watch(server)
    await until('trouble', () => views.seen().agent?.kind === 'agent')
    expect(views.seen().datacenters.size).toBe(0)
    await server.restart()
    await rejoin(server, client)
    await until('the datacenter', () => viewOf(views, 'dc1')?.at)
    expect(views.seen().agent).toBeNull()
  })

  test('a callback that fails is called again, so that no change is lost', async () => {
    const taken: string[] = []
    let fails = 1
    const views = watch(server, {
      onChange() {
        if (fails-- > 0) throw new Error('Redis is away')
        taken.push(statusOf(views, 'dc1', 'web1', 'service:web') ?? 'none')
      },
    })
    await until('the call after the failed one', () => taken.includes('passing'))
  })

  test('where an instance listens is known, and an unknown service has none', async () => {
    const consul = createConsulWatch({ address: server.url, random: Math.random, log: silent })
    const found = () => consul.instancesOf('web', 'dc1')
    await until('the instance', async () => (await found()).length === 1)
    expect(await found()).toEqual([{ node: 'web1', address: '127.0.0.1', port: 8080 }])
    expect(await consul.instancesOf('no such/service', 'dc1')).toEqual([])
    await expect(consul.instancesOf('web', 'nowhere')).rejects.toMatchObject({ kind: 'unreachable' })
    expect(await consul.ownToken()).toBe('disabled')
  })

  test('a stop ends it: nothing is told any more', async () => {
    let changes = 0
    const views = watch(server, {
      onChange() {
        changes += 1
      },
    })
    await until('the first change', () => changes > 0)
    await views.stop()
    const before = changes
    await register(client, { id: 'late' })
    await until('Consul to know it', async () => {
      const rows = await server.json<{ CheckID: string }[]>('GET', '/v1/health/state/any')
      return rows.some(({ CheckID }) => CheckID === 'service:late')
    })
    expect(changes).toBe(before)
    expect(viewOf(views, 'dc1')?.rows.has('dc1/web1/service:late')).toBe(false)
  })
})

describe('with ACLs', () => {
  let server: ConsulAgent
  beforeAll(async () => {
    server = await started(startConsulServer({ dir: folder(), acl: true }))
    await register(server, { id: 'web' }, { status: 'critical' })
  })

  test('a token that may read sees all', async () => {
    const { secret } = await tokenWith(server, READS)
    const views = watch(server, { token: secret })
    await until('the check', () => statusOf(views, 'dc1', 'dc1-server', 'service:web') === 'critical')
    expect(troubleOf(views, 'dc1')).toBeUndefined()
  })

  test.each([
    ['a token without any rights', ''],
    ['a token that may read services and no nodes', 'service_prefix "" { policy = "read" }'],
  ])('%s is trouble, never a view in which all is well', async (_what, rules) => {
    const { secret } = await tokenWith(server, rules)
    const views = watch(server, { token: secret })
    await until('trouble', () => ['empty', 'filtered'].includes(troubleOf(views, 'dc1') ?? ''))
    expect(viewOf(views, 'dc1')).toMatchObject({ at: null, rows: new Map() })
  })

  test('no token is trouble too', async () => {
    const views = watch(server)
    await until('trouble', () => ['empty', 'filtered'].includes(troubleOf(views, 'dc1') ?? ''))
  })

  test('a token that loses its rights, and then is deleted: the rows of before stay', async () => {
    const { secret, accessor } = await tokenWith(server, READS)
    const views = watch(server, { token: secret, datacenters: ['dc1'] })
    await until('the check', () => statusOf(views, 'dc1', 'dc1-server', 'service:web') === 'critical')
    const { Policies } = await server.json<{ Policies: { ID: string; Name: string }[] }>(
      'GET',
      `/v1/acl/token/${accessor}`,
    )
    const [policy] = Policies
    await server.json('PUT', `/v1/acl/policy/${policy?.ID}`, { ID: policy?.ID, Name: policy?.Name, Rules: '' })
    await register(server, { id: 'stirs' })
    await until('trouble', () => ['empty', 'filtered'].includes(troubleOf(views, 'dc1') ?? ''))
    expect(statusOf(views, 'dc1', 'dc1-server', 'service:web')).toBe('critical')
    await server.json('DELETE', `/v1/acl/token/${accessor}`)
    await until('other trouble', () => troubleOf(views, 'dc1') === 'forbidden')
    expect(viewOf(views, 'dc1')?.trouble?.why).toMatch(/expired or was deleted/)
    expect(statusOf(views, 'dc1', 'dc1-server', 'service:web')).toBe('critical')
  })

  test('what Consul knows of our own token', async () => {
    const own = (token?: string) =>
      createConsulWatch({ address: server.url, token, random: Math.random, log: silent }).ownToken()
    const [lasting, ending] = [await tokenWith(server, READS), await tokenWith(server, READS, '1h')]
    expect(await own(lasting.secret)).toEqual({ expiresAt: null })
    const { ExpirationTime } = await server.json<{ ExpirationTime: string }>('GET', `/v1/acl/token/${ending.accessor}`)
    expect(await own(ending.secret)).toEqual({ expiresAt: Date.parse(ExpirationTime) })
    expect(await own('11111111-1111-1111-1111-111111111111')).toBe('unknown')
    expect(await own()).toBe('anonymous')
  })

  test('a token that ends within a day, or is unknown, is said in the log at the start, without the token', async () => {
    const { secret } = await tokenWith(server, READS, '1h')
    const lines: string[] = []
    const log = pino({ level: 'warn' }, { write: (line) => void lines.push(line) })
    watch(server, { token: secret, log })
    await until('the warning', () => lines.join().includes('our Consul token expires within a day'))
    watch(server, { token: '11111111-1111-1111-1111-111111111111', log })
    await until('the other warning', () => lines.join().includes('our Consul token is unknown to Consul'))
    expect(lines.join()).not.toContain(secret)
    expect(lines.join()).not.toContain('11111111-1111')
  })
})

describe('two datacenters', () => {
  let hub: ConsulAgent
  let spoke: ConsulAgent
  beforeAll(async () => {
    hub = await started(startConsulServer({ dir: folder(), dc: 'hub' }))
    spoke = await started(startConsulServer({ dir: folder(), dc: 'spoke', joins: hub }))
    await joined(hub, spoke)
    await register(hub, { id: 'web' })
    await register(spoke, { id: 'web' }, { status: 'warning' })
  })

  test('both are watched through one agent; a dead one keeps its rows and delays nobody', async () => {
    const lists: (readonly string[])[] = []
    const views = watch(hub, { onDatacenters: (list) => void lists.push(list) })
    await until('both', () => statusOf(views, 'spoke', 'spoke-server', 'service:web') === 'warning')
    expect(lists.map((list) => list.toSorted())).toEqual([['hub', 'spoke']])
    await spoke.kill9()
    await until('trouble', () => troubleOf(views, 'spoke') === 'unreachable')
    expect(statusOf(views, 'spoke', 'spoke-server', 'service:web')).toBe('warning')
    expect(views.seen().agent).toBeNull()
    await report(hub, 'service:web', 'critical', 'seen while the other is dead')
    await until('news of the hub', () => statusOf(views, 'hub', 'hub-server', 'service:web') === 'critical')
    expect(troubleOf(views, 'hub')).toBeUndefined()
    await spoke.restart()
    await until('the end of it', () => viewOf(views, 'spoke')?.trouble === null)
  })

  test('one of earlier that Consul does not list is watched and out of reach, until it is forgotten', async () => {
    const views = watch(hub, { known: ['gone'] })
    await until('trouble', () => troubleOf(views, 'gone') === 'unreachable')
    expect(viewOf(views, 'gone')).toMatchObject({ at: null, trouble: { why: expect.stringContaining('no path') } })
    views.forget('gone')
    expect(views.seen().datacenters.has('gone')).toBe(false)
  })

  test('with a list in the site exactly these are watched', async () => {
    const views = watch(hub, { known: ['gone'], datacenters: ['spoke'] })
    await until('the datacenter', () => viewOf(views, 'spoke')?.at)
    expect([...views.seen().datacenters.keys()]).toEqual(['spoke'])
  })
})
