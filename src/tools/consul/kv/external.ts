import { type Reading, readJson } from '../catalog/read.ts'
import { listOf } from '../catalog/rows.ts'
import type { Ask } from '../watch/ask.ts'

type Row = Readonly<Record<string, unknown>>

/** A service on an external node. `foreign`: why it is not ours; null for one that is. `index` is that of the service. */
export type ExternalInstance = {
  readonly node: string
  readonly service: {
    readonly id: string
    readonly name: string
    readonly address: string
    readonly port: number
    readonly tags: string[]
    readonly meta: Record<string, string>
    readonly check?: ExternalCheck
  }
  readonly foreign: string | null
  readonly status: string
  readonly index: number
}

/** As a source writes it. */
export type ExternalCheck =
  | { tcp: string; interval: string; timeout: string }
  | {
      http: string
      method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'OPTIONS'
      tls_skip_verify: 'true' | 'false'
      interval: string
      timeout: string
    }

export type ExternalNode = {
  readonly external: boolean
  readonly ours: boolean
  readonly services: number
  readonly checks: readonly string[]
}

/** In the meta of services and nodes: who registered them. */
export const MARK = 'external-source'

/** The id of a service's check, by which we know it again. */
export function checkIdOf(id: string): string {
  return `groundcrew:${id}`
}

const AT_ONCE = 8

export const ITS_AGENT = 'its node has an agent, which would undo whatever is written there'

/**
 * Services on external nodes (https://developer.hashicorp.com/consul/tutorials/connect-services/service-registration-external-services),
 * marked as ours. Nodes with an agent are looked at only where somebody wants to register something on them.
 */
export function externalOn(ask: Ask, mark: string) {
  async function rowsAt(
    path: string,
    what: string,
    reading: Reading,
    query: Record<string, string> = {},
  ): Promise<unknown> {
    return (
      await readJson(ask, { ...reading, path, what: `${what} of ${reading.dc}`, query, also: [404] }, (found) => found)
    ).rows
  }

  async function nodeAt(name: string, reading: Reading) {
    const path = encodeURIComponent(name)
    const [services, checks] = await Promise.all([
      rowsAt(`/v1/catalog/node/${path}`, `for the node ${name}`, reading),
      rowsAt(`/v1/health/node/${path}`, `for the checks of ${name}`, reading),
    ])
    const { Node, Services } = (services ?? {}) as { Node?: Row | null; Services?: Record<string, Row> | null }
    if (!Node) return null
    const meta = textsIn(Node.Meta)
    const rows = listOf(checks, (row) => row)
    const instances = Object.values(Services ?? {}).map((row) => instanceOf(name, row, rows, meta, mark))
    const own = rows.filter(({ ServiceID }) => !ServiceID).map(({ CheckID }) => String(CheckID))
    return {
      instances,
      node: {
        external: meta['external-node'] === 'true',
        ours: meta[MARK] === mark,
        services: instances.length,
        checks: own,
      },
    }
  }

  return {
    async look(wanted: readonly string[], reading: Reading) {
      const found = listOf(
        await rowsAt('/v1/catalog/nodes', 'for the external nodes', reading, { 'node-meta': 'external-node:true' }),
        ({ Node }) => String(Node),
      )
      const names = [...new Set([...found, ...wanted])]
      const instances: ExternalInstance[] = []
      const nodes = new Map<string, ExternalNode>()
      const left = [...names]
      const takeOne = async () => {
        for (let name = left.shift(); name !== undefined; name = left.shift()) {
          const seen = await nodeAt(name, reading)
          if (!seen) continue
          nodes.set(name, seen.node)
          instances.push(...seen.instances)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, takeOne))
      return { instances, nodes }
    },
  }
}

function instanceOf(
  node: string,
  row: Row,
  checks: readonly Row[],
  nodeMeta: Record<string, string>,
  mark: string,
): ExternalInstance {
  const id = String(row.ID ?? '')
  const { [MARK]: source, ...meta } = textsIn(row.Meta)
  const own = checks.find(({ CheckID, ServiceID }) => CheckID === checkIdOf(id) && ServiceID === id)
  const check = own && checkOf((own.Definition ?? {}) as Row)
  return {
    node,
    service: {
      id,
      name: String(row.Service ?? ''),
      address: String(row.Address ?? ''),
      port: typeof row.Port === 'number' ? row.Port : 0,
      tags: Array.isArray(row.Tags) ? row.Tags.map(String) : [],
      meta,
      ...(check ? { check } : {}),
    },
    foreign: foreignBy({ source, mark, external: nodeMeta['external-node'] === 'true' }),
    status: typeof own?.Status === 'string' ? own.Status : 'critical',
    index: typeof row.ModifyIndex === 'number' ? row.ModifyIndex : 0,
  }
}

function foreignBy({
  source,
  mark,
  external,
}: {
  source: string | undefined
  mark: string
  external: boolean
}): string | null {
  if (!external) return ITS_AGENT
  return source === mark ? null : `it is registered by ${source ?? 'somebody else'}`
}

function checkOf(definition: Row): ExternalCheck | undefined {
  const times = { interval: String(definition.Interval ?? ''), timeout: String(definition.Timeout ?? '') }
  if (typeof definition.TCP === 'string') return { tcp: definition.TCP, ...times }
  if (typeof definition.HTTP !== 'string') return undefined
  const method = String(definition.Method ?? 'GET') as 'GET'
  return {
    http: definition.HTTP,
    method,
    tls_skip_verify: definition.TLSSkipVerify === true ? 'true' : 'false',
    ...times,
  }
}

function textsIn(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, String(each)]))
}

/** The definition as the catalogue takes it. */
export function definitionOf(check: ExternalCheck): Record<string, unknown> {
  const times = { Interval: check.interval, Timeout: check.timeout }
  if ('tcp' in check) return { TCP: check.tcp, ...times }
  return { HTTP: check.http, Method: check.method, TLSSkipVerify: check.tls_skip_verify === 'true', ...times }
}
