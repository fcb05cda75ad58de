import { afterEach, expect, test } from 'vitest'
import { ConfigError } from '../../src/errors.ts'
import { serveDetails } from '../../src/monitors/serve.ts'

const TOKEN = 'a-token-of-the-monitors'
const pages = new Map([['/vault-audit', () => ({ status: 'passing' })]])
const running: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
})

async function served(token: string | undefined, host = '127.0.0.1') {
  const server = await serveDetails({ host, port: 0, token }, pages)
  running.push(server)
  return (headers: Record<string, string> = {}, path = '/vault-audit', method = 'GET') =>
    fetch(`http://${host}:${server.port}${path}`, { method, headers })
}

test('where a token is set it is asked for, on loopback too, before anything else', async () => {
  const ask = await served(TOKEN)
  for (const authorization of ['', TOKEN, `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Basic ${TOKEN}`, 'Bearer']) {
    const answer = await ask(authorization ? { authorization } : {})
    expect(answer.status, authorization).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expect(await answer.text()).not.toMatch(/passing|a-token/)
  }
  expect((await ask({}, '/nothing')).status).toBe(401)
  const authorization = `Bearer ${TOKEN}`
  expect(await (await ask({ authorization })).json()).toEqual({ status: 'passing' })
  expect((await ask({ authorization }, '/nothing')).status).toBe(404)
  expect((await ask({ authorization }, '/vault-audit', 'POST')).status).toBe(404)
})

test('on loopback it may be without one, on any address of it', async () => {
  expect((await (await served(undefined))()).status).toBe(200)
  expect((await (await served(undefined, '127.0.0.2'))()).status).toBe(200)
})

test.each(['192.0.2.1', '0.0.0.0', '::', '::ffff:127.0.0.1'])(
  '%s without a token is refused before it listens',
  async (host) => {
    const start = serveDetails({ host, port: 0, token: undefined }, pages)
    await expect(start).rejects.toThrow(ConfigError)
    await expect(start).rejects.toThrow(/GROUNDCREW_MONITOR_TOKEN is not set, and http\.host is/)
  },
)
