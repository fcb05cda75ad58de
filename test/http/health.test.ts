import { once } from 'node:events'
import { request } from 'node:http'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { startRedis } from '../../examples/demo/parts.ts'
import { startHeartbeat } from '../../src/engine/workers.ts'
import { healthRoute, readyRoute } from '../../src/http/health.ts'
import { redisLook, workersLook } from '../../src/http/ready.ts'
import { serve } from '../../src/http/server.ts'
import { silent } from '../engine/quiet.ts'
import { useRedis } from '../engine/redis.ts'
import { TOKEN, useWeb } from './web.ts'

const here = useRedis()
const web = useWeb(here)
const worker = { id: 'w1', machine: 'm1', host: 'builder-1', labels: [] }

async function ready() {
  const response = await web.get('/readyz')
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function beating(work: () => Promise<void>): Promise<void> {
  here.clock.now = Date.now()
  const heart = startHeartbeat(here.redis, here.keys, worker, 20_000, silent)
  await heart.first
  await work().finally(heart.stop)
}

test('/healthz says that the process lives, and how late its event loop turned', async () => {
  const response = await web.get('/healthz')
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ ok: true, uptime: expect.any(Number) })
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
})

describe('/readyz', () => {
  test('is 200 with Slack, Redis and a worker, each with its state and age, and names no host', async () => {
    await beating(async () => {
      const { status, body } = await ready()
      expect(status).toBe(200)
      expect(body).toMatchObject({
        ready: true,
        slack: { ready: true, state: 'connected', age: 1 },
        redis: { ready: true, state: 'answers', age: expect.any(Number) },
        workers: { ready: true, state: '1 alive', age: expect.any(Number) },
      })
      expect(JSON.stringify(body)).not.toContain('builder-1')
    })
  })

  test('is 503 while no worker lives, and while Slack does not reach us', async () => {
    expect(await ready()).toMatchObject({
      status: 503,
      body: { workers: { ready: false, state: '0 alive', age: null } },
    })
    await beating(async () => {
      web.slack = { ready: false, state: 'reconnecting', age: 7 }
      expect(await ready()).toMatchObject({
        status: 503,
        body: { ready: false, slack: { state: 'reconnecting', age: 7 } },
      })
      here.clock.now += 21_000
      web.slack = { ready: true, state: 'connected', age: 1 }
      expect(await ready()).toMatchObject({ status: 503, body: { workers: { ready: false, age: expect.any(Number) } } })
    })
  })

  test('says at once since when Redis is away, and how old the last word of a worker is', async () => {
    const part = await startRedis({ dir: join(here.dir, 'redis') })
    const redis = new Redis(part.url, { retryStrategy: () => 20 }).on('error', () => {})
    await once(redis, 'ready')
    const known = async () => [{ id: 'w', host: 'h', alive: true, age: 3_000 }]
    const connection = redisLook(redis, here.now)
    const workers = workersLook(known, redis, here.now)
    expect(await connection.look()).toEqual({ ready: true, state: 'answers', age: 0 })
    expect(await workers()).toEqual({ ready: true, state: '1 alive', age: 3 })
    const closes = () => new Promise((resolve) => redis.once('close', resolve))
    const closed = closes()
    await part.stop()
    await closed
    for (const seconds of [5, 6]) {
      here.clock.now += seconds * 1000
      await closes() // each try to reach it closes a connection again
    }
    expect(await connection.look()).toEqual({ ready: false, state: expect.any(String), age: 11 })
    expect(await workers()).toEqual({ ready: false, state: 'not known without Redis', age: 14 })
    connection.stop()
    redis.disconnect()
  })

  test('is 503, and answers, where a part does not answer or throws', async () => {
    const looks = {
      hangs: () => new Promise<never>(() => {}),
      throws: () => {
        throw new Error('MOVED 7 10.0.0.3:6379')
      },
    }
    const served = await serve([healthRoute(), readyRoute(looks)], { host: '127.0.0.1', port: 0 }, silent)
    const response = await fetch(`http://127.0.0.1:${served.port}/readyz`)
    expect(response.status).toBe(503)
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({ hangs: { state: 'no answer' }, throws: { ready: false, state: 'fails' } })
    expect(text).not.toContain('10.0.0.3')
    await served.stop()
  })
})

