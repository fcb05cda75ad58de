import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import apply from '../../commands/kv/apply.ts'
import type { Person } from '../../src/core/actor.ts'
import { createCatalog } from '../../src/core/command.ts'
import { siteSchema } from '../../src/core/site.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { createAudit } from '../../src/engine/audit.ts'
import { breakGlassOf } from '../../src/engine/break-glass/deeds.ts'
import { createCrew } from '../../src/engine/crew.ts'
import { createCatchUp } from '../../src/engine/kv-catch-up.ts'
import type { CrewParts } from '../../src/engine/parts.ts'
import { stageKinds } from '../../src/stages/index.ts'
import { type ConsulAgent, startConsulServer } from '../consul.ts'
import { written } from '../core/sample-site.ts'
import { silent } from './quiet.ts'
import { useRedis } from './redis.ts'

const here = useRedis()
const dir = mkdtempSync(join(tmpdir(), 'groundcrew-catch-up-'))
const alice: Person = { kind: 'slack', team: 'T01TEAM', user: 'U01ALICE' }
let consul: ConsulAgent

beforeAll(async () => {
  consul = await startConsulServer({ dir: join(dir, 'dc1') })
}, 60_000)
afterAll(async () => {
  await consul?.stop()
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
})

const site = siteSchema.parse({
  ...written,
  channels: { ops: 'C01OPS' },
  roles: {
    engineers: { members: ['U01ALICE'], may: [{ commands: ['kv *'] }] },
    approvers: { members: ['U02BOB'], may: [] },
  },
  kv: { app: { source: '/settings', hub: 'dc1', prefixes: ['config/app/'], approvers: ['approvers'] } },
  break_glass: { oncall: { who: ['engineers'], gives: ['approvers'], announce: ['ops'] } },
})

function partsOf(): CrewParts & { log: typeof silent } {
  return {
    ...{ store: here.store, site, kinds: stageKinds, now: here.now, kick: () => {}, log: silent },
    audit: createAudit({ ...here, log: silent, host: 'here', mask: (text) => text, show: [] }),
    catalog: createCatalog([{ name: 'kv apply', command: apply }], site),
    groups: async () => new Map(),
    artifacts: createArtifacts(here.redis, here.keys, '0'.repeat(64)),
    consul: { address: consul.url },
  } as unknown as CrewParts & { log: typeof silent }
}

async function ask(): Promise<string> {
  const caller = { actor: alice, origin: { channel: 'C01OPS', via: 'slack' }, request: randomUUID() } as const
  const reply = await createCrew(partsOf()).ask('kv apply app', caller)
  if (reply.kind !== 'started') throw new Error('It only answered.')
  return reply.execution.id
}

async function caughtUp(execution: string) {
  const parts = partsOf()
  await createCatchUp(parts, createCrew(parts))({ do: 'kv-catch-up', execution, dc: 'dc1', at: here.now() }, 0)
  const found = await here.store.list({ limit: 10 })
  return found.find(({ line }) => line === 'kv apply app --catch-up dc1')
}

test('a catching up counts as asked for by whoever asked for what it completes', async () => {
  const caught = await caughtUp(await ask())
  expect(caught).toMatchObject({ actor: { kind: 'schedule', owner: alice } })
  expect(caught?.askers).toContain('T01TEAM/U01ALICE')
  expect(caught?.glass).toBeUndefined()
})

test('what was asked for under break glass is caught up as that: nobody with raised rights approves it', async () => {
  const wish = { role: 'oncall', for: '30m', why: 'the shop is down' }
  await breakGlassOf(partsOf(), { actor: alice, roles: [], channel: 'C01OPS', request: randomUUID() }).begin(wish)
  const [glass] = (await here.store.glasses.look()).glasses
  expect((await caughtUp(await ask()))?.glass).toEqual([{ id: glass?.id, by: 'T01TEAM/U01ALICE' }])
})
