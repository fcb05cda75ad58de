import { setTimeout as sleep } from 'node:timers/promises'
import { createStore } from '../src/engine/store.ts'
import { createFill } from './fill.ts'
import { install, type Open } from './installation.ts'
import { usedMemory } from './memory.ts'
import { sampleRun } from './sample.ts'
import { lanes, onSmallStack } from './site.ts'
import { type Beside, beside, cells, median } from './statistics.ts'
import { table } from './table.ts'

const FEW = 10
const MANY = 10_000
const LANES = 50
const LINES = ['runs list', 'runs show OLDEST', 'runs why OLDEST'] as const
const TIMES = 50
const A_DAY_MS = 24 * 3_600_000

export type Finished = {
  readonly baseline: string
  readonly finished: number
  /** Milliseconds, p50. `OLDEST` stands for the id of the execution that was stored first. */
  readonly answers: readonly { readonly line: string; readonly milliseconds: Beside }[]
  readonly bytesPerExecution: number
}

/**
 * How long the crew takes for an answer when so many executions are over, beside the same with a few; and what each leaves in Redis: its
 * record, its audit lines, the plan's text, the keys of its messages. They were asked a day ago, so that nothing of them waits any more.
 */
export async function measureFinished(signal: AbortSignal): Promise<Finished> {
  await using stack = new AsyncDisposableStack()
  const names = ['loadtest', ...lanes(LANES)]
  const installation = await install(stack, { names, site: (dir) => ({ environment: onSmallStack(dir) }) })
  const crew = await installation.open()
  const { redis, keys } = crew.engine
  const sample = await sampleRun(installation, crew, 'loadtest', signal)
  const past = () => Date.now() - A_DAY_MS
  const fill = createFill(crew, sample, createStore(redis, keys, past), past)
  const upTo = async (count: number) => {
    const more = count - (await redis.zcard(keys.executions))
    // One lane after the other in each: two of the same lane at once would queue for its lock.
    const work = async (lane: string, index: number) => {
      for (let number = index; number < more; number += LANES) {
        signal.throwIfAborted()
        await fill.toEnd(lane)
      }
    }
    await Promise.all(lanes(LANES).map(work))
    await settled(crew, signal)
  }
  await upTo(FEW)
  const [oldest = ''] = await redis.zrange(keys.executions, '0', '0')
  const lines = LINES.map((line) => ({ line, asked: line.replace('OLDEST', oldest) }))
  const few = await timesOf(crew, lines)
  const used = await usedMemory(redis)
  await upTo(MANY)
  const bytesPerExecution = ((await usedMemory(redis)) - used) / (MANY - FEW)
  const many = await timesOf(crew, lines)
  const answers = lines.map(({ line }) => ({
    line,
    milliseconds: beside(many.get(line) ?? Number.NaN, few.get(line) ?? Number.NaN),
  }))
  return { baseline: `the same with ${FEW}`, finished: MANY, answers, bytesPerExecution }
}

async function timesOf(crew: Open, lines: readonly { line: string; asked: string }[]): Promise<Map<string, number>> {
  const times = new Map<string, number>()
  for (const { line, asked } of lines) {
    const took: number[] = []
    for (let time = 0; time <= TIMES; time++) {
      const began = performance.now()
      await crew.read(asked)
      took.push(performance.now() - began)
    }
    times.set(line, median(took.slice(1)))
  }
  return times
}

/** What bots and sweeps would have done meanwhile: every message shown, every effect done, every audit line in its place. */
async function settled({ engine }: Open, signal: AbortSignal): Promise<void> {
  const { outbox, redis, keys, sweeper, audit } = engine
  await audit.flush()
  for (;;) {
    signal.throwIfAborted()
    const wishes = await outbox.claim(1_000)
    if (wishes.length === 0) break
    await Promise.all(
      wishes.map(async (wish) => {
        const [kind, id] = wish.name.split(':')
        await outbox.remember(wish, {
          channel: 'C01OPS',
          ts: '1700000000.000000',
          digest: id ?? '',
          state: 'succeeded',
        })
        await outbox.settle(wish)
        if (kind === 'execution') await outbox.want(`closing:${id}:over`)
      }),
    )
  }
  // Later than that only the sample's own judgment would lapse.
  while ((await redis.zcount(keys.due, '-inf', Date.now() + 60_000)) > 0) {
    signal.throwIfAborted()
    sweeper.kick()
    await sleep(500)
  }
}

export function finishedReport({ baseline, finished, answers, bytesPerExecution }: Finished): string {
  return table([
    [`finished: with ${finished} executions in the store`, 'Groundcrew', baseline, 'ratio'],
    ...answers.map(({ line, milliseconds }) => [`${line}: ms, p50`, ...cells(milliseconds)]),
    ['memory in Redis of each, bytes', bytesPerExecution.toFixed(0), '', ''],
  ])
}
