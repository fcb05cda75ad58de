import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server as HttpServer } from 'node:http'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../../examples/demo/parts.ts'
import type { EngineEnd, ShareSpec } from '../../../src/tools/load/engine.ts'
import { percentile } from '../../../src/tools/load/histogram.ts'
import { nothingMeasured, readLine } from '../../../src/tools/load/share.ts'
import { openLoadedServer } from '../../fixtures/loaded-server.ts'

const program = join(import.meta.dirname, '../../../src/tools/load/generate.ts')
const dir = mkdtempSync(join(tmpdir(), 'groundcrew-load-'))
let server: Awaited<ReturnType<typeof openLoadedServer>>

beforeAll(async () => {
  server = await openLoadedServer()
})
afterAll(() => {
  server.close()
  rmSync(dir, { recursive: true, force: true })
})

/** One generator, as a worker starts it; `after` is called with its pid once it has told of a second. */
async function generate(wish: Partial<ShareSpec>, after: (pid: number) => void = () => {}) {
  const leash = { file: join(dir, 'watched'), seconds: 60 }
  writeFileSync(leash.file, '')
  const spec: ShareSpec = {
    ...{ engine: 'autocannon', share: 0, connections: 3, rate: 60, seconds: 2, jmeter: 'jmeter', folder: dir, leash },
    targets: [server.url],
    ...wish,
  }
  const file = join(dir, 'spec.json')
  writeFileSync(file, JSON.stringify(spec))
  const child = spawn(process.execPath, [program, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (data: Buffer) => {
    if (text === '') after(child.pid ?? 0)
    text += data.toString()
  })
  await once(child, 'close')
  const measured = nothingMeasured()
  const ends = text
    .trim()
    .split('\n')
    .flatMap((line) => readLine(measured, line) ?? [])
  return { measured, end: ends[0] as EngineEnd, ends: ends.length }
}

test('a load that comes to its end has told everything that was answered', async () => {
  const before = server.answered()
  const { measured, end, ends } = await generate({})
  expect([end.end, ends]).toEqual(['finished', 1])
  const answered = server.answered() - before
  expect(measured.requests).toBeLessThanOrEqual(answered)
  expect(measured.requests).toBeGreaterThanOrEqual(answered - 3)
})

test('SIGINT ends it early, with what it had measured', async () => {
  const { measured, end } = await generate({ seconds: 300 }, (pid) => process.kill(pid, 'SIGINT'))
  expect(end.end).toBe('stopped')
  expect(measured.requests).toBeGreaterThan(0)
})

test('JMeter is stopped by it too, and its results so far count', async () => {
  const fixtures = join(import.meta.dirname, '../../fixtures/jmeter')
  const given = { plan: join(fixtures, 'plan.jmx'), jmeter: join(fixtures, 'stand-in-jmeter') }
  const wish = { engine: 'jmeter', seconds: 300, folder: dir, ...given } as const
  const { measured, end } = await generate(wish, (pid) => process.kill(pid, 'SIGINT'))
  expect(end.end).toBe('stopped')
  expect(measured.requests).toBeGreaterThan(5)
  expect(Object.keys(measured.errors)).toEqual(['HTTP 503'])
})

test('a load that nobody watches any more ends by itself, and says so', async () => {
  const { end } = await generate({ seconds: 300, leash: { file: join(dir, 'gone'), seconds: 1 } })
  expect(end).toMatchObject({ end: 'failed', why: expect.stringContaining('its worker was gone for 1 s') })
})

test('a target that is not there gives errors by kind, no more of them than its rate, and no times', async () => {
  const nobody = `http://127.0.0.1:${await freePort()}/`
  const { measured, end } = await generate({ targets: [nobody], seconds: 2, rate: 10, connections: 4 })
  expect(end.end).toBe('finished')
  expect(Object.keys(measured.errors)).toEqual(['connection refused'])
  expect(measured.times.totalCount).toBe(0)
  expect(measured.errors['connection refused']).toBe(measured.requests)
  expect(measured.requests).toBeGreaterThan(4)
  expect(measured.requests).toBeLessThan(2 * 10 + 2 * 4)
})

test('one that closes each connection without an answer gets no more than the rate either, and each is counted', async () => {
  let asked = 0
  const rude = createServer((socket) => {
    asked += 1
    socket.on('error', () => null)
    socket.once('data', () => socket.end())
  }).listen(0, '127.0.0.1')
  await once(rude, 'listening')
  const url = `http://127.0.0.1:${(rude.address() as AddressInfo).port}/`
  const { measured } = await generate({ targets: [url], seconds: 2, rate: 10, connections: 2 })
  rude.close()
  expect(Object.keys(measured.errors)).toEqual(['connection closed'])
  expect(measured.requests).toBeGreaterThan(4)
  expect(asked).toBeLessThan(2 * 10 + 2 * 4)
})

test('what a target that was away for a while answers after it is timed from its own beginning', async () => {
  const port = await freePort()
  let late: HttpServer | undefined
  const { measured } = await generate(
    { targets: [`http://127.0.0.1:${port}/`], seconds: 4, rate: 40, connections: 2 },
    () => {
      late = createHttpServer((_, response) => response.end('well')).listen(port, '127.0.0.1')
    },
  )
  late?.closeAllConnections()
  late?.close()
  expect(measured.times.totalCount).toBeGreaterThan(10)
  expect(percentile(measured.times, 99)).toBeLessThan(500)
})
