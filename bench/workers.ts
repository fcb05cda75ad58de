import { availableParallelism } from 'node:os'
import type { Part } from '../examples/demo/parts.ts'
import { followEnds } from './ends.ts'
import { type Installation, install } from './installation.ts'
import { laneCounter, lanes, onSmallStack } from './site.ts'
import { table } from './table.ts'

const COUNTS = [1, 2, 4] as const
const WARM_UP = 4
const PLANS = 24

export type Workers = {
  readonly baseline: string
  readonly cores: number
  readonly plans: number
  readonly runs: readonly { readonly workers: number; readonly perSecond: number; readonly speedUp: number }[]
}

/**
 * Executions a second of a real `terraform init`, `plan` and `show` on a small stack, all asked at once, with so many worker processes
 * of one stage at a time each. Every number of workers is measured twice, on the way up and on the way down.
 */
export async function measureWorkers(signal: AbortSignal): Promise<Workers> {
  await using stack = new AsyncDisposableStack()
  const names = ['loadtest', ...lanes(2 * COUNTS.length * (WARM_UP + PLANS))]
  const installation = await install(stack, { names, site: (dir) => ({ environment: onSmallStack(dir) }) })
  const crew = await installation.open()
  const ends = await followEnds(crew, signal)
  const lane = laneCounter()
  const seconds = new Map<number, number>()
  const plan = async () => ends.succeeded((await crew.ask(`plan ${lane()}`)).id)
  const plans = (count: number) => Promise.all(Array.from({ length: count }, plan))
  for (const [round, count] of [...COUNTS, ...COUNTS.toReversed()].entries()) {
    const started = await workersOf(installation, round, count)
    await plans(WARM_UP)
    const began = performance.now()
    await plans(PLANS)
    seconds.set(count, (seconds.get(count) ?? 0) + (performance.now() - began) / 1000)
    for (const worker of started) await worker.stop()
  }
  const perSecond = (count: number) => (2 * PLANS) / (seconds.get(count) ?? Number.NaN)
  const runs = COUNTS.map((workers) => ({
    workers,
    perSecond: perSecond(workers),
    speedUp: perSecond(workers) / perSecond(1),
  }))
  return { baseline: '1 worker', cores: availableParallelism(), plans: 2 * PLANS, runs }
}

function workersOf(installation: Installation, round: number, count: number): Promise<Part[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => installation.worker(`worker-${round}-${index}`, 1)))
}

export function workersReport({ baseline, cores, plans, runs }: Workers): string {
  return table([
    [`workers: ${plans} Terraform plans on ${cores} cores`, 'executions/s', `speed-up over ${baseline}`],
    ...runs.map(({ workers, perSecond, speedUp }) => [
      `${workers} ${workers === 1 ? 'worker' : 'workers'}, one stage at a time each`,
      perSecond.toFixed(2),
      `${speedUp.toFixed(2)}x`,
    ]),
  ])
}
