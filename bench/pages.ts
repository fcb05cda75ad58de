import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { startRedis } from '../examples/demo/parts.ts'
import type { Execution, NewExecution } from '../src/core/execution.ts'
import { createArtifacts } from '../src/engine/artifacts.ts'
import { keysOf } from '../src/engine/keys.ts'
import { createLiveLog } from '../src/engine/live-log.ts'
import { createStore } from '../src/engine/store.ts'
import { sendEvents } from '../src/http/events.ts'
import { serve } from '../src/http/server.ts'
import { held, scratchFolder } from './processes.ts'
import type { Beside } from './statistics.ts'
import { beside, cells, median, percentiles } from './statistics.ts'
import { table } from './table.ts'

const LINES = 50_000
const TURNS = 8
/** One reading takes too short to say anything by itself: whoever else uses the machine would decide it. */
const READS = 10
const LIVE_LINES = 100
/** Not a whole part of how often anything looks: otherwise all lines would come at the same moment of it. */
const LIVE_EVERY_MS = 37
const PIECE = 150

export type Pages = {
  readonly baseline: string
  readonly lines: number
  /** A log that is there: lines a second until the last one is at the reader. */
  readonly stored: Beside
  /** A log that is being written: milliseconds from a line to its reader. */
  readonly liveP50: Beside
  readonly liveP95: Beside
}

/**
 * A log of 50,000 lines to one reader, and single lines of a running stage: from the worker's buffer through masking, Redis and the page's
 * events; beside the least that server-sent events cost, which are written from memory as soon as there is something. All of it in one process.
 */
export async function measurePages(signal: AbortSignal): Promise<Pages> {
  await using stack = new AsyncDisposableStack()
  const redis = await connected(stack)
  const ours = await groundcrew(stack, redis)
  const bare = await bareEvents(stack)
  const rates = { ours: [] as number[], bare: [] as number[] }
  await ours.fill()
  for (let turn = 0; turn <= TURNS; turn++) {
    signal.throwIfAborted()
    // Each first in every other turn, so that neither has the quieter half of the time.
    const order = turn % 2 === 0 ? [ours.stored, bare.stored] : [bare.stored, ours.stored]
    const taken = new Map<string, number>()
    for (const address of order) taken.set(address, await linesPerSecond(address))
    const [one = Number.NaN, other = Number.NaN] = [taken.get(ours.stored), taken.get(bare.stored)]
    if (turn === 0) continue // warm-up
    rates.ours.push(one)
    rates.bare.push(other)
  }
  const live = { ours: percentiles(await ours.live()), bare: percentiles(await bare.live()) }
  return {
    baseline: 'bare SSE',
    lines: LINES,
    stored: beside(median(rates.ours), median(rates.bare)),
    liveP50: beside(live.ours.p50, live.bare.p50),
    liveP95: beside(live.ours.p95, live.bare.p95),
  }
}

const textOf = (at: number) => `module.app[${at % 97}].terraform_data.instance: Still creating... [${at}s elapsed]`

async function connected(stack: AsyncDisposableStack): Promise<Redis> {
  const part = await held(stack, startRedis({ dir: join(scratchFolder(stack), 'redis'), detached: true }))
  const redis = new Redis(part.url)
  stack.defer(() => redis.disconnect())
  return redis
}

async function groundcrew(stack: AsyncDisposableStack, redis: Redis) {
  const [keys, log] = [keysOf('bench'), pino({ level: 'silent' })]
  const store = createStore(redis, keys, Date.now)
  const worker = { id: 'w', machine: 'm', host: 'h' }
  for (const id of ['stored', 'live']) {
    await store.request(wanted(id), id)
    await store.tell(id, { type: 'stage.started', stage: 'say', attempt: 1, worker })
  }
  const artifacts = createArtifacts(redis, keys, '0'.repeat(64))
  const related = { children: new Map(), parent: null, retries: null, steps: [] }
  const viewOf = async (execution: Execution) => ({
    ...{ execution, related, progress: [], environment: null, quietAfter: 300_000, now: Date.now() },
  })
  const namesOf = async () => new Map<string, string>()
  const parts = { redis, keys, artifacts, store, viewOf, namesOf, now: Date.now }
  const route = {
    method: 'GET' as const,
    path: /^\/(stored|live)$/,
    async answer(exchange: Parameters<typeof sendEvents>[1]) {
      const run = await store.execution(exchange.groups[0] ?? '')
      if (run) await sendEvents(parts, exchange, run, Number.POSITIVE_INFINITY)
    },
  }
  const served = await serve([route], { host: '127.0.0.1', port: 0 }, log)
  stack.defer(() => served.stop())
  const address = (name: string) => `http://127.0.0.1:${served.port}/${name}?stage=say&attempt=1`
  const live = createLiveLog(redis, keys, log)
  const mask = (text: string) => text
  const nameOf = (execution: string) => ({ execution, stage: 'say', attempt: 1 })
  return {
    stored: address('stored'),
    async fill() {
      for (let at = 1; at <= LINES; at++) live.add(nameOf('stored'), textOf(at), mask)
      await live.end(nameOf('stored'))
      const outcome = { kind: 'succeeded', output: {} } as const
      await store.tell('stored', { type: 'stage.ended', stage: 'say', attempt: 1, outcome })
    },
    live: () => latencies(address('live'), (text) => live.add(nameOf('live'), text, mask)),
  }
}

