import type { CheckStatus } from '../agent.ts'

/** A service of a datacenter, with all tags that any of its instances has. */
export type CatalogService = { readonly name: string; readonly tags: readonly string[] }

export type CatalogNode = {
  readonly node: string
  readonly address: string
  readonly meta: Readonly<Record<string, string>>
  /** Addresses by network: `lan`, `wan`. */
  readonly addresses: Readonly<Record<string, string>>
}

/** What a check says. `index` is its ModifyIndex: it moves when the check says something else, and is no time. */
export type CatalogCheck = {
  readonly node: string
  readonly id: string
  readonly name: string
  readonly status: CheckStatus
  readonly output: string
  readonly notes: string
  /** Empty for a check of the node. */
  readonly service: string
  readonly serviceId: string
  readonly index: number
}

/** `checks` are its own and those of its node: all of them decide whether Consul sends anybody there. */
export type CatalogInstance = {
  readonly id: string
  readonly service: string
  readonly node: string
  /** Of the service, else of its node. */
  readonly address: string
  readonly port: number
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, string>>
  readonly nodeMeta: Readonly<Record<string, string>>
  readonly checks: readonly CatalogCheck[]
  /** When it was registered first and last, in Raft's count; no time. */
  readonly created: number
  readonly modified: number
}

/** A node with all that runs on it. */
export type FullNode = CatalogNode & {
  readonly instances: readonly CatalogInstance[]
  /** Of the node alone. */
  readonly checks: readonly CatalogCheck[]
}

type Row = Readonly<Record<string, unknown>>

// By hand: zod takes many times as long for thousands of rows, and somebody waits for the answer.

export function listOf<T>(found: unknown, each: (row: Row) => T): T[] {
  if (found === null || found === undefined) return []
  if (!Array.isArray(found)) throw new Error(`it is no list but a ${typeof found}`)
  return found.map((row, at) => {
    if (typeof row !== 'object' || row === null) throw new Error(`row ${at} is no object`)
    return each(row as Row)
  })
}

export function servicesOf(found: unknown): CatalogService[] {
  if (typeof found !== 'object' || found === null || Array.isArray(found)) throw new Error('it is no object')
  return Object.entries(found).map(([name, tags]) => ({ name, tags: texts(tags, `the tags of ${name}`) }))
}

export function nodeOf(row: Row): CatalogNode {
  return {
    node: needed(row, 'Node'),
    address: text(row, 'Address'),
    meta: pairs(row.Meta, 'Meta'),
    addresses: pairs(row.TaggedAddresses, 'TaggedAddresses'),
  }
}

export function checkOf(row: Row): CatalogCheck {
  return {
    node: needed(row, 'Node'),
    id: needed(row, 'CheckID'),
    name: text(row, 'Name'),
    ...said(needed(row, 'Status'), text(row, 'Output')),
    notes: text(row, 'Notes'),
    service: text(row, 'ServiceName'),
    serviceId: text(row, 'ServiceID'),
    index: count(row.ModifyIndex),
  }
}

/** One row of `/v1/health/service/<name>`. */
export function instanceOf(row: Row): CatalogInstance {
  const node = nodeOf(inner(row, 'Node'))
  return serviceAt(node, inner(row, 'Service'), listOf(row.Checks, checkOf))
}

/** One row of `/v1/internal/ui/nodes`, which is also what `/v1/catalog/node-services` and `/v1/health/node` say together. */
export function fullNodeOf(row: Row): FullNode {
  return fullNode(nodeOf(row), row.Services, listOf(row.Checks, checkOf))
}

export function fullNode(node: CatalogNode, services: unknown, checks: readonly CatalogCheck[]): FullNode {
  const own = checks.filter(({ serviceId }) => serviceId === '')
  const byService = Map.groupBy(checks, ({ serviceId }) => serviceId)
  const instances = listOf(services, (row) => {
    const id = needed(row, 'ID')
    return serviceAt(node, row, [...own, ...(byService.get(id) ?? [])])
  })
  return { ...node, instances, checks: own }
}

function serviceAt(node: CatalogNode, row: Row, checks: readonly CatalogCheck[]): CatalogInstance {
  return {
    id: needed(row, 'ID'),
    service: needed(row, 'Service'),
    node: node.node,
    address: text(row, 'Address') || node.address,
    port: count(row.Port),
    tags: texts(row.Tags, 'Tags'),
    meta: pairs(row.Meta, 'Meta'),
    nodeMeta: node.meta,
    checks,
    created: count(row.CreateIndex),
    modified: count(row.ModifyIndex),
  }
}

function inner(row: Row, field: string): Row {
  const value = row[field]
  if (typeof value !== 'object' || value === null) throw new Error(`a row has no ${field}`)
  return value as Row
}

function text(row: Row, field: string): string {
  const value = row[field] ?? ''
  if (typeof value !== 'string') throw new Error(`a row has a ${field} that is no text`)
  return value
}

function needed(row: Row, field: string): string {
  const value = text(row, field)
  if (value === '') throw new Error(`a row has no ${field}`)
  return value
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

export function texts(value: unknown, what: string): string[] {
  const found = value ?? []
  if (!Array.isArray(found) || !found.every((each) => typeof each === 'string'))
    throw new Error(`${what} are no list of texts`)
  return found
}

function pairs(value: unknown, what: string): Record<string, string> {
  const found = value ?? {}
  if (typeof found !== 'object' || Array.isArray(found)) throw new Error(`${what} is no object`)
  return Object.fromEntries(Object.entries(found as object).map(([name, each]) => [name, String(each ?? '')]))
}

/** Whoever registers in the catalog directly may say any word; only the three of Consul count, and any other is critical. */
function said(status: string, output: string): Pick<CatalogCheck, 'status' | 'output'> {
  if (status === 'passing' || status === 'warning' || status === 'critical') return { status, output }
  const note = `Its status is ${JSON.stringify(status.slice(0, 40))}, which Consul does not have; it counts as critical.`
  return { status: 'critical', output: output === '' ? note : `${note}\n${output}` }
}
