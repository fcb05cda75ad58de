import { messageOf, UserError } from '../errors.ts'

export type VaultClient = {
  /** `data` of the answer to `path`, which may end in `?list=true`; undefined where Vault says 403 or 404, which is what it says of an accessor that is gone. */
  ask(method: 'GET' | 'POST', path: string, body?: object): Promise<Record<string, unknown> | undefined>
  /** Whether it is the active one of its cluster: `GET sys/health` says 200 of that one only, and needs no token. */
  isActive(): Promise<boolean>
}

const TIME_LIMIT_MS = 10_000

/** The few calls that a watcher of tokens needs. Throws a `UserError` when Vault does not answer or fails. */
export function createVault(address: string, token: string | undefined): VaultClient {
  const url = new URL(address)
  return {
    async isActive() {
      const answer = await fetch(new URL('/v1/sys/health', url), { signal: AbortSignal.timeout(TIME_LIMIT_MS) })
      await answer.body?.cancel()
      return answer.status === 200
    },
    async ask(method, path, body) {
      const answer = await fetch(new URL(`/v1/${path}`, url), {
        method,
        headers: { ...(token ? { 'x-vault-token': token } : {}), 'content-type': 'application/json' },
        signal: AbortSignal.timeout(TIME_LIMIT_MS),
        ...(body ? { body: JSON.stringify(body) } : {}),
      }).catch((cause: unknown) => {
        throw new UserError(`Vault at ${url.host} does not answer: ${messageOf(cause)}.`, { cause })
      })
      const text = await answer.text()
      if (answer.status === 403 || answer.status === 404) return undefined
      if (!answer.ok)
        throw new UserError(`Vault at ${url.host} answered ${answer.status} to ${method} ${path.split('/')[0]}/....`)
      const parsed = (text ? JSON.parse(text) : {}) as {
        data?: Record<string, unknown>
        auth?: Record<string, unknown>
      }
      return parsed.data ?? parsed.auth ?? {}
    },
  }
}
