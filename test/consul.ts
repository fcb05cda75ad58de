import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { startProgram } from '../examples/demo/parts/program.ts'
import { findProgram, freePort, type Part, type StartOptions, waitFor } from '../examples/demo/parts.ts'

/**
 * Real Consul agents in every shape that a test needs: servers, client agents that join them, datacenters joined over the WAN, ACLs.
 * All listen on loopback, on ports of their own, keep their data in their folder, and are ended by their own pid. `restart` brings
 * back the same agent, after `stop` and after `kill9`.
 */
export type ConsulAgent = Part & {
  readonly dc: string
  readonly node: string
  /** Where others join it. */
  readonly lan: string
  readonly wan: string
  /** Of the management token; empty without ACLs. */
  readonly master: string
  /** Asks this agent with the management token, or with another one. */
  ask(method: string, path: string, body?: unknown, token?: string): Promise<Response>
  /** The same; an answer that is no 2xx throws what Consul said. */
  json<T = unknown>(method: string, path: string, body?: unknown): Promise<T>
}

type AgentOptions = StartOptions & {
  readonly node?: string
  /** Merged over ours. */
  readonly settings?: Record<string, unknown>
}

export type ServerOptions = AgentOptions & {
  readonly dc?: string
  /** Whoever sends no token, or one without rights, sees nothing. */
  readonly acl?: boolean
  /** A server of another datacenter to join over the WAN; that one must run. */
  readonly joins?: Pick<ConsulAgent, 'wan'>
}

const MASTER = '4b1d5a3e-5f0c-4d3a-9a51-2c5a7f0e9d11'

/** A node that dies is dead to the others after about two seconds, and not after half a minute. */
const QUICK = { probe_interval: '300ms', probe_timeout: '150ms', gossip_interval: '50ms', suspicion_mult: 2 }

/** One server that elects itself; ready when it leads and shows its own node as alive. */
export async function startConsulServer(options: ServerOptions): Promise<ConsulAgent> {
  const { dc = 'dc1', node = `${dc}-server`, acl = false, joins } = options
  return start(
    options,
    { dc, node, master: acl ? MASTER : '' },
    {
      server: true,
      bootstrap_expect: 1,
      // A leader after one second instead of nine.
      performance: { raft_multiplier: 1 },
      session_ttl_min: '1s',
      ...(acl ? { acl: { enabled: true, default_policy: 'deny', tokens: { master: MASTER, agent: MASTER } } } : {}),
      ...(joins ? { retry_join_wan: [joins.wan], retry_interval_wan: '1s' } : {}),
    },
  )
}

/** An agent that is no server: a host of the datacenter. Killed, its node is dead; stopped, it leaves and its node is gone. */
export async function startConsulClient(
  server: ConsulAgent,
  options: AgentOptions & { readonly node: string },
): Promise<ConsulAgent> {
  const { dc, master } = server
  return start(
    options,
    { dc, node: options.node, master },
    {
      server: false,
      retry_join: [server.lan],
      retry_interval: '1s',
      ...(master ? { acl: { enabled: true, default_policy: 'deny', tokens: { agent: master } } } : {}),
    },
  )
}

/** A service of this agent's node with one check, `service:<id>`, that keeps its status until it is told another one. */
export async function register(
  agent: ConsulAgent,
  service: { readonly id: string; readonly tags?: readonly string[]; readonly port?: number; readonly ttl?: string },
  check: { readonly status?: string; readonly output?: string } = {},
): Promise<void> {
  const { id, tags = [], port = 0, ttl = '24h' } = service
  const { status = 'passing', output = '' } = check
  const Check = { CheckID: `service:${id}`, Name: `${id} health`, TTL: ttl, Status: status }
  await agent.json('PUT', '/v1/agent/service/register', { ID: id, Name: id, Tags: tags, Port: port, Check })
  // Only what was reported survives a restart of the agent; what was only registered comes back critical.
  await report(agent, `service:${id}`, status, output)
}

/** What a check says from now on. */
export async function report(agent: ConsulAgent, check: string, status: string, output = ''): Promise<void> {
  await agent.json('PUT', `/v1/agent/check/update/${encodeURIComponent(check)}`, { Status: status, Output: output })
}

