import { afterEach, expect, test, vi } from 'vitest'
import { send } from '../../src/tools/http/send.ts'

afterEach(() => vi.unstubAllGlobals())

/** The network fails as it says; nothing on one machine makes it fail so. */
async function failing(error: object) {
  const tries: unknown[] = []
  const broken = async (url: unknown) => {
    tries.push(url)
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('it broke'), error) })
  }
  vi.stubGlobal('fetch', broken)
  const settings = { expect: ['2xx'], again: false, retries: 2, wait: 1, timeout: 10_000 }
  const request = { method: 'POST', url: 'http://far.example/hook', headers: {}, body: '{}', ...settings }
  const result = await send(request, new AbortController().signal, () => {})
  return { result, tries: tries.length }
}

test.each([
  ['a connection that was never made', { code: 'EHOSTUNREACH', syscall: 'connect' }, { sent: false, tries: 3 }],
  ['a name that is not found', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }, { sent: false, tries: 3 }],
  ['the way lost after it was sent', { code: 'EHOSTUNREACH', syscall: 'read' }, { sent: true, tries: 1 }],
  ['the network gone while it is sent', { code: 'ENETUNREACH', syscall: 'write' }, { sent: true, tries: 1 }],
])('what may not be sent twice: %s', async (_, error, { sent, tries }) => {
  const found = await failing(error)
  expect([found.result, found.tries]).toMatchObject([{ kind: 'broken', sent, tries }, tries])
})
