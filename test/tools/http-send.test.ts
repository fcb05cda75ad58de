import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { send } from '../../src/tools/http/send.ts'

const dir = mkdtempSync(join(tmpdir(), 'groundcrew-send-'))
const file = (name: string) => join(dir, name)
beforeAll(() => {
  const made = ['-newkey', 'rsa:2048', '-nodes', '-days', '5', '-subj', '/CN=private']
  const alt = ['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-addext', 'basicConstraints=critical,CA:FALSE']
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' })
  openssl('req', '-x509', ...made, '-keyout', file('ca.key'), '-out', file('ca.pem'))
  openssl(
    ...['req', '-x509', ...made, ...alt, '-keyout', file('key.pem'), '-out', file('cert.pem')],
    ...['-CA', file('ca.pem'), '-CAkey', file('ca.key')],
  )
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const open: { server: Server; sockets: Set<Socket> }[] = []
afterEach(() => {
  for (const { server, sockets } of open.splice(0)) {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
})

type Change = { again?: boolean; retries?: number; timeout?: number; headers?: Record<string, string> }

/** What is on the other side of the connection answers byte by byte, as no decent server would. */
async function against(answer: (socket: Socket, asked: string) => void, change: Change = {}, server = createServer()) {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const take = (socket: Socket) => {
    sockets.add(socket.on('error', () => {}))
    socket.once('data', (text) => answer(socket, asked[asked.push(String(text)) - 1] ?? ''))
  }
  const secure = 'setSecureContext' in server
  server.on(secure ? 'secureConnection' : 'connection', take)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  open.push({ server, sockets })
  const url = `${secure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  return { asked, url, ...(await sendTo(url, change)) }
}

async function sendTo(url: string, change: Change = {}) {
  const said: string[] = []
  const settings = { expect: ['2xx'], again: false, retries: 2, wait: 1, timeout: 5_000, headers: {}, ...change }
  const request = { method: 'POST', url, body: '{}', ...settings }
  return { result: await send(request, new AbortController().signal, (line) => said.push(line)), said }
}
const http = (status: string, ...lines: string[]) =>
  ['HTTP/1.1 ', status, '\r\n', ...lines.map((line) => `${line}\r\n`), '\r\n'].join('')

test('what never left is sent anew, also by somebody who may not send twice: nobody there, and a name that is none', async () => {
  const refused = await sendTo('http://127.0.0.1:1/')
  expect(refused.result).toMatchObject({ kind: 'broken', sent: false, tries: 3 })
  const nameless = await sendTo('http://no.such.invalid/')
  expect(nameless.result).toMatchObject({ kind: 'broken', sent: false, tries: 3 })
})

test('a certificate that nobody here knows: nothing was sent, so that nothing is unknown', async () => {
  const tls = createTlsServer({ key: readFileSync(file('key.pem')), cert: readFileSync(file('cert.pem')) })
  const { result, asked } = await against(() => {}, { retries: 0 }, tls)
  expect(result).toMatchObject({
    kind: 'broken',
    sent: false,
    why: expect.stringMatching(/no connection: unable to verify/),
  })
  expect(asked).toEqual([])
})

test('a certificate of an authority that the worker knows: by its address and by its name', async () => {
  const tls = createTlsServer({ key: readFileSync(file('key.pem')), cert: readFileSync(file('cert.pem')) })
  tls.on('secureConnection', (socket) => {
    socket
      .on('error', () => {})
      .once('data', (asked) => {
        const host = /^host: (.*)$/im.exec(String(asked))?.[1]
        socket.end(
          `${http('200 OK')}${JSON.stringify({ host, name: socket.servername, path: String(asked).split(' ')[1] })}`,
        )
      })
  })
  await once(tls.listen(0, '127.0.0.1'), 'listening')
  open.push({ server: tls, sockets: new Set() })
  const { port } = tls.address() as AddressInfo
  for (const host of ['127.0.0.1', 'localhost']) {
    const request = {
      method: 'POST',
      url: `https://${host}:${port}/hook?a=1`,
      body: '{}',
      headers: {},
      expect: ['2xx'],
    }
    writeFileSync(
      file('request.json'),
      JSON.stringify({ ...request, again: false, retries: 0, wait: 1, timeout: 5_000 }),
    )
    const env = { PATH: process.env.PATH ?? '', NODE_EXTRA_CA_CERTS: file('ca.pem') }
    const { stdout } = await promisify(execFile)(process.execPath, ['src/tools/http/call.ts', file('request.json')], {
      env,
    })
    const { kind, text } = JSON.parse(stdout.split('result: ')[1] ?? '')
    expect([kind, JSON.parse(text)]).toEqual([
      'answered',
      { host: `${host}:${port}`, name: host === 'localhost' ? host : false, path: '/hook?a=1' },
    ])
  }
})

