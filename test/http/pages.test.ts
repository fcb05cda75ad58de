import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:http'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import type { Execution } from '../../src/core/execution.ts'
import { createLiveLog } from '../../src/engine/live-log.ts'
import { sendEvents } from '../../src/http/events.ts'
import { runRoutes } from '../../src/http/runs.ts'
import { serve } from '../../src/http/server.ts'
import { wanted } from '../core/world.ts'
import { silent } from '../engine/quiet.ts'
import { useRedis } from '../engine/redis.ts'
import { links, useWeb } from './web.ts'

const here = useRedis()
const web = useWeb(here)
const evil = '<script>alert(1)</script>'
const request = (id: string, change = {}) => here.store.request(wanted({ id, ...change }), id)
const key = (page: string, lasts = 7_200_000) => links.sign('link', page, here.now() + lasts)
const proxied = (email: string) => ({ headers: { 'x-forwarded-email': email } })
/** What a page is made of beside the execution itself: nothing. */
const drawnAs = async (execution: Execution) => {
  const related = { children: new Map(), parent: null, retries: null, steps: [] }
  return { execution, progress: [], environment: null, related, quietAfter: 300_000, now: here.now() }
}
const namesOf = async () => new Map<string, string>()
const people = { 'Alice@example.com': 'U01ALICE', 'carol@example.com': 'U03CAROL' }
const listed = { proxy_header: 'X-Forwarded-Email', proxies: ['127.0.0.1'], people }

describe('who may look', () => {
  test('a link gives a session for its page alone: HttpOnly, Strict, short', async () => {
    await request('r1')
    await request('r2')
    const response = await web.get(`/runs/r1?key=${key('/runs/r1')}`)
    expect(response.status).toBe(200)
    const cookie = response.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/; Path=\/runs\/r1; Max-Age=3600; HttpOnly; SameSite=Strict$/)
    const headers = { cookie: cookie.split(';')[0] ?? '' }
    expect((await web.get('/runs/r1/plan', { headers })).status).toBe(200)
    expect((await web.get('/runs/r2', { headers })).status).toBe(403)
    expect((await web.get('/runs', { headers })).status).toBe(403)
    here.clock.now += 3_600_000
    expect((await web.get('/runs/r1', { headers })).status).toBe(403)
  })

  test('an old link is refused with what to do, as a page, and says nothing of the execution', async () => {
    await request('r1')
    const old = key('/runs/r1', 60_000)
    here.clock.now += 60_000
    const response = await web.get(`/runs/r1?key=${old}`)
    expect(response.status).toBe(403)
    const text = await response.text()
    expect(text).toContain('Open the page again from its message')
    expect(text).not.toContain('loadtest')
    expect((await web.get('/runs/no-such')).status).toBe(403)
  })

  test('whom a listed proxy names sees what the same person may see in chat', async () => {
    await request('r1')
    await web.open(listed)
    expect((await web.get('/runs', proxied('alice@EXAMPLE.com'))).status).toBe(200)
    expect((await web.get('/runs/r1', proxied('alice@example.com'))).status).toBe(200)
    expect((await web.get('/runs/r1', proxied('carol@example.com'))).status).toBe(403)
    expect((await web.get('/runs/r1', proxied('eve@example.com'))).status).toBe(403)
    expect((await web.get('/runs/r1', proxied('alice@example.com, carol@example.com'))).status).toBe(403)
    expect((await web.get('/runs/r1')).status).toBe(403)
  })

  test('the list gives whom a proxy names no link that opens what he may not see himself', async () => {
    await request('r1')
    await web.open(listed, [{ commands: ['runs list'] }])
    const list = await (await web.get('/runs', proxied('alice@example.com'))).text()
    const href = /href="(\/runs\/r1[^"]*)"/.exec(list)?.[1] ?? ''
    expect(href).toBe('/runs/r1')
    expect((await web.get(href, proxied('alice@example.com'))).status).toBe(403)
    expect((await web.get(href)).status).toBe(403)
  })

  test('people have their names of Slack in pages, and are found by them; whom nobody knows stays an id', async () => {
    await request('r1')
    const bob = { kind: 'slack', team: 'T01GROUNDCREW', user: 'U02BOB' } as const
    await request('r2', { actor: bob, line: `say ${evil} @U01ALICE` })
    await web.open(listed)
    const read = async (path: string) => (await web.get(path, proxied('alice@example.com'))).text()
    const [list, own, other] = [await read('/runs'), await read('/runs?who=@alice'), await read('/runs/r2')]
    expect([list.includes('@alice'), list.includes('@U02BOB'), list.includes('>@U01ALICE')]).toEqual([
      true,
      true,
      false,
    ])
    expect([own.includes('/runs/r1'), own.includes('/runs/r2')]).toEqual([true, false])
    expect(other).toContain('asked by @U02BOB')
    expect(other).toContain('&lt;script&gt;alert(1)&lt;/script&gt; @alice')
  })

  test('a second header of the name counts for nothing, also of a name of which HTTP knows only one', async () => {
    await request('r1')
    await web.open({ ...listed, proxy_header: 'From' })
    const asked = async (...names: string[]) => {
      const headers = ['Host', 'localhost', ...names.flatMap((name) => ['From', name])]
      const sent = get({ port: web.served.port, host: '127.0.0.1', path: '/runs/r1', headers })
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      response.resume()
      return response.statusCode
    }
    expect(await asked('alice@example.com')).toBe(200)
    expect(await asked('alice@example.com', 'carol@example.com')).toBe(403)
  })

  test.each([['192.0.2.1'], ['10.0.0.0/8'], ['::1']])('from %s alone: this address is not believed', async (proxy) => {
    await request('r1')
    await web.open({ ...listed, proxies: [proxy] })
    expect((await web.get('/runs/r1', proxied('alice@example.com'))).status).toBe(403)
  })

  test('a block of addresses may be listed', async () => {
    await request('r1')
    await web.open({ ...listed, proxies: ['127.0.0.0/8'] })
    expect((await web.get('/runs/r1', proxied('alice@example.com'))).status).toBe(200)
  })

  test('a header without proxies, a path in the address and a role that is none are refused in the site', async () => {
    await expect(web.open({ proxy_header: 'X-User' })).rejects.toThrow(/belong together/)
    await expect(web.open({ public_url: 'https://crew/x' })).rejects.toThrow(/without a path/)
    await expect(web.open({ operators: ['nobody'] })).rejects.toThrow(/no role/)
  })
})

