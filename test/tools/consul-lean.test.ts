import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCatalog } from '../../src/tools/consul/catalog.ts'
import { createAsk } from '../../src/tools/consul/watch/ask.ts'
import { type ConsulAgent, startConsulServer } from '../consul.ts'

const dir = mkdtempSync(join(tmpdir(), 'groundcrew-consul-lean-'))
let consul: ConsulAgent
beforeAll(async () => {
  consul = await startConsulServer({ dir })
  for (const [Node, Status] of [
    ['well', 'passing'],
    ['warns', 'warning'],
    ['sick', 'critical'],
    ['odd', 'melted'],
  ])
    await consul.json('PUT', '/v1/catalog/register', { Node, Address: '10.0.0.1', Check: { Name: 'c', Status } })
})
afterAll(async () => {
  await consul?.kill9()
  rmSync(dir, { recursive: true, force: true })
})

test('only checks that do not pass are sent where nobody wants the others, also with a status that Consul does not have', async () => {
  const { rows } = await createCatalog(consul.url, undefined).checks('sick', { dc: 'dc1' })
  expect(rows.map(({ node, status }) => [node, status]).toSorted()).toEqual([
    ['odd', 'critical'],
    ['sick', 'critical'],
    ['warns', 'warning'],
  ])
  const { body } = await createAsk(
    consul.url,
    undefined,
  )({
    ...{ path: '/v1/health/state/any?filter=Status+%21%3D+passing', what: 'for checks', limitMs: 5000 },
  })
  expect(body.toString()).not.toContain('well')
})

test('an agent on this machine is not asked to compress', async () => {
  const seen: (string | undefined)[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers['accept-encoding'] as string | undefined)
    response.end('[]')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  await createAsk(
    `127.0.0.1:${(server.address() as AddressInfo).port}`,
    undefined,
  )({
    ...{ path: '/v1/catalog/nodes', what: 'for nodes', limitMs: 5000 },
  })
  server.close()
  expect(seen).toEqual(['identity'])
})
