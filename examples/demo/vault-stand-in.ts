import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export const OWN_TOKEN = 'stand-in-token'

export type StandIn = {
  readonly url: string
  /** What each path answers under `data`, with the method before it: `POST auth/token/lookup-accessor a1`. */
  readonly answers: Map<string, object>
  readonly asked: string[]
  /** Status for everything from now on; 0 answers as usual. */
  fail: number
  /** Status of sys/health: 200 is an active node, 429 a standby. */
  health: number
  stop(): void
}

/** Before the name of an answer that somebody outside sets: `PUT /stand-in/POST%20auth%2Ftoken%2Flookup-accessor%20a1`. */
const SET = '/stand-in/'

/** A small HTTP stand-in for Vault's token endpoints: it is not Vault, and answers what is put into it; everything else is a 403. */
export async function standInForVault(port = 0): Promise<StandIn> {
  const answers = new Map<string, object>([['GET auth/token/lookup-self', {}]])
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    if (request.url === '/v1/sys/health') return void response.writeHead(standIn.fail || standIn.health).end('{}')
    const body = await bodyOf(request)
    if (request.method === 'PUT' && request.url?.startsWith(SET)) {
      answers.set(decodeURIComponent(request.url.slice(SET.length)), body)
      return void response.writeHead(204).end()
    }
    const about = body.accessor ?? body.secret_id_accessor
    const key = [request.method, request.url?.replace('/v1/', ''), about].filter(Boolean).join(' ')
    asked.push(key)
    const isOwn = request.headers['x-vault-token'] === OWN_TOKEN
    const data = isOwn ? answers.get(key) : undefined
    const status = standIn.fail || (data ? 200 : 403)
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify(status === 200 ? { data } : { errors: ['1 error occurred:\n\t* permission denied\n\n'] }),
    )
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const { port: taken } = server.address() as AddressInfo
  const standIn: StandIn = {
    url: `http://127.0.0.1:${taken}`,
    answers,
    asked,
    fail: 0,
    health: 200,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
  return standIn
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks = await request.toArray()
  return chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {}
}
