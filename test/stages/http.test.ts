import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { siteSchema } from '../../src/core/site.ts'
import type { Json, StageKind } from '../../src/core/workflow.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { http, httpKind } from '../../src/stages/http.ts'
import { site, written } from '../core/sample-site.ts'
import { executionOf, KEY, only, ready, runnerOf, stageNow, workerOf } from '../engine/kinds.ts'
import { until, useRedis } from '../engine/redis.ts'

const here = useRedis()
const kinds = new Map([['http', httpKind as unknown as StageKind]])
const TOKEN = 'hunter2-hunter2'

type Answer = (request: IncomingMessage, response: ServerResponse, tries: number) => void
type Took = { method: string | undefined; headers: IncomingMessage['headers']; body: string }
const open: { close(): void }[] = []
afterEach(() => {
  for (const server of open.splice(0)) server.close()
})

/** Something outside that is called: a real server on loopback that answers as the test says. */
async function receiver(answer: Answer) {
  const took: Took[] = []
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    took.push({ method: request.method, headers: request.headers, body: Buffer.concat(parts).toString() })
    answer(request, response, took.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push({
    close() {
      server.closeAllConnections()
      server.close()
    },
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, took, server }
}

/** The call as the only stage of an execution, by a worker with the secret. */
async function calling(settings: object, given: { readonly body?: Json } = {}, variables: object = { TOKEN }) {
  const calls = siteSchema.parse({ ...written, calls: { pager: settings } }).calls
  const draft = http({ call: 'pager', ...given })
  const input = httpKind.plan(httpKind.input.parse(draft.input), { site: { ...site, calls }, environment: null })
  const hint = await ready(here, only('http', input))
  const worker = () =>
    runnerOf(here, workerOf('w1'), { kinds, variables: { PATH: process.env.PATH ?? '', ...variables } })
  return { hint, worker, done: () => worker().start(hint) }
}
const outcome = async () => (await stageNow(here)).outcome
const log = async () =>
  Buffer.from(await createArtifacts(here.redis, here.keys, KEY).of('r1').get('one-log.txt')).toString()

test('it sends its JSON with the headers of the site and a key, and gives what is answered, with no secret in it', async () => {
  const { url, took } = await receiver((request, response) =>
    response.end(JSON.stringify({ id: 7, files: ['/etc/passwd'], heard: request.headers.authorization })),
  )
  const settings = { url, headers: { 'X-Team': 'ops' }, secret_headers: { Authorization: 'TOKEN' } }
  await (await calling(settings, { body: { version: '1.4', deep: { one: 1 } } })).done()
  expect(took).toMatchObject([
    {
      method: 'POST',
      body: '{"version":"1.4","deep":{"one":1}}',
      headers: {
        authorization: TOKEN,
        'x-team': 'ops',
        'content-type': 'application/json',
        'idempotency-key': 'r1-one',
      },
    },
  ])
  expect(await outcome()).toEqual({
    kind: 'succeeded',
    output: { id: 7, heard: '***', status: 200, tries: 1, files: ['one-log.txt'] },
  })
  expect(`${await log()}${JSON.stringify(await executionOf(here))}`).not.toContain(TOKEN)
  expect(await log()).toMatch(/^POST http:.*\/hook\nanswered 200\n/)
  const left = readdirSync(here.dir, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
  expect(left.filter((each) => readFileSync(join(each.parentPath, each.name)).includes(TOKEN))).toEqual([])
})

describe('what it may send twice', () => {
  test('it sends anew after 503, 429 and a broken connection, always with the same key', async () => {
    const { url, took } = await receiver((_, response, tries) => {
      if (tries === 1) response.writeHead(503).end()
      else if (tries === 2) response.destroy()
      else response.writeHead(204).end()
    })
    await (await calling({ url, idempotent: true })).done()
    expect(await outcome()).toMatchObject({ kind: 'succeeded', output: { status: 204, tries: 3 } })
    expect(took.map(({ headers }) => headers['idempotency-key'])).toEqual(['r1-one', 'r1-one', 'r1-one'])
  })

  test('is sent as often as the site says and no more', async () => {
    const { url, took } = await receiver((_, response) => response.writeHead(500).end('no luck'))
    await (await calling({ url, idempotent: true, retries: 1 })).done()
    expect(took).toHaveLength(2)
    expect(await outcome()).toMatchObject({ kind: 'failed', error: 'pager answered 500, not 2xx:\nno luck' })
  })

  test('is not sent anew after an answer that says that it is wrong', async () => {
    const { url, took } = await receiver((_, response) => response.writeHead(422).end())
    await (await calling({ url, idempotent: true })).done()
    expect(took).toHaveLength(1)
    expect(await outcome()).toMatchObject({ kind: 'failed', error: 'pager answered 422, not 2xx.' })
  })
})

describe('what it may not send twice', () => {
  test('is sent once, whatever is answered', async () => {
    const { url, took } = await receiver((_, response) => response.writeHead(503).end())
    await (await calling({ url })).done()
    expect([took.length, (await outcome())?.kind]).toEqual([1, 'failed'])
  })

  test('is unknown where the connection broke after it was sent', async () => {
    const { url, took } = await receiver((_, response) => response.destroy())
    await (await calling({ url })).done()
    expect(took).toHaveLength(1)
    expect(await outcome()).toMatchObject({
      kind: 'unknown',
      why: expect.stringMatching(/connection broke.*not known/),
    })
  })

  test('is sent anew where it never left, and has failed where that stays so', async () => {
    const { url, server } = await receiver(() => {})
    server.close()
    await (await calling({ url, retries: 1 })).done()
    expect(await outcome()).toMatchObject({
      kind: 'failed',
      error: expect.stringMatching(/could not be called, 2 tries\. There was no connection/),
    })
  })

  test('is unknown where no answer comes in its time', async () => {
    const { url } = await receiver(() => {})
    await (await calling({ url, timeout: '1s' })).done()
    expect(await outcome()).toMatchObject({ kind: 'unknown', why: expect.stringMatching(/No answer came in time/) })
  })

  test('is sent once although the worker that sent it is gone: another one hears the answer', async () => {
    let answer = () => {}
    const { url, took } = await receiver((_, response) => {
      answer = () => response.end('{"id":8}')
    })
    const { worker, done } = await calling({ url })
    const first = done()
    await until(() => took.length === 1)
    const stage = await stageNow(here)
    const second = runnerOf(here, workerOf('w2'), { kinds, variables: { PATH: process.env.PATH ?? '', TOKEN } })
    const adopting = second.adopt(await executionOf(here), stage)
    await until(async () => (await stageNow(here)).worker?.id === 'w2')
    answer()
    await Promise.all([first, adopting])
    expect(worker().count()).toBe(0)
    expect(await outcome()).toMatchObject({ kind: 'succeeded', output: { id: 8 } })
    expect(took).toHaveLength(1)
  })
})

test('canceled while it waits to be sent anew, it is not sent any more', async () => {
  const { url, took } = await receiver((_, response) => response.writeHead(503, { 'retry-after': '30' }).end())
  const { hint, worker } = await calling({ url, idempotent: true, timeout: '1m' })
  const running = worker()
  const end = running.start(hint)
  await until(() => took.length === 1)
  await here.store.tell('r1', {
    type: 'cancel',
    by: { kind: 'slack', team: 'T01TEAM', user: 'U02BOB' },
    why: '',
    force: false,
  })
  await running.obey('r1')
  await end
  expect([took.length, (await outcome())?.kind]).toEqual([1, 'canceled'])
})

test('it goes on to no other address', async () => {
  const other = await receiver((_, response) => response.end('{}'))
  const { url } = await receiver((_, response) => response.writeHead(307, { location: other.url }).end())
  await (await calling({ url, secret_headers: { Authorization: 'TOKEN' }, idempotent: true })).done()
  expect(await outcome()).toMatchObject({
    kind: 'failed',
    error: expect.stringMatching(/answered 307, not 2xx:\nIt sends on to 127\.0\.0\.1:\d+, which is not followed/),
  })
  expect(other.took).toEqual([])
})

test('a long answer is no output, and is cut', async () => {
  const { url } = await receiver((_, response) => response.end(JSON.stringify({ text: 'x'.repeat(200_000) })))
  await (await calling({ url })).done()
  expect(await outcome()).toEqual({ kind: 'succeeded', output: { status: 200, tries: 1, files: ['one-log.txt'] } })
  expect((await log()).length).toBeLessThan(70_000)
})

test('nothing is sent without its secret', async () => {
  const { url, took } = await receiver((_, response) => response.end())
  await (await calling({ url, secret_headers: { Authorization: 'TOKEN' } }, {}, {})).done()
  expect(await outcome()).toMatchObject({ kind: 'failed', error: 'TOKEN is not set on builder-1; nothing was sent.' })
  expect(took).toEqual([])
})

describe('an address that is a secret', () => {
  const secret = { secret_url: 'PAGER_URL' }

  test('is called, and is in no answer, log, record or file that is left', async () => {
    const { url, took } = await receiver((request, response) =>
      response.end(JSON.stringify({ you: request.url, text: `no ${new URL(request.url ?? '', 'http://h').pathname}` })),
    )
    const PAGER_URL = `${url}/T01/xoxHUNTER2xox?key=${TOKEN}`
    await (await calling(secret, { body: {} }, { PAGER_URL })).done()
    expect(took).toHaveLength(1)
    expect(await outcome()).toMatchObject({ kind: 'succeeded', output: { you: '***', text: 'no ***' } })
    expect(await log()).toMatch(/^POST the address in PAGER_URL\nanswered 200/)
    expect(`${await log()}${JSON.stringify(await executionOf(here))}`).not.toMatch(/HUNTER2|hunter2/)
    const left = readdirSync(here.dir, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
    expect(
      left.filter((each) => /HUNTER2|hunter2/.test(readFileSync(join(each.parentPath, each.name), 'utf8'))),
    ).toEqual([])
  })

  test('nobody answers at is not told with what could not be called', async () => {
    const { url, server } = await receiver(() => {})
    server.close()
    await (await calling({ ...secret, retries: 0 }, {}, { PAGER_URL: `${url}/xoxHUNTER2xox` })).done()
    expect(await outcome()).toMatchObject({
      kind: 'failed',
      error: expect.stringMatching(/There was no connection/),
    })
    expect(`${await log()}${JSON.stringify(await executionOf(here))}`).not.toContain('HUNTER2')
  })

  test.each([
    [{}, /^PAGER_URL is not set on builder-1; nothing was sent\.$/],
    [{ PAGER_URL: 'hooks.example.com/HUNTER2' }, /^PAGER_URL on builder-1 is no address that begins with http/],
    [{ PAGER_URL: 'https://u:HUNTER2@hooks.example.com/' }, /^PAGER_URL on builder-1 is no address/],
  ])('of %j is said without what is in it', async (variables, error) => {
    await (await calling(secret, {}, variables)).done()
    expect(await outcome()).toEqual({ kind: 'failed', error: expect.stringMatching(error) })
    expect(JSON.stringify(await executionOf(here))).not.toContain('HUNTER2')
  })
})

test('nothing is sent where its secret cannot stand in a header, and it is not told', async () => {
  const { url, took } = await receiver((_, response) => response.end('{}'))
  const settings = { url, secret_headers: { Authorization: 'TOKEN' } }
  await (await calling(settings, {}, { TOKEN: 'hunter2\nagain-1' })).done()
  expect(await outcome()).toEqual({
    kind: 'failed',
    error: 'TOKEN on builder-1 has signs that no header may have; nothing was sent.',
  })
  expect(took).toEqual([])
})

describe('refused', () => {
  const said = (settings: object) =>
    siteSchema.safeParse({ ...written, calls: { pager: settings } }).error?.issues[0]?.message

  test.each([
    [{ url: 'ftp://a' }, /expected http/],
    [{}, /exactly one of `url` and `secret_url`/],
    [{ url: 'https://a.example.com', secret_url: 'PAGER_URL' }, /exactly one of/],
    [{ secret_url: 'https://a.example.com/x' }, /name of an environment variable/],
    [{ url: 'https://me:pw@a.example.com' }, /has a user or a password/],
    [{ url: 'https://a.example.com', headers: { Host: 'b' } }, /set for you/],
    [
      { url: 'https://a.example.com', secret_headers: { Authorization: 'Bearer x' } },
      /name of an environment variable/,
    ],
    [{ url: 'https://a.example.com', expect: ['ok'] }, /expected a status/],
    [{ url: 'https://a.example.com', timeout: '2h' }, /at most 1h/],
  ])('%j, in the site', (settings, why) => expect(said(settings)).toMatch(why))

  test('what the site does not list', () => {
    const plan = () => httpKind.plan({ call: 'nobody' }, { site, environment: null })
    expect(plan).toThrow(/There is no call `nobody` in the site; there are none/)
  })
})
