import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createCatalog } from '../../src/tools/consul/catalog.ts'
import { kvOn } from '../../src/tools/consul/kv.ts'
import { createAsk } from '../../src/tools/consul/watch/ask.ts'
import { headersOf } from './consul-watch/fake-consul.ts'

/** NOT Consul: what a broken, old or hostile one might say, which no real one can be made to. */
const servers: Server[] = []
const asked: string[] = []
async function saying(reply: (path: string, response: ServerResponse) => void) {
  asked.length = 0
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    reply(request.url ?? '', response)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { catalog: createCatalog(url, 'secret-token'), kv: kvOn(createAsk(url, undefined)) }
}
const says = (body: unknown, more: Record<string, string> = {}) =>
  saying((_, response) =>
    response.writeHead(200, headersOf(5, more)).end(typeof body === 'string' ? body : JSON.stringify(body)),
  )
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

const dc1 = { dc: 'dc1' }

describe('how fresh an answer is', () => {
  test('is as the headers say', async () => {
    const { catalog } = await says({}, { 'x-consul-lastcontact': '42', 'x-consul-results-filtered-by-acls': 'true' })
    expect((await catalog.services(dc1)).fresh).toEqual({ knownLeader: true, lastContactMs: 42, filtered: true })
  })

  test('is not known without them', async () => {
    const { catalog } = await saying((_, response) => response.end('{}'))
    expect((await catalog.services(dc1)).fresh).toEqual({ knownLeader: null, lastContactMs: null, filtered: null })
  })

  test('of several reads is the worst', async () => {
    const { catalog } = await saying((path, response) => {
      const old = path.startsWith('/v1/health')
      response.writeHead(
        200,
        headersOf(5, old ? { 'x-consul-knownleader': 'false', 'x-consul-lastcontact': '900' } : {}),
      )
      response.end(old ? '[]' : JSON.stringify({ Node: { Node: 'n1', Address: '10.0.0.1' }, Services: [] }))
    })
    expect((await catalog.node('n1', dc1)).fresh).toMatchObject({ knownLeader: false, lastContactMs: 900 })
  })
})

test('while nobody leads, the servers are asked what they last knew', async () => {
  const { catalog } = await saying((path, response) => {
    if (!path.includes('stale')) return response.writeHead(500).end('No cluster leader')
    response.writeHead(200, headersOf(5, { 'x-consul-knownleader': 'false' })).end('{"web":["a"]}')
  })
  expect(await catalog.services(dc1)).toMatchObject({
    rows: [{ name: 'web', tags: ['a'] }],
    fresh: { knownLeader: false },
  })
})

