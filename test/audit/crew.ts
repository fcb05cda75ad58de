import { loadCommands } from '../../src/commands.ts'
import { readSite } from '../../src/config/site.ts'
import type { Actor } from '../../src/core/actor.ts'
import { createCatalog } from '../../src/core/command.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import type { Audit } from '../../src/engine/audit.ts'
import { createCrew } from '../../src/engine/crew.ts'
import type { CrewParts } from '../../src/engine/parts.ts'
import type { Store } from '../../src/engine/store.ts'
import { stageKinds } from '../../src/stages/index.ts'
import { worker } from '../core/world.ts'
import type { Here } from './redis.ts'

const shipped = await readSite('examples/site/groundcrew.yml')
const allowed = { ...shipped.roles.approvers, may: [{ commands: ['runs *', 'locks *', 'audit'] }] }
/** The demo's site, whose approvers may ask the audit. */
export const site = { ...shipped, roles: { ...shipped.roles, approvers: { ...shipped.roles.approvers, ...allowed } } }
const catalog = createCatalog(await loadCommands(['commands']), site as typeof shipped)

export const person = (user: string): Actor => ({ kind: 'slack', team: 'T01DEMO', user })
export const [alice, carol, eve] = ['U01ALICE', 'U03CAROL', 'U04EVE'].map(person) as [Actor, Actor, Actor]

/** Who asks, and a request of his that is like no other. */
let requests = 0
export const callerOf = (actor: Actor, request = `request-${requests++}`) => ({
  actor,
  origin: { channel: 'C01OPS', via: 'slack' } as const,
  request,
})

export function crewOf({ now, redis, keys }: Pick<Here, 'now' | 'redis' | 'keys'>, store: Store, audit: Audit) {
  const parts: CrewParts = {
    store,
    site: site as typeof shipped,
    kinds: stageKinds,
    now,
    catalog,
    audit,
    artifacts: createArtifacts(redis, keys, 'ab'.repeat(32)),
    groups: async () => new Map(),
    kick: () => {},
    consul: { address: '127.0.0.1:1' },
  }
  return { parts, crew: createCrew(parts) }
}

/** `loadtest up small` of Alice, with its plan made: it waits for a judgment. */
export async function waiting({ crew, parts }: ReturnType<typeof crewOf>) {
  const reply = await crew.ask('loadtest up small', callerOf(alice))
  if (reply.kind !== 'started') throw new Error('It was not started')
  const { id } = reply.execution
  const stage = { stage: 'terraform.plan', attempt: 1 }
  await parts.store.tell(id, { type: 'stage.started', ...stage, worker })
  const output = { needsApply: true, digest: 'd1' }
  await parts.store.tell(id, { type: 'stage.ended', ...stage, outcome: { kind: 'succeeded', output } })
  return { execution: id, stage: 'judgment', attempt: 1 }
}
