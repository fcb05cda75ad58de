// The app: says which version it is on / and how it is on /health. HOST and PORT say where (0 takes a free port).
// /connections says how many requests are under way, for whoever waits until they have ended; /slow?ms=5000 is one that takes long.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const { version, base, broken } = JSON.parse(readFileSync(new URL('config.json', import.meta.url), 'utf8'))
const { HOST = '127.0.0.1', PORT = '0', BAKING } = process.env
const sick = broken === 'bake' || (broken === 'deploy' && !BAKING)

let busy = 0

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://app')
  if (pathname === '/connections') return response.end(JSON.stringify({ connections: busy }))
  busy += 1
  response.once('close', () => {
    busy -= 1
  })
  if (pathname === '/slow') await sleep(Math.min(Number(searchParams.get('ms')) || 0, 60_000))
  const health = pathname === '/health'
  response.statusCode = health && sick ? 500 : 200
  response.setHeader('content-type', 'application/json')
  response.end(`${JSON.stringify(health ? { version, healthy: !sick } : { version, base })}\n`)
})

server.listen(Number(PORT), HOST, () => console.log(`app ${version} listens on ${HOST}:${server.address().port}`))

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  })
}
