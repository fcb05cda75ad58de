import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ConfigError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Route } from './exchange.ts'
import { send, sendJson } from './exchange.ts'
import { errorPage } from './pages/error.ts'
import { Refusal } from './refusal.ts'

export { checkHookLines, hookRoute, secretsOf } from './hook-route.ts'

type Place = { readonly host: string; readonly port: number }

export type Served = { readonly port: number; stop(): Promise<void> }

/** Serves these routes and nothing else. Slow and half-sent requests are cut off. Throws a `ConfigError` where it cannot listen. */
export async function serve(routes: readonly Route[], { host, port }: Place, log: Log): Promise<Served> {
  const server = createServer(
    { requestTimeout: 15_000, headersTimeout: 5_000, maxHeaderSize: 16_384 },
    (request, response) => void answer(routes, request, response, log),
  )
  server.maxConnections = 200
  server.listen(port, host)
  await once(server, 'listening').catch((cause: Error) => {
    throw new ConfigError(
      `Nothing can be served on ${host}:${port} (${cause.message}). GROUNDCREW_HTTP_PORT and GROUNDCREW_HTTP_HOST say where a bot listens, GROUNDCREW_WORKER_HTTP_PORT where a worker does.`,
      { cause },
    )
  })
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), 500).unref()
      await closed
    },
  }
}

async function answer(routes: readonly Route[], request: IncomingMessage, response: ServerResponse, log: Log) {
  const found = routeFor(routes, request)
  try {
    if (found instanceof Refusal) throw found
    await found.route.answer({ request, response, ...found })
  } catch (error) {
    const page = found instanceof Refusal ? isBrowser(request) : found.route.page === true
    if (error instanceof Refusal) {
      log.info({ status: error.status, reason: error.message }, 'request refused')
      if (error.status === 405) response.setHeader('allow', allowed(routes, request))
      refuse(response, page, error.status, error.message, error.more)
      request.resume()
      return
    }
    if (request.destroyed && !request.complete) {
      log.info('request given up by its sender')
      return
    }
    const id = randomUUID().slice(0, 8)
    log.error({ error: id, err: error }, 'request failed')
    refuse(response, page, 500, `Groundcrew itself failed (error ${id}, see its log).`)
  }
}

/** Who typed an address that is none reads a page rather than JSON. */
function isBrowser({ headers }: IncomingMessage): boolean {
  return headers.accept?.includes('text/html') === true
}

function refuse(response: ServerResponse, page: boolean, status: number, why: string, more = {}): void {
  if (response.headersSent) response.destroy()
  else if (page) send(response, status, 'text/html; charset=utf-8', errorPage(status, why))
  else sendJson(response, status, { ok: false, error: why, ...more })
}

/** What may be asked of this address instead (RFC 9110, 15.5.6). */
function allowed(routes: readonly Route[], { url = '/' }: IncomingMessage): string {
  const path = new URL(url, 'http://here').pathname
  const methods = routes.filter((route) => route.path.test(path)).map(({ method }) => method)
  return [...new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))].join(', ')
}

function routeFor(routes: readonly Route[], { method = '', url: target = '/' }: IncomingMessage) {
  const url = URL.canParse(target, 'http://here') ? new URL(target, 'http://here') : null
  if (!url) return new Refusal(400, 'The address of the request cannot be read.')
  const here = routes.flatMap((route) => {
    const groups = route.path.exec(url.pathname)
    return groups ? [{ route, url, groups: groups.slice(1) }] : []
  })
  if (here.length === 0) return new Refusal(404, 'There is nothing here.')
  const wanted = method === 'HEAD' ? 'GET' : method
  const [first] = here
  const found = here.find(({ route }) => route.method === wanted)
  return found ?? new Refusal(405, `Only ${first?.route.method} is taken.`)
}
