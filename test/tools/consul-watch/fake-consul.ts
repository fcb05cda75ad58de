import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One question as the fake got it. `n` counts those for checks, from 0. */
export type Asked = {
  readonly n: number
  readonly index: string | null
  readonly wait: string | null
  readonly token: string | undefined
  readonly at: number
  cut: boolean
}

export type Reply = (asked: Asked, response: ServerResponse, request: IncomingMessage) => void

/** NOT Consul: an HTTP server that says what a broken, old or hostile one might say, which no real one can be made to. */
export async function startFakeConsul(reply: Reply, other?: Reply) {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://fake')
    const token = request.headers['x-consul-token']
    const question: Asked = {
      n: asked.length,
      index: searchParams.get('index'),
      wait: searchParams.get('wait'),
      token: typeof token === 'string' ? token : undefined,
      at: performance.now(),
      cut: false,
    }
    if (pathname !== '/v1/health/state/any') {
      if (other) other(question, response, request)
      else response.end('""')
      return
    }
    response.once('close', () => {
      question.cut = !response.writableFinished
    })
    asked.push(question)
    reply(question, response, request)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

type Row = {
  readonly Node?: string
  readonly CheckID?: string
  readonly Status?: string
  readonly [field: string]: unknown
}

/** A row as Consul has it, alive and well unless it says otherwise. */
export function row(given: Row = {}): Row {
  const fixed = { Node: 'n1', CheckID: 'serfHealth', Name: 'Serf', Status: 'passing', Notes: '', Output: '' }
  return { ...fixed, ServiceID: '', ServiceName: '', ServiceTags: [], ModifyIndex: 1, ...given }
}

/** What Consul sends with its rows. */
export function headersOf(index: string | number, more: Record<string, string> = {}): Record<string, string> {
  const consul = { 'x-consul-index': String(index), 'x-consul-knownleader': 'true', 'x-consul-lastcontact': '0' }
  return { 'content-type': 'application/json', ...consul, ...more }
}

export function send(response: ServerResponse, index: string | number, rows: readonly Row[], more = {}): void {
  response.writeHead(200, headersOf(index, more)).end(JSON.stringify(rows))
}
