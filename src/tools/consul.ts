import Consul from 'consul'
import { z } from 'zod'
import { messageOf, UserError } from '../errors.ts'

const entry = z.looseObject({
  Node: z.looseObject({ Node: z.string().default(''), Address: z.string() }),
  Service: z.looseObject({
    ID: z.string(),
    Address: z.string(),
    Port: z.number(),
    Tags: z.array(z.string()).nullish(),
    Meta: z.record(z.string(), z.string()).nullish(),
  }),
  Checks: z.array(
    z.looseObject({ CheckID: z.string().default(''), Status: z.string(), Output: z.string().default('') }),
  ),
})

/** One instance of a service; `status` is that of its worst check, `output` what that check said. */
export type Instance = {
  readonly id: string
  /** `host:port` */
  readonly address: string
  readonly host: string
  readonly port: number
  readonly status: string
  readonly output: string
  /** Kept out of service by hand (Consul's maintenance mode); `own` is then what its other checks say. */
  readonly maintenance: boolean
  readonly own: string
  readonly ownOutput: string
  /** What it says that it runs: `version` in its service's meta. */
  readonly version: string | null
  readonly tags: readonly string[]
  readonly node: { readonly name: string; readonly address: string }
}

/** Consul does not answer, or has no leader: what was asked may be asked again. */
export class ConsulUnanswered extends UserError {}

export type ConsulClient = {
  /** All instances of a service, sick ones first. Throws a `UserError` when Consul does not answer. */
  instances(service: string): Promise<Instance[]>
  /**
   * Takes an instance out of service, with a reason, or (`null`) puts it back. Only the agent where it is registered can do that: this
   * one, or the one on its node at the same port. Throws a `UserError` when that agent does not answer or does not know it.
   */
  maintenance(instance: Pick<Instance, 'id' | 'node'>, reason: string | null): Promise<void>
  /** Address of the leader; empty while there is none. */
  leader(): Promise<string>
  /** A key of the KV store with the index to compare with when it is set; null when there is none. */
  key(key: string): Promise<KeyValue | null>
  /** All keys that begin so. */
  keys(prefix: string): Promise<KeyValue[]>
  /** Sets a key if its index is still this one, 0 for a key that is not there; false when it is another one by now. */
  setKey(key: string, value: string, index: number): Promise<boolean>
}

export type KeyValue = { readonly key: string; readonly value: string; readonly index: number }

/** `address` as in CONSUL_HTTP_ADDR: with or without a scheme. The package sets no time limit by itself (its trap 11), so each call has one. */
export function createConsul(address: string, token?: string): ConsulClient {
  const url = new URL(address.includes('://') ? address : `http://${address}`)
  const secure = url.protocol === 'https:'
  const client = new Consul({
    host: url.hostname,
    port: Number(url.port) || (secure ? 443 : 8500),
    secure,
    defaults: { ...(token ? { token } : {}), ...({ timeout: 10_000 } as object) },
  })
  const asked = <T>(answer: Promise<T>) =>
    answer.catch((cause: unknown) => {
      throw new ConsulUnanswered(`Consul at ${url.host} does not answer: ${messageOf(cause)}.`, { cause })
    })
  return {
    async instances(service) {
      const found = z.array(entry).parse(await asked(client.health.service({ service })))
      return found
        .map(instanceOf)
        .sort((a, b) => RANK.indexOf(b.status) - RANK.indexOf(a.status) || a.id.localeCompare(b.id))
    },
    async maintenance({ id, node }, reason) {
      const own = agentSelf.parse(await asked(client.agent.self())).Config.NodeName
      const agent = own === node.name ? url : agentAt(url, node.address)
      const query = new URLSearchParams({ enable: String(reason !== null), ...(reason === null ? {} : { reason }) })
      const path = `/v1/agent/service/maintenance/${encodeURIComponent(id)}?${query}`
      const response = await fetch(new URL(path, agent), {
        method: 'PUT',
        headers: token ? { 'x-consul-token': token } : {},
        signal: AbortSignal.timeout(10_000),
      }).catch((cause: unknown) => {
        const why = messageOf(cause instanceof Error && cause.cause ? cause.cause : cause)
        throw new UserError(
          `The Consul agent of ${node.name} at ${agent.host} does not answer: ${why}. Only it can take \`${id}\` out of service or put it back.`,
          { cause },
        )
      })
      const said = (await response.text()).trim().slice(0, 200)
      if (response.ok) return
      throw new UserError(`The Consul agent of ${node.name} refused for \`${id}\`: ${response.status} ${said}.`)
    },
    leader: async () => String(await asked(client.status.leader())),
    // The package says undefined for a missing key and for a comparison that was lost (its traps); a list of none is undefined too.
    async key(key) {
      const found: unknown = await asked(client.kv.get({ key }))
      return found ? keyValueOf(found) : null
    },
    async keys(prefix) {
      const found: unknown = await asked(client.kv.get({ key: prefix, recurse: true }))
      return z
        .array(z.unknown())
        .parse(found ?? [])
        .map(keyValueOf)
    },
    setKey: async (key, value, index) => (await asked(client.kv.set({ key, value, cas: index }))) === true,
  }
}

const stored = z.looseObject({ Key: z.string(), Value: z.string().nullish(), ModifyIndex: z.number() })

function keyValueOf(found: unknown): KeyValue {
  const { Key, Value, ModifyIndex } = stored.parse(found)
  return { key: Key, value: Value ?? '', index: ModifyIndex }
}

const agentSelf = z.looseObject({ Config: z.looseObject({ NodeName: z.string() }) })

/** The agent of another node, which listens where ours does. */
function agentAt(own: URL, address: string): URL {
  const other = new URL(own)
  other.hostname = address.includes(':') ? `[${address}]` : address
  return other
}

const RANK = ['passing', 'warning', 'critical']

type Check = z.infer<typeof entry>['Checks'][number]

/** The checks by which Consul keeps an instance, or all of a node, out of service. */
function isMaintenance({ CheckID }: Check): boolean {
  return CheckID === '_node_maintenance' || CheckID.startsWith('_service_maintenance:')
}

function instanceOf({ Node, Service, Checks }: z.infer<typeof entry>): Instance {
  const all = worstOf(Checks)
  const own = worstOf(Checks.filter((check) => !isMaintenance(check)))
  const host = Service.Address || Node.Address
  return {
    id: Service.ID,
    address: `${host}:${Service.Port}`,
    host,
    port: Service.Port,
    status: all.Status,
    output: all.Output.trim().slice(0, 300),
    maintenance: Checks.some(isMaintenance),
    own: own.Status,
    ownOutput: own.Output.trim().slice(0, 300),
    version: Service.Meta?.version ?? null,
    tags: Service.Tags ?? [],
    node: { name: Node.Node, address: Node.Address },
  }
}

function worstOf(checks: readonly Check[]): Pick<Check, 'Status' | 'Output'> {
  const well = { Status: 'passing', Output: '' }
  return checks.reduce(
    (a: Pick<Check, 'Status' | 'Output'>, b) => (RANK.indexOf(b.Status) > RANK.indexOf(a.Status) ? b : a),
    well,
  )
}
