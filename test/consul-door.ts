import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * An address in front of a Consul agent, at which transactions can be held back: what was sent is then with nobody, as when a worker dies
 * just before it is heard.
 */
export async function startDoor(target: string) {
  let passes = Number.POSITIVE_INFINITY
  let knocked: (() => void) | null = null
  const held: (() => void)[] = []
  const server = createServer((incoming, outgoing) => {
    const forward = () => {
      const { method, headers } = incoming
      const onward = request(new URL(incoming.url ?? '/', target), { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      })
      onward.on('error', () => outgoing.destroy())
      incoming.pipe(onward)
    }
    if (!incoming.url?.startsWith('/v1/txn') || passes-- > 0) return forward()
    held.push(forward)
    knocked?.()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Lets so many transactions pass and holds the next one; resolves when that knocks. */
    holdAfter(count: number): Promise<void> {
      passes = count
      return new Promise((resolve) => {
        knocked = resolve
      })
    },
    /** Those that were held are lost: whoever sent them is gone. */
    open(): void {
      passes = Number.POSITIVE_INFINITY
      held.length = 0
    },
    async stop(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
