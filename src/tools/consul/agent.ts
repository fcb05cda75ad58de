import { messageOf, UserError } from '../../errors.ts'

export type CheckStatus = 'passing' | 'warning' | 'critical'

/** A service of this host's agent with one TTL check of its own; never a check on the node, which would take all its services down. */
export type Registration = {
  readonly id: string
  readonly name: string
  readonly tags: readonly string[]
  readonly address: string
  readonly port: number
  readonly check: {
    readonly id: string
    readonly name: string
    readonly ttlMs: number
    readonly status: CheckStatus
    readonly output: string
  }
}

export type ConsulAgent = {
  /** Registers, or replaces what is registered. Throws a `UserError` with Consul's own words. */
  register(registration: Registration): Promise<void>
  /** `unknown` when the agent has no such check: it was restarted without its data, or somebody deregistered it. */
  update(check: string, status: CheckStatus, output: string): Promise<'updated' | 'unknown'>
  /** When a token was made and ends, by its accessor or the one that asks; undefined when Consul does not know it (any more). */
  token(accessor: string | undefined): Promise<{ ExpirationTime?: string; CreateTime?: string } | undefined>
}

const TIME_LIMIT_MS = 10_000

/**
 * The agent of this host. Needs `service:write` on the one service, nothing else. The package `consul` puts the text of a check into
 * the URL and has no `update`, so these calls are made by `fetch`.
 */
export function createConsulAgent(address: string, token?: string): ConsulAgent {
  const url = new URL(address.includes('://') ? address : `http://${address}`)

  const put = (path: string, body: unknown) => sent('PUT', path, body)

  async function sent(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
    try {
      const response = await fetch(new URL(path, url), {
        method,
        headers: { 'content-type': 'application/json', ...(token ? { 'x-consul-token': token } : {}) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIME_LIMIT_MS),
      })
      return { status: response.status, text: (await response.text()).trim() }
    } catch (cause) {
      throw new UserError(`Consul at ${url.host} does not answer: ${messageOf(cause)}.`, { cause })
    }
  }

  function refused(what: string, { status, text }: { status: number; text: string }): UserError {
    const todo = status === 403 ? ' Its token needs service:write on this service; see docs/monitors.md.' : ''
    return new UserError(`Consul at ${url.host} refused to ${what}: ${status} ${text.slice(0, 200)}.${todo}`)
  }

  return {
    async register({ id, name, tags, address: host, port, check }) {
      const answer = await put('/v1/agent/service/register', {
        ID: id,
        Name: name,
        Tags: tags,
        Address: host,
        Port: port,
        // Without a status a registered check starts critical and raises an alarm that nobody meant.
        Check: { CheckID: check.id, Name: check.name, TTL: `${check.ttlMs}ms`, Status: check.status },
      })
      if (answer.status !== 200) throw refused(`register ${name}`, answer)
      await this.update(check.id, check.status, check.output)
    },
    async update(check, status, output) {
      const answer = await put(`/v1/agent/check/update/${encodeURIComponent(check)}`, {
        Status: status,
        Output: output,
      })
      if (answer.status === 200) return 'updated'
      // 1.8 answers 500 where newer ones answer 404; in both the text names the check.
      if (/unknown check|does not have associated TTL/i.test(answer.text) || answer.status === 404) return 'unknown'
      throw refused(`update the check ${check}`, answer)
    },
    async token(accessor) {
      const path = `/v1/acl/token/${accessor === undefined ? 'self' : encodeURIComponent(accessor)}`
      const answer = await sent('GET', path)
      if (answer.status === 403 || answer.status === 404) return undefined
      if (answer.status !== 200) throw refused('show a token', answer)
      const { ExpirationTime, CreateTime } = JSON.parse(answer.text) as Record<string, unknown>
      const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
      const [ends, made] = [text(ExpirationTime), text(CreateTime)]
      return { ...(ends ? { ExpirationTime: ends } : {}), ...(made ? { CreateTime: made } : {}) }
    },
  }
}