/** A token with these rules, and no others; with a `ttl` it expires (Consul refuses less than a minute). */
export async function tokenWith(
  agent: ConsulAgent,
  rules: string,
  ttl?: string,
): Promise<{ secret: string; accessor: string }> {
  const Name = `test-${crypto.randomUUID()}`
  await agent.json('PUT', '/v1/acl/policy', { Name, Rules: rules })
  const asked = { Policies: [{ Name }], ...(ttl ? { ExpirationTTL: ttl } : {}) }
  const made = await agent.json<{ SecretID: string; AccessorID: string }>('PUT', '/v1/acl/token', asked)
  return { secret: made.SecretID, accessor: made.AccessorID }
}

/**
 * After a restart of the only server, which at first drops every node that it has not heard of yet from its catalog, and finds them again
 * by itself only after half a minute.
 */
export async function rejoin(server: ConsulAgent, client: ConsulAgent): Promise<void> {
  await server.json('PUT', `/v1/agent/join/${client.lan}`)
}

/** Waits until each of the servers reaches all datacenters of the others. */
export async function joined(...servers: readonly ConsulAgent[]): Promise<void> {
  const reaches = async (from: ConsulAgent, to: ConsulAgent) => {
    const rows = await from.json<unknown[]>('GET', `/v1/health/state/any?dc=${to.dc}`)
    return rows.length > 0
  }
  for (const from of servers) {
    for (const to of servers) {
      await waitFor(() => reaches(from, to), { what: `${from.node} to reach ${to.dc}`, within: '30s' })
    }
  }
}

type Who = { readonly dc: string; readonly node: string; readonly master: string }

async function start(options: AgentOptions, { dc, node, master }: Who, own: object): Promise<ConsulAgent> {
  const [http, server, lan, wan] = [
    options.port ?? (await freePort()),
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  const settings = {
    node_name: node,
    datacenter: dc,
    data_dir: resolve(options.dir, 'data'),
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    ports: { http, server, serf_lan: lan, serf_wan: wan, dns: -1, grpc: -1 },
    disable_update_check: true,
    // Output shows at once, and not after five minutes.
    check_update_interval: '0s',
    limits: { http_max_conns_per_client: 5000 },
    gossip_lan: QUICK,
    gossip_wan: QUICK,
    ...own,
    ...options.settings,
  }
  mkdirSync(options.dir, { recursive: true })
  const file = join(options.dir, 'consul.json')
  writeFileSync(file, JSON.stringify(settings, undefined, 2), { mode: 0o600 })
  const url = `http://127.0.0.1:${http}`
  const ask = (method: string, path: string, body?: unknown, token = master) =>
    asked(url, { method, path, body, token })
  const args = ['agent', '-config-file', file]
  const ready = async () => isAlive(await ask('GET', '/v1/health/state/any'), node)
  const part = await startProgram({ name: node, file: findProgram('consul'), args, port: http, url, ready }, options)
  // Not a copy: the pid of a part is another one after each restart.
  return Object.defineProperties({} as ConsulAgent, {
    ...Object.getOwnPropertyDescriptors(part),
    ...Object.getOwnPropertyDescriptors({ dc, node, master, lan: `127.0.0.1:${lan}`, wan: `127.0.0.1:${wan}` }),
    ...Object.getOwnPropertyDescriptors({ ask, json: jsonOf(ask) }),
  })
}

type Asked = { readonly method: string; readonly path: string; readonly body: unknown; readonly token: string }

function asked(url: string, { method, path, body, token }: Asked): Promise<Response> {
  return fetch(`${url}${path}`, {
    method,
    headers: token ? { 'x-consul-token': token } : {},
    signal: AbortSignal.timeout(10_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

function jsonOf(ask: ConsulAgent['ask']): ConsulAgent['json'] {
  return async <T>(method: string, path: string, body?: unknown) => {
    const answer = await ask(method, path, body)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`Consul refused ${method} ${path}: ${answer.status} ${text}`)
    return (text ? JSON.parse(text) : undefined) as T
  }
}

/** Led, and the node is known as alive: before that a list of checks lacks what is there. */
async function isAlive(answer: Response, node: string): Promise<boolean> {
  if (!answer.ok) return false
  const rows = (await answer.json()) as { Node: string; CheckID: string; Status: string }[]
  return rows.some((row) => row.Node === node && row.CheckID === 'serfHealth' && row.Status === 'passing')
}