describe('the list', () => {
  const listOf = async (query = '') => (await web.get(`/runs?key=${key('/runs')}${query}`)).text()

  test('shows executions with links to their pages, newest first, and filters them', async () => {
    await request('r1')
    here.clock.now += 1000
    await request('r2', { line: 'deploy web', environment: null })
    const all = await listOf()
    expect([...all.matchAll(/href="\/runs\/(r\d)\?key=/g)].map((match) => match[1])).toEqual(['r2', 'r1'])
    const link = /href="(\/runs\/r2\?key=[^"]+)"/.exec(all)?.[1] ?? ''
    expect((await web.get(link)).status).toBe(200)
    expect(await listOf('&command=DEPLOY')).not.toContain('/runs/r1')
    expect(await listOf('&environment=loadtest')).not.toContain('/runs/r2')
    expect(await listOf('&status=succeeded')).not.toContain('/runs/r')
    expect(await listOf('&status=open&who=U01ALICE')).toContain('/runs/r1')
  })

  test('says that there is none, and which filter it does not know', async () => {
    expect(await listOf()).toContain('There is no execution yet.')
    await request('r1', { environment: 'image:base', stages: [] })
    expect(await listOf('&who=nobody')).toContain('None of the newest 1 is like that.')
    expect(await listOf(`&status=${encodeURIComponent(evil)}`)).toContain('There is no status &lt;script&gt;')
    expect(await listOf('&environment=the%20image%20base')).toContain('/runs/r1')
  })

  test('a person is found by the name that the site knows him by', async () => {
    await request('r1')
    await web.open(listed)
    const found = async (who: string) => (await web.get(`/runs?who=${who}`, proxied('alice@example.com'))).text()
    expect(await found('alice')).toContain('/runs/r1')
    expect(await found('carol')).not.toContain('/runs/r1')
  })

  test('what people typed is text, in the list, in the fields and on the page', async () => {
    await request('r1', { line: evil })
    for (const text of [
      await listOf(`&command=${encodeURIComponent(evil)}`),
      await (await web.get(`/runs/r1?key=${key('/runs/r1')}`)).text(),
    ]) {
      expect(text).toContain('&lt;script&gt;alert(1)')
      expect(text).not.toContain(evil)
    }
  })
})

describe('the events of a page', () => {
  test('are its changing part, then the log from where it was, then its end', async () => {
    await request('r1', {
      environment: null,
      stages: [{ id: 'say', kind: 'script', input: {}, after: [], onFailure: 'halt' }],
    })
    const worker = { id: 'w', machine: 'm', host: 'h' }
    await here.store.tell('r1', { type: 'stage.started', stage: 'say', attempt: 1, worker })
    const live = createLiveLog(here.redis, here.keys, silent)
    const name = { execution: 'r1', stage: 'say', attempt: 1 }
    live.add(name, evil, (text) => text)
    const cookie = (await web.get(`/runs/r1?key=${key('/runs/r1')}`)).headers.get('set-cookie') ?? ''
    const headers = { cookie: cookie.split(';')[0] ?? '' }
    const response = await web.get('/runs/r1/events?stage=say&attempt=1', { headers })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    let text = ''
    const decoder = new TextDecoder()
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const until = async (what: string) => {
      while (!text.includes(what)) {
        const { value, done } = await reader.read()
        if (done) throw new Error(`It ended without ${what}: ${text}`)
        text += decoder.decode(value, { stream: true })
      }
    }
    await until('event: log')
    expect(text).toContain(JSON.stringify({ from: 1, text: evil }))
    expect(text).toMatch(/event: now\ndata: \{"html":"<header/)
    live.add(name, 'second', (each) => each)
    await live.end(name)
    await until('second')
    const outcome = { kind: 'succeeded', output: {} } as const
    await here.store.tell('r1', { type: 'stage.ended', stage: 'say', attempt: 1, outcome })
    await until('event: end')
    await until('event: over')
    const raw = await web.get('/runs/r1/log?stage=say', { headers })
    expect(raw.headers.get('content-type')).toContain('text/plain')
    expect(await raw.text()).toContain(evil)
    expect((await web.get('/runs/r1/log?stage=none', { headers })).status).toBe(404)
    expect((await web.get('/runs/r1/files/stack', { headers })).status).toBe(404)
  })
})

test('whoever asks by HEAD whether he may look gets no events and keeps no place', async () => {
  await request('r1')
  const given = await web.get(`/runs/r1/events?key=${key('/runs/r1')}`, { method: 'HEAD' })
  expect(given.status).toBe(200)
  expect(await given.text()).toBe('')
  expect((await web.get('/runs/r1/events', { method: 'HEAD' })).status).toBe(403)
  const refused = await web.get('/runs/r1', { method: 'POST' })
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})

test('without Redis a page says so, and who typed an address that is none gets a page', async () => {
  const gone = new Redis(here.url)
  gone.disconnect()
  const access = { parts: web.parts, links, metricsToken: undefined }
  const { artifacts } = web.parts
  const routes = runRoutes({ access, ...here, redis: gone, artifacts, progressOf: async () => [], namesOf })
  const served = await serve(routes, { host: '127.0.0.1', port: 0 }, silent)
  const got = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${served.port}${path}`, { headers: { accept: 'text/html' } })
    return [response.status, await response.text()]
  }
  for (const path of ['/runs', '/runs/r1', '/runs/r1/events'])
    expect(await got(`${path}?key=${key(path.replace('/events', ''))}`)).toEqual([
      503,
      expect.stringContaining('is away'),
    ])
  expect(await got('/')).toEqual([404, expect.stringContaining('<!doctype html>')])
  await served.stop()
})

test('nothing is sent, and no place is kept, for who went while it was looked whether he may look', async () => {
  await request('r1')
  const first = await here.store.execution('r1')
  if (!first) throw new Error('no execution')
  const parts = { ...here, artifacts: web.parts.artifacts, viewOf: drawnAs, namesOf }
  let over = () => {}
  const ended = new Promise<void>((resolve) => {
    over = resolve
  })
  const late = {
    ...{ method: 'GET' as const, path: /^\/late$/ },
    async answer(exchange: Parameters<typeof sendEvents>[1]) {
      await once(exchange.response, 'close')
      await sendEvents(parts, exchange, first, here.now() + 3_600_000)
      over()
    },
  }
  const served = await serve([late], { host: '127.0.0.1', port: 0 }, silent)
  const asked = get({ port: served.port, host: '127.0.0.1', path: '/late' }).on('error', () => {})
  await once(asked, 'socket')
  asked.socket?.on('connect', () => setTimeout(() => asked.destroy(), 50))
  await ended
  await served.stop()
})

test('who reads nothing loses his place when his time is over', async () => {
  const stages = [{ id: 'say', kind: 'script', input: {}, after: [], onFailure: 'halt' }] as const
  await request('r1', { environment: null, stages })
  const worker = { id: 'w', machine: 'm', host: 'h' }
  await here.store.tell('r1', { type: 'stage.started', stage: 'say', attempt: 1, worker })
  const first = await here.store.execution('r1')
  if (!first) throw new Error('no execution')
  const name = { execution: 'r1', stage: 'say', attempt: 1 }
  const live = createLiveLog(here.redis, here.keys, silent)
  for (let at = 0; at < 8_000; at++) live.add(name, 'x'.repeat(1000), (text) => text)
  await live.end(name)
  const parts = { ...here, artifacts: web.parts.artifacts, viewOf: drawnAs, namesOf }
  let over = () => {}
  const ended = new Promise<void>((resolve) => {
    over = resolve
  })
  const deaf = {
    ...{ method: 'GET' as const, path: /^\/deaf$/ },
    async answer(exchange: Parameters<typeof sendEvents>[1]) {
      await sendEvents(parts, exchange, first, here.now() + 500)
      over()
    },
  }
  const served = await serve([deaf], { host: '127.0.0.1', port: 0 }, silent)
  const asked = get({ port: served.port, host: '127.0.0.1', path: '/deaf?stage=say' })
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  response.on('error', () => {}).pause()
  await ended
  asked.destroy()
  await served.stop()
})
