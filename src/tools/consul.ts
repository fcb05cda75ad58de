import Consul from 'consul'
import { z } from 'zod'
import { messageOf, UserError } from '../errors.ts'

const entry = z.looseObject({
  Node: z.looseObject({ Address: z.string() }),
  Service: z.looseObject({ ID: z.string(), Address: z.string(), Port: z.number() }),
  Checks: z.array(z.looseObject({ Status: z.string(), Output: z.string().default('') })),
})

/** One instance of a service; `status` is that of its worst check, `output` what that check said. */
export type Instance = {
  readonly id: string
  readonly address: string
  readonly status: string
  readonly output: string
}

export type ConsulClient = {
  /** All instances of a service, sick ones first. Throws a `UserError` when Consul does not answer. */
  instances(service: string): Promise<Instance[]>
  /** Address of the leader; empty while there is none. */
  leader(): Promise<string>
}

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
      throw new UserError(`Consul at ${url.host} does not answer: ${messageOf(cause)}.`, { cause })
    })
  return {
    async instances(service) {
      const found = z.array(entry).parse(await asked(client.health.service({ service })))
      return found
        .map(instanceOf)
        .sort((a, b) => RANK.indexOf(b.status) - RANK.indexOf(a.status) || a.id.localeCompare(b.id))
    },
    leader: async () => String(await asked(client.status.leader())),
  }
}

const RANK = ['passing', 'warning', 'critical']

function instanceOf({ Node, Service, Checks }: z.infer<typeof entry>): Instance {
  const worst = Checks.reduce((a, b) => (RANK.indexOf(b.Status) > RANK.indexOf(a.Status) ? b : a), {
    Status: 'passing',
    Output: '',
  })
  return {
    id: Service.ID,
    address: `${Service.Address || Node.Address}:${Service.Port}`,
    status: worst.Status,
    output: worst.Output.trim().slice(0, 300),
  }
}
