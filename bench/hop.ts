import { Queue, QueueEvents } from 'bullmq'
import { followEnds } from './ends.ts'
import { type Installation, install } from './installation.ts'
import { held, scratchFolder, startScript } from './processes.ts'
import { laneCounter, lanes } from './site.ts'
import { type Beside, beside, cells, percentiles } from './statistics.ts'
import { table } from './table.ts'

const WARM_UP = 50
const COMMANDS = 200
const AT_ONCE = 50
const LONGEST_WAIT_MS = 60_000

/** Ours and the baseline take turns, each first in every other one. */
const TURNS = 4

/** One message to its end, in milliseconds. */
type Side = () => Promise<number>
type Sides = { readonly groundcrew: Side; readonly baseline: Side }
type Load = { readonly p50: Beside; readonly p95: Beside; readonly perSecond: Beside }

export type Hop = {
  readonly baseline: string
  readonly commands: number
  readonly burst: number
  readonly inARow: Load
  readonly atOnce: Load
}

/**
 * One message through the engine: read, recorded, stored, its one stage run by a worker process, its end stored and its message
 * wanted; beside one job through BullMQ and another worker process. The same Redis, each worker with room for four at once.
 */
export async function measureHop(signal: AbortSignal): Promise<Hop> {
  await using stack = new AsyncDisposableStack()
  const installation = await install(stack, { names: ['loadtest', ...lanes(2 * WARM_UP + 2 * COMMANDS)] })
  const [ours, baseline] = await Promise.all([
    groundcrew(installation, signal),
    bareBullmq(stack, installation, signal),
  ])
  const sides = { groundcrew: ours, baseline }
  for (const side of Object.values(sides)) {
    await bursts(side, WARM_UP, 1)
    await bursts(side, WARM_UP, AT_ONCE)
  }
  const [inARow, atOnce] = [await compare(sides, 1), await compare(sides, AT_ONCE)]
  return { baseline: 'bare BullMQ', commands: COMMANDS, burst: AT_ONCE, inARow, atOnce }
}

async function groundcrew(installation: Installation, signal: AbortSignal): Promise<Side> {
  const [crew] = await Promise.all([installation.open(), installation.worker('worker')])
  const ends = await followEnds(crew, signal)
  const lane = laneCounter()
  return async () => {
    const began = performance.now()
    const { id } = await crew.ask(`check ${lane()}`)
    return (await ends.succeeded(id)) - began
  }
}

async function bareBullmq(stack: AsyncDisposableStack, { redis }: Installation, signal: AbortSignal): Promise<Side> {
  const script = { name: 'bare-bullmq', file: 'bench/bare-bullmq.ts', ready: 'bare BullMQ ready' }
  await held(stack, startScript({ ...script, env: { REDIS_URL: redis.url } }, scratchFolder(stack)))
  const connection = { url: redis.url }
  const queue = new Queue('bare', { connection, skipMetasUpdate: true })
  stack.defer(() => queue.close())
  const events = new QueueEvents('bare', { connection })
  stack.defer(() => events.close())
  const waiting = new Map<string, () => void>()
  events.on('completed', ({ jobId }) => waiting.get(jobId)?.())
  await events.waitUntilReady()
  const keep = { age: 3600, count: 1000 }
  let number = 0
  return async () => {
    signal.throwIfAborted()
    const jobId = `job-${number++}`
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const late = setTimeout(() => reject(new Error(`Waited a minute for ${jobId}, in vain.`)), LONGEST_WAIT_MS)
    waiting.set(jobId, resolve)
    const began = performance.now()
    await queue.add('stage', {}, { jobId, attempts: 1, removeOnComplete: keep, removeOnFail: keep })
    await promise
    const took = performance.now() - began
    clearTimeout(late)
    waiting.delete(jobId)
    return took
  }
}

async function compare(sides: Sides, atOnce: number): Promise<Load> {
  const names = ['groundcrew', 'baseline'] as const
  const times = { groundcrew: [] as number[], baseline: [] as number[] }
  const took = { groundcrew: 0, baseline: 0 }
  for (let turn = 0; turn < TURNS; turn++) {
    for (const name of turn % 2 === 0 ? names : names.toReversed()) {
      const began = performance.now()
      times[name].push(...(await bursts(sides[name], COMMANDS / TURNS, atOnce)))
      took[name] += performance.now() - began
    }
  }
  const [ours, theirs] = [percentiles(times.groundcrew), percentiles(times.baseline)]
  const perSecond = (name: keyof Sides) => COMMANDS / (took[name] / 1000)
  return {
    p50: beside(ours.p50, theirs.p50),
    p95: beside(ours.p95, theirs.p95),
    perSecond: beside(perSecond('groundcrew'), perSecond('baseline')),
  }
}

/** So many at once, the next ones when all of the last are through. */
async function bursts(side: Side, count: number, atOnce: number): Promise<number[]> {
  const times: number[] = []
  for (let sent = 0; sent < count; sent += atOnce) {
    times.push(...(await Promise.all(Array.from({ length: Math.min(atOnce, count - sent) }, side))))
  }
  return times
}

export function hopReport({ baseline, commands, burst, inARow, atOnce }: Hop): string {
  return table([
    ['hop: one message through the engine, ms', 'Groundcrew', baseline, 'ratio'],
    ...[
      { load: `${commands} in a row`, figures: inARow },
      { load: `${commands}, ${burst} at once`, figures: atOnce },
    ].flatMap(({ load, figures }) => [
      [`${load}: p50`, ...cells(figures.p50)],
      [`${load}: p95`, ...cells(figures.p95)],
      [`${load}: messages a second`, ...cells(figures.perSecond, 0)],
    ]),
  ])
}
