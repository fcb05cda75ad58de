import { once } from 'node:events'
import { connect } from 'node:net'
import { resolve } from 'node:path'
import { freePort } from './port.ts'
import { findProgram, type Part, type StartOptions, startProgram } from './program.ts'

/** Redis as production must run it: an append-only file synced on every write, and no key ever evicted. */
export async function startRedis(options: StartOptions): Promise<Part> {
  const port = options.port ?? (await freePort())
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--dir', resolve(options.dir), '--daemonize', 'no']
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction', '--save', '']
  return startProgram(
    {
      name: 'redis-server',
      file: findProgram('redis-server'),
      args: [...args, ...durable],
      port,
      url: `redis://127.0.0.1:${port}`,
      ready: () => answersPing(port),
    },
    options,
  )
}

/** `+PONG`, and not `-LOADING`: it has read its file. */
async function answersPing(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    socket.end('PING\r\n')
    const [answer] = await once(socket, 'data')
    return String(answer).startsWith('+PONG')
  } finally {
    socket.destroy()
  }
}
