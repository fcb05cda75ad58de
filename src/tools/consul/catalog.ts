import { UserError } from '../../errors.ts'
import type { CheckStatus } from './agent.ts'
import { type Read, type Reading, readJson, shapedBy, worst } from './catalog/read.ts'
import {
  type CatalogCheck,
  type CatalogInstance,
  type CatalogNode,
  type CatalogService,
  checkOf,
  type FullNode,
  fullNode,
  fullNodeOf,
  instanceOf,
  listOf,
  nodeOf,
  servicesOf,
  texts,
} from './catalog/rows.ts'
import { type Ask, createAsk } from './watch/ask.ts'
import { ConsulFailure } from './watch/failure.ts'

export type { Fresh, Read, Reading } from './catalog/read.ts'
export type { CatalogCheck, CatalogInstance, CatalogNode, CatalogService, FullNode } from './catalog/rows.ts'

/**
 * What Consul says of one datacenter, each with how fresh it is. All throw a `ConsulFailure` that says which datacenter, what was asked and
 * why there is no answer; an answer in another shape is one too.
 *
 * Asked by `fetch`: plain calls of the package `consul` 2.0.1 drop the headers that say how fresh an answer is and whether rows were left out,
 * have no time limit, and type neither ModifyIndex nor the way to a node's checks.
 */
export type ConsulCatalog = {
  /** Names, the nearest first. */
  datacenters(options?: Omit<Reading, 'dc'>): Promise<string[]>
  services(reading: Reading): Promise<Read<CatalogService[]>>
  /** Empty for a service that is not there. */
  instances(service: string, reading: Reading & { readonly passing?: boolean }): Promise<Read<CatalogInstance[]>>
  nodes(reading: Reading): Promise<Read<CatalogNode[]>>
  /** Null where there is no such node. */
  node(name: string, reading: Reading): Promise<Read<FullNode | null>>
  /** `sick`: all but those that pass, also with a status that Consul does not have; the others are not even sent. */
  checks(state: CheckStatus | 'any' | 'sick', reading: Reading): Promise<Read<CatalogCheck[]>>
  /** Every node with its services and checks, in one read. */
  everything(reading: Reading): Promise<Read<FullNode[]>>
  /** Address of the leader (`10.0.0.1:8300`), or null while there is none; and of all servers that vote. */
  servers(reading: Reading): Promise<{ readonly leader: string | null; readonly peers: readonly string[] }>
}

/** `address` as in CONSUL_HTTP_ADDR. */
export function createCatalog(address: string, token: string | undefined): ConsulCatalog {
  return catalogOn(createAsk(address, token))
}

const LIMIT_MS = 5_000

export function catalogOn(ask: Ask): ConsulCatalog {
  const nodeChecks = async (name: string, reading: Reading) =>
    readJson(
      ask,
      {
        ...reading,
        path: `/v1/health/node/${partOf(name)}`,
        what: `for the checks of ${name} in ${reading.dc}`,
      },
      (found) => listOf(found, checkOf),
    )
  return {
    async datacenters({ limitMs = LIMIT_MS, signal } = {}) {
      const what = 'for its datacenters'
      const { body } = await ask({ path: '/v1/catalog/datacenters', what, limitMs, signal })
      return shapedBy(what, () => texts(JSON.parse(body.toString('utf8')), 'the datacenters'))
    },
    services: (reading) =>
      readJson(
        ask,
        { ...reading, path: '/v1/catalog/services', what: `for the services of ${reading.dc}` },
        servicesOf,
      ),
    instances: async (service, { passing = false, ...reading }) =>
      readJson(
        ask,
        {
          ...reading,
          path: `/v1/health/service/${partOf(service)}`,
          what: `for the instances of ${service} in ${reading.dc}`,
          ...(passing ? { query: { passing: 'true' } } : {}),
        },
        (found) => listOf(found, instanceOf),
      ),
    nodes: (reading) =>
      readJson(ask, { ...reading, path: '/v1/catalog/nodes', what: `for the nodes of ${reading.dc}` }, (found) =>
        listOf(found, nodeOf),
      ),
    async node(name, reading) {
      const [services, checks] = await Promise.all([nodeServices(ask, name, reading), nodeChecks(name, reading)])
      const { rows } = services
      const fresh = worst(services.fresh, checks.fresh)
      const what = `for the node ${name} of ${reading.dc}`
      return { rows: rows && shapedBy(what, () => fullNode(rows.node, rows.services, checks.rows)), fresh }
    },
    checks: (state, reading) =>
      readJson(
        ask,
        {
          ...reading,
          path: `/v1/health/state/${state === 'sick' ? 'any' : state}`,
          what: `for the checks of ${reading.dc}`,
          ...(state === 'sick' ? { query: { filter: 'Status != passing' } } : {}),
        },
        (found) => listOf(found, checkOf),
      ),
    everything: (reading) => everything(ask, reading),
    async servers({ dc, limitMs = LIMIT_MS, signal }) {
      const status = async (which: string) => {
        const what = `for the ${which} of ${dc}`
        const { body } = await ask({
          path: `/v1/status/${which}?${new URLSearchParams({ dc })}`,
          ...{ what, limitMs, signal },
        })
        return { what, found: shapedBy(what, () => JSON.parse(body.toString('utf8')) as unknown) }
      }
      const [leader, peers] = await Promise.all([status('leader'), status('peers')])
      return {
        leader: typeof leader.found === 'string' && leader.found !== '' ? leader.found : null,
        peers: shapedBy(peers.what, () => texts(peers.found, 'the servers')),
      }
    },
  }
}