describe('an answer in another shape is trouble, told with what was asked', () => {
  test.each([
    ['<html>proxy</html>', /asked for the services of dc1.*no JSON and begins with "<html>/],
    [[], /no object/],
    [{ web: 'a' }, /tags of web/],
    [null, /no object/],
  ])('services: %j', async (body, why) => {
    const { catalog } = await says(body as never)
    await expect(catalog.services(dc1)).rejects.toMatchObject({
      kind: 'malformed',
      message: expect.stringMatching(why),
    })
  })

  test.each([
    [{}, /no list/],
    [[1], /row 0 is no object/],
    [[{}], /no Node/],
    [[{ Node: { Node: 'n', Address: 7 }, Service: {} }], /Address that is no text/],
    [[{ Node: { Node: 'n' }, Service: { ID: 'a', Service: 'a', Tags: [1] } }], /Tags/],
  ])('instances: %j', async (body, why) => {
    const { catalog } = await says(body as never)
    await expect(catalog.instances('web', dc1)).rejects.toThrow(why)
  })

  test('keys and values', async () => {
    await expect((await says([{ Key: 'a' }])).kv.get('a', dc1)).rejects.toThrow(/no ModifyIndex/)
    await expect((await says([1])).kv.keys('a', dc1)).rejects.toThrow(/no list of texts/)
    await expect((await says('{}')).kv.tree('a', dc1)).rejects.toThrow(/no list/)
  })

  test('leader and servers', async () => {
    await expect((await says({ a: 1 })).catalog.servers(dc1)).rejects.toThrow(/servers are no list/)
    expect(
      await (await saying((path, response) => response.end(path.includes('leader') ? '""' : '[]'))).catalog.servers(
        dc1,
      ),
    ).toEqual({
      leader: null,
      peers: [],
    })
  })
})

test('a status that Consul does not have counts as critical, and null lists are empty', async () => {
  const check = { Node: 'n', CheckID: 'c', Status: 'great' }
  const { catalog } = await says([
    { Node: { Node: 'n' }, Service: { ID: 'a', Service: 'a', Tags: null, Meta: null }, Checks: [check] },
  ])
  const { rows } = await catalog.instances('a', dc1)
  expect(rows[0]).toMatchObject({ tags: [], meta: {}, address: '', checks: [{ status: 'critical' }] })
})

test('where the address of all nodes is not let through, each is asked by itself', async () => {
  const { catalog } = await saying((path, response) => {
    if (path.startsWith('/v1/internal')) return response.writeHead(404).end('no such page')
    response.writeHead(200, headersOf(5))
    if (path.startsWith('/v1/catalog/nodes'))
      return response.end(
        '[{"Node":"n1","Address":"10.0.0.1"},{"Node":"n2","Address":"10.0.0.2"},{"Node":"../x","Address":"10.0.0.3"}]',
      )
    const node = /(n\d)/.exec(path)?.[1]
    if (path.startsWith('/v1/health/node'))
      return response.end(`[{"Node":"${node}","CheckID":"c","Status":"warning","ServiceID":"s"}]`)
    response.end(
      JSON.stringify({ Node: { Node: node, Address: '10.0.0.9' }, Services: [{ ID: 's', Service: 'web', Port: 80 }] }),
    )
  })
  const { rows } = await catalog.everything(dc1)
  expect(rows.map(({ node, instances }) => [node, instances[0]?.checks[0]?.status]).toSorted()).toEqual([
    ['../x', undefined],
    ['n1', 'warning'],
    ['n2', 'warning'],
  ])
})

test('names and keys ask for what they are, and never for something else', async () => {
  const { catalog, kv } = await says([])
  await catalog.instances('a/b?x#y', dc1)
  await kv.get('a b/c?d#e', dc1)
  expect(asked).toEqual(['/v1/health/service/a%2Fb%3Fx%23y?dc=dc1', '/v1/kv/a%20b/c%3Fd%23e?dc=dc1'])
  await expect(catalog.instances('..', dc1)).rejects.toThrow(/no name/)
  for (const name of ['.', '/a', 'a/../b']) await expect(catalog.node(name, dc1)).rejects.toThrow(/no name/)
  await expect(kv.keys('a/../', dc1)).rejects.toThrow(/only dots/)
  await expect(kv.keys('/a', dc1)).rejects.toThrow(/Did you mean "a"/)
  await expect(kv.get('a//b/', dc1)).rejects.toThrow(/Did you mean "a\/b\/"/)
  expect(asked).toHaveLength(2)
})

test('a key that is not there is none; another one that comes in its place is not taken for it', async () => {
  const missing = await saying((_, response) => response.writeHead(404, headersOf(5)).end())
  expect(await missing.kv.get('a', dc1)).toMatchObject({ rows: null, fresh: { knownLeader: true } })
  expect((await missing.kv.keys('a', dc1)).rows).toEqual([])
  const other = await says([{ Key: 'b', Value: 'eA==', ModifyIndex: 1 }])
  expect((await other.kv.get('a', dc1)).rows).toBeNull()
})

test('a refusal names the right that is missing for the key', async () => {
  const { kv } = await saying((_, response) => response.writeHead(403).end('Permission denied'))
  await expect(kv.get('config/a', dc1)).rejects.toMatchObject({
    kind: 'forbidden',
    message: expect.stringContaining('key_prefix "config/a" { policy = "read" }'),
  })
})

test('a redirect is not followed: it would take the token along', async () => {
  const { catalog } = await saying((path, response) =>
    path.startsWith('/v1') ? response.writeHead(302, { location: '/elsewhere' }).end() : response.end('{}'),
  )
  await expect(catalog.services(dc1)).rejects.toThrow(/302/)
  expect(asked).toHaveLength(1)
})