test('https to what speaks no TLS: nothing was sent either, and it is said in one line', async () => {
  const { url } = await against((socket) => socket.end(http('200 OK')))
  const { result } = await sendTo(url.replace('http:', 'https:'), { retries: 0 })
  expect(result).toEqual({
    ...{ kind: 'broken', sent: false, tries: 1, canceled: false },
    why: 'There was no connection: wrong version number',
  })
})

test.each([
  ['a broken connection', (socket: Socket) => socket.destroy(), /^The connection broke: /],
  [
    'something that is not HTTP',
    (socket: Socket) => socket.write('EHLO\r\n\r\n'),
    /^The connection broke: Expected HTTP/,
  ],
  [
    'another protocol',
    (socket: Socket) => socket.write(http('101 S', 'upgrade: x', 'connection: upgrade')),
    /\(101\)$/,
  ],
  ['headers without an end', (socket: Socket) => socket.write(http('200 OK', `x: ${'a'.repeat(100_000)}`)), /overflow/],
])('%s after it was sent: it may have been taken, and is not sent again', async (_, answer, why) => {
  const { result, asked } = await against(answer)
  expect(result).toMatchObject({ kind: 'broken', sent: true, tries: 1, why: expect.stringMatching(why) })
  expect(asked).toHaveLength(1)
})

test.each([
  ['breaks off', (socket: Socket) => socket.end(`${http('200 OK', 'content-length: 99')}{"id"`)],
  ['is no chunk', (socket: Socket) => socket.write(`${http('200 OK', 'transfer-encoding: chunked')}zz\r\nx`)],
])('an answer that %s says all the same that it was taken', async (_, answer) => {
  const { result, said } = await against(answer)
  expect(result).toMatchObject({ kind: 'answered', status: 200, expected: true, tries: 1 })
  expect(said.join('\n')).toMatch(/answered 200\nthe end of its answer never came: /)
})

test('what may be sent twice is asked again for the end of its answer', async () => {
  let tries = 0
  const { result } = await against(
    (socket) => socket.end(`${http('200 OK', 'content-length: 8')}${tries++ === 0 ? '{"id"' : '{"id":7}'}`),
    { again: true },
  )
  expect(result).toMatchObject({ kind: 'answered', text: '{"id":7}', tries: 2 })
})

test.each(['315360000', new Date(Date.now() + 3.2e11).toUTCString()])(
  'where it is asked to wait longer than there is time (%s), it ends at once with that answer',
  async (after) => {
    const { result, said } = await against((socket) => socket.end(`${http('429 No', `retry-after: ${after}`)}slowly`), {
      again: true,
    })
    expect(result).toEqual({ kind: 'answered', status: 429, expected: false, text: 'slowly', tries: 1 })
    expect(said.at(-1)).toMatch(/^the next try would be in \d+ s, after its time is over$/)
  },
)

test('headers of the site take the place of ours in any case of their letters, and a redirect to nowhere is one', async () => {
  const headers = {
    accept: 'application/json',
    'content-type': 'application/json',
    'Content-Type': 'application/vnd.x+json',
  }
  const { result, asked } = await against((socket) => socket.end(http('302 Found', 'location: http://[bad')), {
    headers,
  })
  expect(asked[0]?.match(/^content-type: .*$/gim)).toEqual(['Content-Type: application/vnd.x+json'])
  expect(result).toMatchObject({ status: 302, expected: false, text: expect.stringMatching(/an address that is none/) })
})
