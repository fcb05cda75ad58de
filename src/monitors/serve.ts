import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export const LOOPBACK = '127.0.0.1'

/** `GET /vault-audit` and `GET /token-expiry` as JSON, on loopback only: counts and names, with no token, accessor, data or header in them. */
export async function serveDetails(
  port: number,
  pages: ReadonlyMap<string, () => unknown>,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const page = request.method === 'GET' ? pages.get(request.url ?? '') : undefined
    response.writeHead(page ? 200 : 404, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(JSON.stringify(page ? page() : { error: `There is only GET ${[...pages.keys()].join(', ')}.` }))
  })
  server.listen(port, LOOPBACK)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}
