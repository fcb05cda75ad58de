import { Queue, QueueEvents } from 'bullmq'
import { type Installation, install } from './installation.ts'
import { held, scratchFolder, startScript } from './processes.ts'
import { laneCounter, lanes } from './site.ts'
import { type Beside, beside, cells, median } from './statistics.ts'
import { table } from './table.ts'

const SIZES = [1, 10, 100, 1000] as const
const ROUNDS = 3
const WIDE = 10
const LONGEST_WAIT_MS = 10 * 60_000

type Size = { readonly stages: number; readonly perStage: Beside; readonly seconds: Beside }
export type Graph = { readonly baseline: string; readonly rounds: number; readonly sizes: readonly Size[] }

/** So many stages, or jobs, ten beside each other at a time, in milliseconds. */
type Side = (stages: number) => Promise<number>

/**
 * One execution of 1, 10, 100 and 1,000 stages that do nothing, ten beside each other at a time, each run by a worker process with room for
 * four; beside as many jobs through bare BullMQ, ten at a time. The same Redis, in turns. The median of the rounds counts.
 */
export async function measureGraph(signal: AbortSignal): Promise<Graph> {
  await using stack = new AsyncDisposableStack()
  const installation = await install(stack, { names: ['loadtest', ...lanes(SIZES.length * ROUNDS + 2)] })
  const [ours, baseline] = await Promise.all([
    groundcrew(installation, signal),
    bareBullmq(stack, installation, signal),
  ])
  for (const side of [ours, baseline]) await side(20)
  const sizes: Size[] = []
  for (const stages of SIZES) {
    const [mine, theirs]: [number[], number[]] = [[], []]
    for (let round = 0; round < ROUNDS; round++) {
      signal.throwIfAborted()
      mine.push(await ours(stages))
      theirs.push(await baseline(stages))
    }
    const [took, other] = [median(mine), median(theirs)]
    sizes.push({ stages, perStage: beside(took / stages, other / stages), seconds: beside(took / 1000, other / 1000) })
  }
  return { baseline: 'bare BullMQ', rounds: ROUNDS, sizes }
}

async function groundcrew(installation: Installation, signal: AbortSignal): Promise<Side> {
  const [crew] = await Promise.all([installation.open(), installation.worker('worker')])
  const { redis, keys, store } = crew.engine
  const lane = laneCounter()
  let over = (_id: string) => {}
  await crew.engine.onFeed((ids) => {
    // Only whether it is still open: reading all of it each time would be measured too.
    for (const id of ids) void redis.zscore(keys.open, id).then((open) => open === null && over(id))
  })
  return async (stages) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const late = setTimeout(() => reject(new Error(`Waited in vain for a graph of ${stages}.`)), LONGEST_WAIT_MS)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    const ended = new Set<string>()
    let mine = ''
    over = (id) => {
      ended.add(id)
      if (id === mine) resolve()
    }
    const began = performance.now()
    mine = (await crew.ask(`graph ${lane()} ${stages}`)).id
    if (ended.has(mine)) resolve()
    await promise
    const took = performance.now() - began
    clearTimeout(late)
    const execution = await store.execution(mine)
    if (execution?.status !== 'succeeded') throw new Error(`A graph of ${stages} ended as ${execution?.status}.`)
    return took
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
  const one = async () => {
    const jobId = `job-${number++}`
    const { promise, resolve } = Promise.withResolvers<void>()
    waiting.set(jobId, resolve)
    await queue.add('stage', {}, { jobId, attempts: 1, removeOnComplete: keep, removeOnFail: keep })
    await promise
    waiting.delete(jobId)
  }
  return async (stages) => {
    const began = performance.now()
    for (let done = 0; done < stages; done += WIDE) {
      signal.throwIfAborted()
      await Promise.all(Array.from({ length: Math.min(WIDE, stages - done) }, one))
    }
    return performance.now() - began
  }
}

export function graphReport({ baseline, rounds, sizes }: Graph): string {
  return table([
    [`graph: stages that do nothing, ten at a time, median of ${rounds}`, 'Groundcrew', baseline, 'ratio'],
    ...sizes.flatMap(({ stages, perStage, seconds }) => [
      [`${stages}: ms a stage`, ...cells(perStage, 2)],
      [`${stages}: seconds in all`, ...cells(seconds, 2)],
    ]),
  ])
}
