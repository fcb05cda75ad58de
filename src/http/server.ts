import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bareWords, longestMatch } from '../core/command/catalog.ts'
import type { Catalog } from '../core/command.ts'
import type { Site } from '../core/site.ts'
import { ConfigError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { HookParts } from './hooks.ts'
import { takeHook } from './hooks.ts'
import { Refusal } from './refusal.ts'

/** Shorter ones can be guessed. */
const SHORTEST_SECRET = 16

/** The secrets that webhooks and reports are signed with, by name. Throws a `ConfigError` for one that is missing or short. */
export function secretsOf(site: Site, variables: Readonly<Record<string, string>>): (name: string) => string {
  const named = [
    ...Object.values(site.webhooks).map(({ secret }) => secret),
    ...Object.values(site.promotions).flatMap(({ report_secret: secret }) => secret ?? []),
  ]
  for (const name of named) {
    const length = variables[name]?.length ?? 0
    if (length < SHORTEST_SECRET)
      throw new ConfigError(
        `${name} ${length === 0 ? 'is not set' : `has only ${length} characters`}. The site signs with it: give it at least ${SHORTEST_SECRET} characters (openssl rand -hex 32).`,
      )
  }
  return (name) => variables[name] ?? ''
}

/** A webhook starts an execution: its line begins with a command that has one. Throws a `ConfigError`. */
export function checkHookLines({ webhooks }: Site, catalog: Catalog): void {
  for (const [name, { line }] of Object.entries(webhooks)) {
    const found = longestMatch(catalog, bareWords(line))?.entry
    if (!found) throw new ConfigError(`webhooks.${name}.line: \`${line}\` begins with no command.`)
    if (found.command.answer)
      throw new ConfigError(`webhooks.${name}.line: \`${found.name}\` only answers; a webhook starts executions.`)
  }
}

type Place = { readonly host: string; readonly port: number }

/** Listens for signed requests on `/hooks/<name>` and for nothing else. Slow and half-sent requests are cut off. */
export async function serveHooks(hooks: HookParts, { host, port }: Place, log: Log) {
  const server = createServer(
    { requestTimeout: 15_000, headersTimeout: 5_000, maxHeaderSize: 16_384 },
    (request, response) => {
      void answer(hooks, request, response, log)
    },
  )
  server.maxConnections = 100
  server.listen(port, host)
  await once(server, 'listening').catch((cause: Error) => {
    throw new ConfigError(
      `The bot cannot take webhooks on ${host}:${port} (${cause.message}). GROUNDCREW_HTTP_PORT and GROUNDCREW_HTTP_HOST say where.`,
      { cause },
    )
  })
  return {
    port: (server.address() as AddressInfo).port,
    async stop(): Promise<void> {
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), 2_000).unref()
      await closed
    },
  }
}

async function answer(hooks: HookParts, request: IncomingMessage, response: ServerResponse, log: Log): Promise<void> {
  try {
    const name = /^\/hooks\/([a-z][a-z0-9_-]*)$/.exec(request.url ?? '')?.[1]
    if (!name) throw new Refusal(404, 'Only /hooks/<name> is served here.')
    if (request.method !== 'POST') throw new Refusal(405, 'Only POST is taken.')
    const taken = await takeHook(hooks, name, request)
    send(response, 'ignored' in taken ? 200 : 202, { ok: true, ...taken })
  } catch (error) {
    if (error instanceof Refusal) {
      log.info({ status: error.status, reason: error.message }, 'webhook refused')
      send(response, error.status, { ok: false, error: error.message, ...error.more })
      request.resume()
      return
    }
    if (request.destroyed && !request.complete) {
      log.info('webhook given up by its sender')
      return
    }
    const id = randomUUID().slice(0, 8)
    log.error({ error: id, err: error }, 'webhook failed')
    if (!response.headersSent)
      send(response, 500, { ok: false, error: `Groundcrew itself failed (error ${id}, see its log).` })
  }
}

function send(response: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(body)}\n`)
}
