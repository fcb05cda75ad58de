import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadCommands } from '../../src/commands.ts'
import { createCatalog, parseCommand } from '../../src/core/command.ts'
import { siteSchema } from '../../src/core/site.ts'
import type { AnswerContext, Asked } from '../../src/core/workflow.ts'
import { consulOf } from '../../src/engine/consul/lookups.ts'
import { inventoryOf } from '../../src/engine/inventory/answers.ts'
import type { CrewParts } from '../../src/engine/parts.ts'
import { type ConsulAgent, joined, startConsulServer } from '../consul.ts'
import { written } from '../core/sample-site.ts'

const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-inventory-chat-'))
const jump = { dc2: ['bastion.dc1'] }
const site = siteSchema.parse({
  ...{ ...written, inventory: { user: 'deploy', jump } },
  roles: { ...written.roles, engineers: { members: ['U01ALICE'], may: [{ commands: ['consul *'] }] } },
})
const commands = (await loadCommands(['commands'])).filter(({ name }) => name === 'consul inventory')
let dc1: ConsulAgent
let dc2: ConsulAgent

beforeAll(async () => {
  dc1 = await startConsulServer({ dir: join(scratch, 'dc1') })
  dc2 = await startConsulServer({ dir: join(scratch, 'dc2'), dc: 'dc2', joins: dc1 })
  await dc1.json('PUT', '/v1/catalog/register', { Node: 'bastion', Address: '10.1.0.9' })
  await dc2.json('PUT', '/v1/catalog/register', {
    ...{ Node: 'web-1', Address: '10.2.0.1', NodeMeta: { role: 'web' } },
    Service: { ID: 'web', Service: 'web', Tags: ['blue'], Port: 80 },
    Check: { CheckID: 'web', Name: 'web', Status: 'critical', ServiceID: 'web' },
  })
  await joined(dc1, dc2)
})
afterAll(async () => {
  await Promise.all([dc1, dc2].map((agent) => agent?.kill9()))
  rmSync(scratch, { recursive: true, force: true })
})

/** The command as it is typed, on what the engine reads of the real Consul. */
async function said(line: string): Promise<string> {
  const { command, args } = parseCommand(createCatalog(commands, site), line)
  const consul = consulOf({ site, consul: { address: dc1.url } } as unknown as CrewParts, {} as Asked)
  const context = { site, now: 0, consul, inventory: inventoryOf(site, consul) } as unknown as AnswerContext
  const answer = await command.answer?.(args, context)
  return answer?.text ?? ''
}

test('groups of both datacenters with their hosts counted', async () => {
  const text = await said('consul inventory')
  expect(text).toContain('*4 hosts* in 6 groups (🟢 4)')
  expect(text).toContain('• `dc_dc2`: 2 hosts')
  expect(text).toContain('• `service_web`: 1 host (🔴 1)')
  expect(text).toContain('• `meta_role_web`: 1 host')
})

test('the hosts of a group: address, jump hosts of another datacenter, and what is sick', async () => {
  const line = '🟢 *passing* `web-1.dc2` at `10.2.0.1`, through `deploy@10.1.0.9`, `web` 🔴 critical'
  expect(await said('consul inventory service_web')).toContain(line)
  const only = await said('consul inventory service_web --dc dc2')
  expect(only).toContain(line)
  expect(only).not.toContain('bastion')
})

test('only what passes', async () => {
  await expect(said('consul inventory service_web --passing')).rejects.toThrow(/no group `service_web`/)
})

test('near misses', async () => {
  await expect(said('consul inventory web')).rejects.toThrow('`service_web`')
  await expect(said('consul inventory --dc dc3')).rejects.toThrow(/no datacenter `dc3`.*`dc1`/)
})

/** Last: it takes a datacenter away. */
test('a datacenter that is dead is named, and does not hide the other', async () => {
  await dc2.kill9()
  const text = await said('consul inventory')
  expect(text).toContain('`dc2` is *unreachable*')
  expect(text).toContain('• `dc_dc1`: 2 hosts')
})
