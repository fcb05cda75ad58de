import { once } from 'node:events'
import type { RequestListener, Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { CheckRow } from '../../../src/core/alert.ts'
import type { DetailsParts } from '../../../src/engine/alerts/details.ts'
import { createDetails } from '../../../src/engine/alerts/details.ts'

const NOW = Date.parse('2026-11-20T12:00:00Z')
const TOKEN = 'a-token-of-the-monitors'
const page = {
  at: NOW,
  entries: [{ name: 'deploy', status: 'critical', text: 'expires in 5 m', owner: 'ops', runbook: null, renewal: null }],
}
const row: CheckRow = {
  dc: 'dc1',
  node: 'vault-1',
  check: 'token-expiry-monitor:status',
  name: 'Tokens and certificates',
  status: 'critical',
  output: '',
  notes: '',
  service: 'token-expiry-monitor',
  serviceId: 'token-expiry-monitor',
  tags: [],
}

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

/** Something on loopback that is asked for details, and what it was asked. */
async function serving(listener: RequestListener, host = '127.0.0.1') {
  const asked: { readonly url: string | undefined; readonly authorization: string | undefined }[] = []
  const server = createServer((request, response) => {
    asked.push({ url: request.url, authorization: request.headers.authorization })
    listener(request, response)
  }).listen(0, host)
  servers.push(server)
  await once(server, 'listening')
  return { asked, port: (server.address() as AddressInfo).port }
}
const shows =
  (value: unknown): RequestListener =>
  (_request, response) =>
    void response.end(JSON.stringify(value))

function detailsAt(port: number, over: Partial<DetailsParts> = {}) {
  return createDetails({
    instances: async () => [
      { node: 'vault-2', address: '127.0.0.1', port: 1 },
      { node: 'vault-1', address: '127.0.0.1', port },
    ],
    ownNode: async () => 'dc1/vault-1',
    token: TOKEN,
    now: () => NOW,
    ...over,
  })
}

test('fetches the page of the instance on the node of the check, with the token', async () => {
  const { asked, port } = await serving(shows(page))
  expect(await detailsAt(port).of(row)).toMatchObject({ kind: 'token-expiry', entries: [{ name: 'deploy' }] })
  expect(asked).toEqual([{ url: '/token-expiry', authorization: `Bearer ${TOKEN}` }])
})

test('asks nothing for any other check, and nothing of a node that has none', async () => {
  const { asked, port } = await serving(shows(page))
  const details = detailsAt(port)
  expect(await details.of({ ...row, service: 'web' })).toBeNull()
  expect(await details.of({ ...row, service: '' })).toBeNull()
  expect(await details.of({ ...row, node: 'vault-3' })).toBeNull()
  expect(asked).toEqual([])
})

test.each([
  ['another', 'dc1/vault-9'],
  ['one of that name in another datacenter, and not that', 'dc2/vault-1'],
  ['no', null],
])('takes loopback for nobody where %s node is our own', async (_which, own) => {
  const { asked, port } = await serving(shows(page))
  expect(await detailsAt(port, { ownNode: async () => own }).of(row)).toBeNull()
  expect(asked).toEqual([])
})

test('remembers for five seconds, together for all who want it at once', async () => {
  const { asked, port } = await serving(shows(page))
  let [time, own] = [NOW, 'dc1/vault-1']
  const details = detailsAt(port, { now: () => time, ownNode: async () => own })
  await Promise.all([details.of(row), details.of(row), details.of({ ...row, check: 'other' })])
  time += 4999
  await details.of(row)
  expect(asked.length).toBe(1)
  time += 1
  await details.of(row)
  expect(asked.length).toBe(2)
  own = 'dc2/vault-1'
  await details.of({ ...row, dc: 'dc2' })
  expect(asked.length).toBe(3)
})

describe('is null, and never throws, for', () => {
  test.each<[string, RequestListener]>([
    ['an answer that never comes', () => undefined],
    ['one that begins and never ends', (_request, response) => void response.write('{"at":')],
    ['a refusal', (_request, response) => void response.writeHead(401).end('{}')],
    ['what is no JSON', (_request, response) => void response.end('<html>')],
    ['another page', shows({ hello: 'world' })],
    ['a connection that is cut', (request) => void request.socket.destroy()],
    ['a page that is much too long', shows({ ...page, more: 'a'.repeat(3 * 1024 * 1024) })],
  ])('%s', async (_what, listener) => {
    const { port } = await serving(listener)
    expect(await detailsAt(port).of(row)).toBeNull()
  })

  test('a redirect, which would take the token elsewhere', async () => {
    const other = await serving(shows(page))
    const { port } = await serving((_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${other.port}/token-expiry` }).end()
    })
    expect(await detailsAt(port).of(row)).toBeNull()
    expect(other.asked).toEqual([])
  })

  test('a Consul that fails, or never says where', async () => {
    const failing = { instances: () => Promise.reject(new Error('no leader')) }
    expect(await detailsAt(1, failing).of(row)).toBeNull()
    expect(await detailsAt(1, { instances: () => new Promise(() => undefined) }).of(row)).toBeNull()
    expect(await detailsAt(1, { ownNode: () => Promise.reject(new Error('no agent')) }).of(row)).toBeNull()
    const odd = { instances: async () => [{ node: 'vault-1', address: 'not an address/', port: -1 }] }
    expect(await detailsAt(1, odd).of(row)).toBeNull()
  })
})

test('asks an address of IPv6 as one', async () => {
  const { asked, port } = await serving(shows(page), '::1')
  const instances = async () => [{ node: 'vault-1', address: '::1', port }]
  expect(await detailsAt(port, { instances, token: undefined }).of(row)).not.toBeNull()
  expect(asked).toEqual([{ url: '/token-expiry', authorization: undefined }])
})
