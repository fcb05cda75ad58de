import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { freePort } from './port.ts'
import { findProgram, type Part, type StartOptions, startProgram } from './program.ts'

type ConsulOptions = StartOptions & {
  /** In memory: quicker to start, and everything is gone with the process. */
  dev?: boolean
  datacenter?: string
  node?: string
  /** Further settings of the agent, merged over ours. */
  settings?: Record<string, unknown>
}

/** One Consul server that elects itself, with a data folder unless `dev`; ready when it has a leader and knows itself. */
export async function startConsul(options: ConsulOptions): Promise<Part> {
  const port = options.port ?? (await freePort())
  const url = `http://127.0.0.1:${port}`
  const file = join(options.dir, 'consul.json')
  mkdirSync(options.dir, { recursive: true })
  writeFileSync(file, JSON.stringify(await agentSettings(options, port), undefined, 2))
  return startProgram(
    {
      name: 'consul',
      file: findProgram('consul'),
      args: ['agent', ...(options.dev ? ['-dev'] : []), '-config-file', file],
      port,
      url,
      ready: () => hasLeader(url),
    },
    options,
  )
}

async function agentSettings(options: ConsulOptions, http: number): Promise<Record<string, unknown>> {
  const server = { server: true, bootstrap_expect: 1, data_dir: resolve(options.dir, 'data') }
  return {
    ...(options.dev ? {} : server),
    node_name: options.node ?? 'demo',
    datacenter: options.datacenter ?? 'dc1',
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    ports: {
      http,
      dns: -1,
      grpc: -1,
      server: await freePort(),
      serf_lan: await freePort(),
      serf_wan: await freePort(),
    },
    ui: true,
    disable_update_check: true,
    // A leader after one second instead of nine; changes of output at once instead of after five minutes.
    performance: { raft_multiplier: 1 },
    check_update_interval: '0s',
    session_ttl_min: '1s',
    limits: { http_max_conns_per_client: 5000 },
    ...options.settings,
  }
}

async function hasLeader(url: string): Promise<boolean> {
  const read = async (path: string): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(2000) })
    return response.ok ? response.json() : undefined
  }
  const servers = await read('/v1/catalog/service/consul?consistent')
  return Boolean(await read('/v1/status/leader')) && Array.isArray(servers) && servers.length > 0
}
