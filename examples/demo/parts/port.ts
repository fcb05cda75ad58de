import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

const given = new Set<number>()

/**
 * A port nobody uses on 127.0.0.1, for TCP and UDP. It lies below the range from which systems take the ports of outgoing
 * connections, so that it stays free until it is used, and while a program restarts. No port is given out twice.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(15_000, 32_000)
    if (given.has(port) || !(await isFree(port)) || !(await isFreeForDatagrams(port))) continue
    given.add(port)
    return port
  }
  throw new Error('No free port between 15000 and 32000 on 127.0.0.1 was found in 200 attempts.')
}

/** Whether a program could listen on this TCP port of 127.0.0.1 now. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen({ port, host: '127.0.0.1', exclusive: true })
  const [bound] = await Promise.allSettled([once(server, 'listening')])
  if (bound.status === 'fulfilled') await once(server.close(), 'close')
  return bound.status === 'fulfilled'
}

/** The same, patient with somebody who only looks whether it is free, and with a program that is about to be gone. */
export async function isFreeSoon(port: number): Promise<boolean> {
  for (let tries = 0; tries < 20; tries++) {
    if (await isFree(port)) return true
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return false
}

async function isFreeForDatagrams(port: number): Promise<boolean> {
  const socket = createSocket('udp4').bind({ port, address: '127.0.0.1', exclusive: true })
  const [bound] = await Promise.allSettled([once(socket, 'listening')])
  socket.close()
  return bound.status === 'fulfilled'
}
