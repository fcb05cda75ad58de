import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:http'
import { describe, expect, test } from 'vitest'
import { createLiveLog } from '../../src/engine/live-log.ts'
import { sendEvents } from '../../src/http/events.ts'
import { serve } from '../../src/http/server.ts'
import { bob, judgmentStage, wanted } from '../core/world.ts'
import { silent } from '../engine/quiet.ts'
import { useRedis } from '../engine/redis.ts'
import { links, useWeb } from './web.ts'

const here = useRedis()
const web = useWeb(here)
const evil = '<script>alert(1)</script>'
const request = (id: string, change = {}) => here.store.request(wanted({ id, ...change }), id)
const key = (page: string, lasts = 60_000) => links.sign('link', page, here.now() + lasts)
const proxied = (email: string) => ({ headers: { 'x-forwarded-email': email } })
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
    const old = key('/runs/r1')
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

describe('what a page says besides', () => {
  const asWho = { headers: { cookie: '' } }
  const opened = async (id: string, path = '') => {
    const given = (await web.get(`/runs/${id}?key=${key(`/runs/${id}`)}`)).headers.get('set-cookie') ?? ''
    asWho.headers.cookie = given.split(';')[0] ?? ''
    return (await web.get(`/runs/${id}${path}`, asWho)).text()
  }

  test('a plan of settings is there as that of Terraform, with its values as text', async () => {
    const stage = { id: 'kv.plan', kind: 'kv.plan', input: {}, after: [], onFailure: 'halt' } as const
    await request('r1', { environment: null, stages: [stage] })
    const text = `app: 1 to add.\n\n=== dc1 ===\n+ config/app/a ${JSON.stringify(evil)}\n`
    await web.parts.artifacts.of('r1').put('kv-plan.txt', Buffer.from(text))
    const worker = { id: 'w', machine: 'm', host: 'h' }
    await here.store.tell('r1', { type: 'stage.started', stage: 'kv.plan', attempt: 1, worker })
    const output = { headline: '1 to add in dc1', files: ['kv-plan.txt'], needsApply: true }
    const outcome = { kind: 'succeeded', output } as const
    await here.store.tell('r1', { type: 'stage.ended', stage: 'kv.plan', attempt: 1, outcome })
    const page = await opened('r1', '/plan')
    expect(page).toContain('1 to add in dc1')
    expect(page).toContain('<span class="create">+ config/app/a')
    expect(page).not.toContain(evil)
  })

  test('a judgment that nobody made in time expired: it was not denied', async () => {
    await request('r1', { environment: null, stages: [{ ...judgmentStage({ show: null }), after: [] }] })
    const stage = (await here.store.execution('r1'))?.stages[0]
    expect(stage?.dueAt).toBeTypeOf('number')
    here.clock.now = Number(stage?.dueAt) + 1
    await here.store.tell('r1', { type: 'judgment.due', stage: stage?.id ?? '', attempt: stage?.attempt ?? 0 })
    const page = await opened('r1')
    expect(page).toContain('<td>expired</td>')
    expect(page).not.toContain('not approved')
  })

  test('what is part of another execution says of which', async () => {
    await request('r1', { parent: { execution: 'p-1', stage: 'x', line: evil, actor: bob } })
    const page = await opened('r1')
    expect(page).toContain('Part of <code>&lt;script&gt;')
    expect(page).toContain('(p-1)')
  })

  test('what was asked for under break glass says so, on its page and in the list', async () => {
    await request('r1', { glass: [{ id: 'bg-1', by: 'T01TEAM/U02BOB' }] })
    await request('r2')
    expect(await opened('r1')).toContain('Asked for under break glass bg-1 of @U02BOB.')
    expect(await opened('r2')).not.toContain('break glass')
    const list = await (await web.get(`/runs?key=${key('/runs')}`)).text()
    expect(list.match(/break glass/g)).toHaveLength(1)
  })
})

test('nothing is sent, and no place is kept, for who went while it was looked whether he may look', async () => {
  await request('r1')
  const first = await here.store.execution('r1')
  if (!first) throw new Error('no execution')
  const parts = { ...here, artifacts: web.parts.artifacts, progressOf: async () => [] }
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
  const parts = { ...here, artifacts: web.parts.artifacts, progressOf: async () => [] }
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