function wanted(id: string): NewExecution {
  const stage = { id: 'say', kind: 'script', input: {}, after: [], onFailure: 'halt' } as const
  return {
    ...{ id, command: 'bench', line: 'bench', args: {}, allow: [], environment: null, lifetime: null, stages: [stage] },
    actor: { kind: 'shell', user: 'bench' },
    origin: { channel: null, via: 'shell' },
  }
}

async function bareEvents(stack: AsyncDisposableStack) {
  const writers = new Set<(text: string) => void>()
  const pieces = Array.from({ length: Math.ceil(LINES / PIECE) }, (_, piece) =>
    Array.from({ length: Math.min(PIECE, LINES - piece * PIECE) }, (__, at) => textOf(piece * PIECE + at + 1)).join(
      '\n',
    ),
  )
  const server = createServer(async (request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const event = (text: string, from = 1) => `event: log\ndata: ${JSON.stringify({ from, text })}\n\n`
    if (request.url?.startsWith('/live')) {
      response.flushHeaders()
      writers.add((text) => response.write(event(text)))
      return
    }
    for (const [at, piece] of pieces.entries())
      if (!response.write(event(piece, at * PIECE + 1))) await once(response, 'drain')
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stack.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = (name: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`
  return {
    stored: address('stored'),
    live: () =>
      latencies(address('live'), (text) => {
        for (const write of writers) write(text)
      }),
  }
}

/** Reads the lines of a log until whoever hears them has enough. */
async function read(address: string, heard: (lines: readonly string[]) => boolean): Promise<void> {
  const response = await fetch(address)
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body ?? []) {
    const events = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
    rest = events.pop() ?? ''
    const lines = events.flatMap((event) => {
      const data = event.includes('event: log') ? /^data: (.*)$/m.exec(event)?.[1] : undefined
      return data ? (JSON.parse(data) as { text: string }).text.split('\n') : []
    })
    if (heard(lines)) return
  }
}

async function linesPerSecond(address: string): Promise<number> {
  const began = performance.now()
  for (let times = 0; times < READS; times++) {
    let [count, last] = [0, '']
    await read(address, (lines) => {
      count += lines.length
      last = lines.at(-1) ?? last
      return count >= LINES
    })
    if (count !== LINES || last !== textOf(LINES))
      throw new Error(`${count} lines came instead of ${LINES}, the last one is "${last}".`)
  }
  return (READS * LINES) / ((performance.now() - began) / 1000)
}

async function latencies(address: string, say: (text: string) => void): Promise<number[]> {
  const said = new Map<string, number>()
  const took: number[] = []
  const reading = read(address, (lines) => {
    for (const line of lines) took.push(performance.now() - (said.get(line) ?? Number.NaN))
    return took.length >= LIVE_LINES
  })
  await sleep(500)
  for (let at = 0; at < LIVE_LINES; at++) {
    said.set(`live ${at}`, performance.now())
    say(`live ${at}`)
    await sleep(LIVE_EVERY_MS)
  }
  await reading
  return took
}

export function pagesReport({ baseline, lines, stored, liveP50, liveP95 }: Pages): string {
  return table([
    [`pages: a log to one reader`, 'Groundcrew', baseline, 'ratio'],
    [`${lines.toLocaleString('en')} lines that are there: lines a second`, ...cells(stored, 0)],
    ['a line of a running stage until its reader has it: p50, ms', ...cells(liveP50)],
    ['a line of a running stage until its reader has it: p95, ms', ...cells(liveP95)],
  ])
}
