import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { loadCommands } from '../../../src/commands.ts'
import { readSite } from '../../../src/config/site.ts'
import { createCatalog } from '../../../src/core/command.ts'
import type { Site } from '../../../src/core/site.ts'
import type { Answer } from '../../../src/core/workflow.ts'
import { createCrew } from '../../../src/engine/crew.ts'
import { callerOf, crewOf, person } from '../../audit/crew.ts'
import { auditOf } from '../../audit/redis.ts'
import { type ConsulAgent, joined, startConsulServer } from '../../consul.ts'
import type { Here } from '../redis.ts'

const shipped = await readSite('examples/site/groundcrew.yml')
const commands = await loadCommands(['commands'])
const may = (commands: string[]) => ({ may: [{ commands }] })
const roles = {
  engineers: { ...shipped.roles.engineers, ...may(['consul *']) },
  approvers: { ...shipped.roles.approvers, ...may(['runs *']) },
} as unknown as Site['roles']

type Wish = {
  readonly token?: string
  readonly consul?: Partial<Site['consul']>
  readonly mask?: (text: string) => string
}

/** A crew whose Consul is this agent. Alice may look; Carol, an approver, may not. */
export function crewOn(here: Here, agent: Pick<ConsulAgent, 'url'>, { token, consul, mask }: Wish = {}) {
  const site = { ...shipped, roles, consul: { ...shipped.consul, ...consul } }
  const { parts } = crewOf(here, here.store, auditOf(here))
  const given = { address: agent.url, token, ...(mask ? { mask } : {}) }
  const own = { ...parts, site, catalog: createCatalog(commands, site), consul: given }
  const crew = createCrew(own)
  const ask = async (line: string, user = 'U01ALICE'): Promise<Answer> => {
    const reply = await crew.ask(line, callerOf(person(user)))
    if (reply.kind !== 'answered') throw new Error(`${line} was no question.`)
    return reply.answer
  }
  return { parts: own, ask, say: async (line: string) => (await ask(line)).text }
}

export type Two = {
  readonly hub: ConsulAgent
  readonly spoke: ConsulAgent
  started(agent: Promise<ConsulAgent>): Promise<ConsulAgent>
  folder(): string
}

/** Two datacenters, `dc1` and `dc2`, joined over the WAN. Whatever else is started by `started` ends with them. */
export function useTwo(): Two {
  const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-two-'))
  const folder = () => mkdtempSync(join(scratch, 'agent-'))
  const running: ConsulAgent[] = []
  const started = async (agent: Promise<ConsulAgent>) => {
    running.push(await agent)
    return agent
  }
  const two = { started, folder } as { -readonly [key in keyof Two]: Two[key] }
  beforeAll(async () => {
    two.hub = await started(startConsulServer({ dir: folder(), dc: 'dc1' }))
    two.spoke = await started(startConsulServer({ dir: folder(), dc: 'dc2', joins: two.hub }))
    await joined(two.hub, two.spoke)
  })
  afterAll(async () => {
    await Promise.all(running.map((agent) => agent.kill9()))
    rmSync(scratch, { recursive: true, force: true })
  })
  return two
}

/** Registers straight in the catalog, without an agent: any node, any status. */
export async function entered(
  agent: ConsulAgent,
  given: {
    readonly node: string
    readonly address?: string
    readonly service?: {
      id: string
      name?: string
      port?: number
      tags?: string[]
      meta?: Record<string, string>
      address?: string
    }
    readonly check?: { id: string; name?: string; status: string; output?: string; notes?: string; node?: true }
    readonly meta?: Record<string, string>
  },
): Promise<void> {
  const { node, address = '10.0.0.1', service, check, meta } = given
  await agent.json('PUT', '/v1/catalog/register', {
    Node: node,
    Address: address,
    ...(meta ? { NodeMeta: meta } : {}),
    ...(service
      ? {
          Service: {
            ID: service.id,
            Service: service.name ?? service.id,
            Port: service.port ?? 80,
            Tags: service.tags ?? [],
            Meta: service.meta ?? {},
            Address: service.address ?? '',
          },
        }
      : {}),
    ...(check
      ? {
          Check: {
            Node: node,
            CheckID: check.id,
            Name: check.name ?? check.id,
            Status: check.status,
            Output: check.output ?? '',
            Notes: check.notes ?? '',
            ...(check.node ? {} : { ServiceID: service?.id }),
          },
        }
      : {}),
  })
}
