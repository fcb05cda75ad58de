import { z } from 'zod'
import type { Log } from '../../log.ts'
import { type Ask, createAsk } from './watch/ask.ts'
import { ConsulFailure } from './watch/failure.ts'
import { type Watching, type WatchOptions, watchChecks } from './watch/loop.ts'

export { ConsulFailure, type FailureKind } from './watch/failure.ts'
export type { Read, Times, Watching, WatchOptions } from './watch/loop.ts'
export type { ConsulRow } from './watch/rows.ts'

/** Where an instance of a service listens; `address` falls back to that of its node. */
export type ServiceInstance = { readonly node: string; readonly address: string; readonly port: number }

/**
 * What Consul knows of our own token. `expiresAt`: milliseconds since 1970, null: never. `unknown`: it expired or was deleted.
 * `anonymous`: none was sent. `disabled`: this Consul has no ACLs.
 */
export type OwnToken = { readonly expiresAt: number | null } | 'unknown' | 'anonymous' | 'disabled'

/** What a watcher of Consul asks. All but `checks` throw a `ConsulFailure`. */
export type ConsulWatch = {
  checks(options: WatchOptions): Watching
  /** Names, the nearest first. */
  datacenters(signal?: AbortSignal): Promise<string[]>
  instancesOf(service: string, dc: string): Promise<ServiceInstance[]>
  ownToken(signal?: AbortSignal): Promise<OwnToken>
  /** Our own agent's node as `<datacenter>/<node>`; null where the token may not ask for it (`agent:read`). */
  ownNode(): Promise<string | null>
}

type Parts = {
  /** As in CONSUL_HTTP_ADDR: with or without a scheme. */
  readonly address: string
  readonly token?: string | undefined
  readonly random: () => number
  readonly log: Pick<Log, 'error'>
}

const LIMIT_MS = 10_000

/**
 * Asks by `fetch`, not by the watch of the package `consul` 2.0.1. That one ends for good on a 400 and on an answer without an index,
 * stops without a word while no listener for errors is there, loses a change when a listener throws, tells of a change whenever the
 * index moves (twice when it goes back), knows no limit (thousands of reads a second from a server that answers at once), neither
 * Retry-After nor jitter, and shows the headers that say whether to believe an answer to its watches only.
 */
export function createConsulWatch({ address, token, random, log }: Parts): ConsulWatch {
  const ask = createAsk(address, token)
  return {
    checks: (options) => watchChecks({ ask, random, log }, options),
    datacenters: (signal) =>
      asked(ask, z.array(z.string().min(1)), {
        path: '/v1/catalog/datacenters',
        what: 'for its datacenters',
        signal,
      }),
    async instancesOf(service, dc) {
      const path = `/v1/catalog/service/${encodeURIComponent(service)}?${new URLSearchParams({ dc })}`
      const found = await asked(ask, z.array(instance), { path, what: `for the instances of ${service} in ${dc}` })
      return found.map(({ Node, Address, ServiceAddress, ServicePort }) => ({
        node: Node,
        address: ServiceAddress || Address,
        port: ServicePort,
      }))
    },
    async ownToken(signal) {
      const question = { path: '/v1/acl/token/self', what: 'for our own token', signal }
      return asked(ask, ownToken, question).catch((error: unknown) => {
        if (error instanceof ConsulFailure && error.status === 401) return 'disabled' as const
        if (error instanceof ConsulFailure && error.status === 403) return token ? 'unknown' : ('anonymous' as const)
        throw error
      })
    },
    async ownNode() {
      return asked(ask, ownAgent, { path: '/v1/agent/self', what: 'for its own name' }).catch((error: unknown) => {
        if (error instanceof ConsulFailure && error.status === 403) return null
        throw error
      })
    },
  }
}

const ownAgent = z
  .looseObject({ Config: z.looseObject({ Datacenter: z.string(), NodeName: z.string() }) })
  .transform(({ Config }) => `${Config.Datacenter}/${Config.NodeName}`)

const instance = z.looseObject({
  Node: z.string(),
  Address: z.string(),
  ServiceAddress: z.string().nullish(),
  ServicePort: z.number(),
})

/** The accessor under which every Consul keeps what may be done without a token. */
const ANONYMOUS = '00000000-0000-0000-0000-000000000002'

const ownToken = z
  .looseObject({ AccessorID: z.string(), ExpirationTime: z.iso.datetime({ offset: true }).nullish() })
  .transform(({ AccessorID, ExpirationTime }): OwnToken => {
    if (AccessorID === ANONYMOUS) return 'anonymous'
    return { expiresAt: ExpirationTime ? Date.parse(ExpirationTime) : null }
  })

type Asked = { readonly path: string; readonly what: string; readonly signal?: AbortSignal | undefined }

async function asked<T>(ask: Ask, shape: z.ZodType<T>, { path, what, signal }: Asked): Promise<T> {
  const { body } = await ask({ path, what, limitMs: LIMIT_MS, signal })
  try {
    return shape.parse(JSON.parse(body.toString('utf8')))
  } catch (cause) {
    throw new ConsulFailure('malformed', `What Consul said, asked ${what}, is not what it should say.`, { cause })
  }
}
