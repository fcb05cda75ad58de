import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export const OWN_TOKEN = 'stand-in-token'

export type StandIn = {
  readonly url: string
  /** What each path answers under `data`, with the method before it: `POST auth/token/lookup-accessor a1`. */
  readonly answers: Map<string, object>
  readonly asked: string[]
  /** Status for everything from now on; 0 answers as usual. */
  fail: number
  stop(): void
}

/** A small HTTP stand-in for Vault's token endpoints: it is not Vault, and answers what a test puts into it; everything else is a 403. */
export async function standInForVault(): Promise<StandIn> {
  const answers = new Map<string, object>([['GET auth/token/lookup-self', {}]])
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray()
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {}
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
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const standIn: StandIn = {
    url: `http://127.0.0.1:${port}`,
    answers,
    asked,
    fail: 0,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
  return standIn
}