/**
 * A name as a part of a path. One that is only dots would be taken for a way up, to another question; between slashes (Consul takes `%2F`
 * for one) as well, and there must be something between them.
 */
function partOf(name: string): string {
  if (!canBeAsked(name))
    throw new UserError(`${JSON.stringify(name)} is no name of anything that Consul can be asked for.`)
  return encodeURIComponent(name)
}

type NodeServices = { readonly node: CatalogNode; readonly services: unknown }

function canBeAsked(name: string): boolean {
  return name.split('/').every((part) => !['', '.', '..'].includes(part))
}

/** `/v1/catalog/node-services/<node>`: services as a list. Without the node Consul 1.8.7 says an empty body, newer ones null. */
async function nodeServices(ask: Ask, name: string, reading: Reading): Promise<Read<NodeServices | null>> {
  const path = `/v1/catalog/node-services/${partOf(name)}`
  return readJson(ask, { ...reading, path, what: `for the node ${name} of ${reading.dc}` }, (found) => {
    if (found === null || found === undefined) return null
    const { Node, Services } = found as { Node?: unknown; Services?: unknown }
    if (Node === null || Node === undefined) return null
    const [node] = listOf([Node], nodeOf)
    return node ? { node, services: Services } : null
  })
}

/** So many nodes are asked at once where each has to be asked by itself. */
const AT_ONCE = 16

/**
 * What Consul's own pages show: `/v1/internal/ui/nodes` is the one read that has every instance with its address, and it is in no
 * documentation. Where it is not there (a proxy that lets only documented paths through), each node is asked by itself.
 */
async function everything(ask: Ask, reading: Reading): Promise<Read<FullNode[]>> {
  const what = `for all nodes and services of ${reading.dc}`
  const asking = { ...reading, path: '/v1/internal/ui/nodes', what, also: [404, 405] }
  const whole = await readJson(ask, asking, (found) => (found === undefined ? null : listOf(found, fullNodeOf))).catch(
    (error: unknown) => {
      if (error instanceof ConsulFailure && error.kind === 'malformed') return null
      throw error
    },
  )
  if (whole?.rows) return { rows: whole.rows, fresh: whole.fresh }
  return nodeByNode(catalogOn(ask), reading)
}

async function nodeByNode(catalog: ConsulCatalog, reading: Reading): Promise<Read<FullNode[]>> {
  const nodes = await catalog.nodes(reading)
  const left = nodes.rows.map(({ node }) => node).filter(canBeAsked)
  // Whoever registers a node that cannot be asked for must not take the others away.
  const bare = nodes.rows.filter(({ node }) => !canBeAsked(node))
  const found: Read<FullNode | null>[] = []
  const takeOne = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) found.push(await catalog.node(name, reading))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, takeOne))
  return {
    rows: [...found.flatMap(({ rows }) => rows ?? []), ...bare.map((node) => ({ ...node, instances: [], checks: [] }))],
    fresh: worst(nodes.fresh, ...found.map(({ fresh }) => fresh)),
  }
}
