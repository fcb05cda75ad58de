import type { Change, Found } from '../../core/kv/diff.ts'
import type { KvPart } from '../../core/kv/plan.ts'
import type { ExternalService } from '../../core/kv/services.ts'
import { markOf } from '../../core/kv/services.ts'
import type { RunContext } from '../../core/workflow.ts'
import type { ExternalCheck } from '../../tools/consul/kv/external.ts'
import { checkIdOf, definitionOf, MARK } from '../../tools/consul/kv/external.ts'
import type { Consul, Seen } from './look.ts'
import { lookAt } from './look.ts'

const LOOK_MS = 60_000

/** A datacenter as it is now, with what a plan wants of it. */
export async function lookAgain(context: RunContext, consul: Consul, { dc, changes }: KvPart): Promise<Seen> {
  const services = changes.flatMap((change) => (change.kind === 'service' ? [serviceOf(change)] : []))
  // An apply that is called off still says how it stands.
  return lookAt(consul, dc, context.kv, services, AbortSignal.timeout(LOOK_MS))
}

export function hereIn(seen: Seen, { kind, key }: Change): Found | undefined {
  return (kind === 'key' ? seen.keys : seen.services).get(key)
}

/** A node that we made goes with the last service on it. */
export async function tidyNodes(context: RunContext, consul: Consul, part: KvPart): Promise<void> {
  const removed = part.changes.filter(({ kind, what }) => kind === 'service' && what === 'remove')
  if (removed.length === 0) return
  const { nodes } = await lookAgain(context, consul, part)
  for (const node of new Set(removed.map((change) => serviceOf(change).node))) {
    const there = nodes.get(node)
    if (there?.ours === true && there.services === 0 && there.checks.length === 0)
      await consul.writer.deregister({ node }, { dc: part.dc })
  }
}

function serviceOf(change: Change): ExternalService {
  const [node = '', id = ''] = change.key.split('/')
  return change.text === null ? ({ node, id } as ExternalService) : (JSON.parse(change.text) as ExternalService)
}

/** Registers or removes an external service. */
export async function serve(
  { kv }: RunContext,
  { writer }: Consul,
  dc: string,
  change: Change,
  seen: Seen,
): Promise<void> {
  const { node, id, ...service } = serviceOf(change)
  const there = seen.nodes.get(node)
  const mark = { [MARK]: markOf(kv.name) }
  if (change.text === null) return writer.deregister({ node, id }, { dc })
  const { check } = service as { check?: ExternalCheck | null }
  const status = seen.statuses.get(change.key) ?? 'passing'
  await writer.register(
    {
      ...{ node, id, name: service.name, address: service.address, port: service.port, tags: service.tags },
      makesNode: there === undefined,
      meta: { ...service.meta, ...mark },
      nodeMeta: { 'external-node': 'true', 'external-probe': 'true', ...mark },
      check: check ? { id: checkIdOf(id), status, definition: definitionOf(check) } : null,
    },
    { dc },
  )
  if (!check && seen.statuses.has(change.key)) await writer.deregister({ node, check: checkIdOf(id) }, { dc })
}
