import { createHash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isLoopback } from '../core/monitors.ts'
import { ConfigError } from '../errors.ts'

export type Listening = {
  readonly host: string
  readonly port: number
  /** Whoever asks has to send it, as `Authorization: Bearer`. Only on loopback there may be none. */
  readonly token: string | undefined
}

const TIME_LIMIT_MS = 5000

/**
 * `GET /vault-audit` and `GET /token-expiry` as JSON: counts and names, with no token, accessor, data or header in them. Throws a
 * `ConfigError` for any address but loopback without a token: who is denied what is nobody else's business.
 */
export async function serveDetails(
  { host, port, token }: Listening,
  pages: ReadonlyMap<string, () => unknown>,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  if (!token && !isLoopback(host)) {
    throw new ConfigError(
      `GROUNDCREW_MONITOR_TOKEN is not set, and http.host is ${host}, where others reach it. Set it to 16 characters or more (openssl rand -hex 32), here and for the bots, or take http.host away.`,
    )
  }
  const server = createServer({ requestTimeout: TIME_LIMIT_MS, headersTimeout: TIME_LIMIT_MS }, (request, response) => {
    const answer = (status: number, body: unknown, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers })
      response.end(JSON.stringify(body))
    }
    if (token && !isBearer(request.headers.authorization, token))
      return answer(401, { error: 'Send Authorization: Bearer, with GROUNDCREW_MONITOR_TOKEN.' }, CHALLENGE)
    const page = request.method === 'GET' ? pages.get(request.url ?? '') : undefined
    if (!page) return answer(404, { error: `There is only GET ${[...pages.keys()].join(', ')}.` })
    return answer(200, page())
  })
  server.listen(port, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

const CHALLENGE = { 'www-authenticate': 'Bearer' }

/** Digests are of one length, so that the time of comparing says nothing of the token, its length included. */
function isBearer(given: string | undefined, token: string): boolean {
  return timingSafeEqual(digest(given ?? ''), digest(`Bearer ${token}`))
}

const digest = (text: string) => createHash('sha256').update(text).digest()
