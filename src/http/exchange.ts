import type { IncomingMessage, ServerResponse } from 'node:http'

/** One request on its way to its answer; `groups` are what its route's pattern found in the path. */
export type Exchange = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
  readonly groups: readonly string[]
}

/** What is served under which paths. `page`: people see it in a browser, so that a refusal is a page as well. */
export type Route = {
  readonly method: 'GET' | 'POST'
  readonly path: RegExp
  readonly page?: boolean
  answer(exchange: Exchange): Promise<void>
}

/** Nothing that is served here may be framed, guessed at or kept by a proxy. */
export const STRICT_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
}

export function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.writeHead(status, { ...STRICT_HEADERS, 'content-type': type })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

export function sendJson(response: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  send(response, status, 'application/json; charset=utf-8', `${JSON.stringify(body)}\n`)
}