describe('what only whoever runs it may see', () => {
  const paths = ['/metrics', '/queues', '/queues/api/queues']

  test.each(paths)('%s is open on this machine itself', async (path) => {
    expect((await web.get(path)).status).toBe(200)
  })

  test.each(paths)('%s is closed to what a proxy hands on, and to a page of another name', async (path) => {
    expect((await web.get(path, { headers: { 'x-forwarded-for': '10.0.0.1' } })).status).toBe(403)
    const status = await new Promise((resolve) => {
      const asked = request({ port: web.served.port, host: '127.0.0.1', path, headers: { host: 'evil.example' } })
      asked.on('response', (response) => resolve(response.resume().statusCode)).end()
    })
    expect(status).toBe(403)
  })

  test('with a public address only the token opens it', async () => {
    await web.open({ public_url: 'https://crew.example.com' })
    expect((await web.get('/metrics')).status).toBe(403)
    expect((await web.get('/metrics', { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200)
    expect((await web.get('/metrics', { headers: { authorization: 'Bearer another-one-of-length' } })).status).toBe(403)
  })

  test.each(paths)(
    '%s is closed on this machine where a proxy may stand, which hands on no trace of itself',
    async (path) => {
      await web.open({ proxy_header: 'X-Forwarded-Email', proxies: ['127.0.0.1'] })
      expect((await web.get(path)).status).toBe(403)
      expect((await web.get(path, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200)
      await web.open({ proxy_header: 'X-Forwarded-Email', proxies: ['10.0.0.0/8'] })
      expect((await web.get(path)).status).toBe(200)
    },
  )

  test('roles that the site lists see the queues through the proxy, others do not', async () => {
    const people = { 'alice@example.com': 'U01ALICE', 'carol@example.com': 'U03CAROL' }
    await web.open({ proxy_header: 'X-Forwarded-Email', proxies: ['127.0.0.0/8'], people, operators: ['engineers'] })
    const as = (email: string) => web.get('/queues', { headers: { 'x-forwarded-email': email, via: 'proxy' } })
    expect((await as('alice@example.com')).status).toBe(200)
    expect((await as('carol@example.com')).status).toBe(403)
    expect((await as('nobody@example.com')).status).toBe(403)
  })

  test('the board shows the queue, loads nothing from elsewhere, and changes nothing', async () => {
    const response = await web.get('/queues/')
    expect(await response.text()).toContain('Groundcrew')
    expect(response.headers.get('content-security-policy')).toContain("script-src 'self';")
    const { queues } = (await (await web.get('/queues/api/queues')).json()) as { queues: object[] }
    expect(queues).toMatchObject([{ name: here.keys.queue, readOnlyMode: true }])
    const path = `/queues/api/queues/${here.keys.queue}/pause`
    expect((await web.get(path, { method: 'PUT' })).status).toBe(405)
    expect((await web.get(path, { method: 'POST' })).status).toBe(405)
  })
})

test('an error of ours is told by an id and nothing else', async () => {
  const broken = {
    method: 'GET' as const,
    path: /^\/broken$/,
    answer: () => Promise.reject(new Error('a secret thing')),
  }
  const lines: object[] = []
  const log = { ...silent, error: (line: object) => lines.push(line), info: () => {} } as never
  const served = await serve([broken, { ...broken, path: /^\/page$/, page: true }], { host: '127.0.0.1', port: 0 }, log)
  for (const path of ['/broken', '/page']) {
    const response = await fetch(`http://127.0.0.1:${served.port}${path}`)
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).not.toContain('secret')
    expect(lines.at(-1)).toMatchObject({ error: /error (\w{8})/.exec(text)?.[1] })
  }
  await served.stop()
})
