import type { Execution } from '../src/core/execution.ts'
import { stageOf } from '../src/core/execution.ts'
import { digestOf } from '../src/core/settle.ts'
import type { Outcome } from '../src/core/workflow.ts'
import { dryRun } from '../src/engine/request.ts'
import type { Store } from '../src/engine/store.ts'
import type { LabelledWorker } from '../src/engine/workers.ts'
import { caller, carol, type Open } from './installation.ts'
import type { Sample } from './sample.ts'

/** The worker that is said to have run what is filled in. */
export const filler: LabelledWorker = { id: 'bench-filler', machine: 'bench', host: 'bench', labels: [] }

/** Gone from the store when an execution is over; the others are kept for some days. */
const DISCARDED = ['plan', 'stack', 'lock']

/**
 * Stores executions of `start` event by event, as crew, worker and bot would, with what the sample made: the same writes without
 * waiting for Terraform. `store` may have a clock of its own.
 */
export function createFill({ engine, parts }: Open, sample: Sample, store: Store, now: () => number) {
  async function run(execution: Execution, stage: string, outcome: Outcome, files = sample.files): Promise<Execution> {
    const about = { stage, attempt: 1 }
    const started = await store.tell(execution.id, { type: 'stage.started', ...about, worker: filler })
    if (!started.changed) throw new Error(`Expected ${stage} of ${execution.id} to start.`)
    const artifacts = engine.artifacts.of(execution.id)
    for (const [name, content] of files) await artifacts.put(name, content)
    return (await store.tell(execution.id, { type: 'stage.ended', ...about, outcome })).execution
  }

  /** Asked, planned, and waiting for its judgment. */
  async function toJudgment(lane: string): Promise<Execution> {
    const wanted = await dryRun(parts, `start ${lane}`, caller)
    const stored = await store.request(wanted, `bench:${wanted.id}`)
    if (!stored) throw new Error(`\`${wanted.line}\` was not stored.`)
    const waiting = await run(stored.execution, 'terraform.plan', sample.plan)
    if (waiting.status !== 'waiting') throw new Error(`Expected ${waiting.id} to wait, found ${waiting.status}.`)
    return waiting
  }

  /** All of it, and its files tidied up. */
  async function toEnd(lane: string): Promise<Execution> {
    const execution = await toJudgment(lane)
    const { id } = execution
    const stage = stageOf(execution, 'judgment')
    const digest = stage ? digestOf(execution, stage) : ''
    const judgment = { stage: 'judgment', decision: 'approved', by: carol, at: now(), digest } as const
    const judged = await store.tell(id, { type: 'judged', judgment })
    const over = await run(judged.execution, 'terraform.apply', sample.apply, new Map())
    if (over.status !== 'succeeded') throw new Error(`Expected ${id} to succeed, found ${over.status}.`)
    await engine.artifacts.discard(id, DISCARDED)
    return over
  }

  return { toJudgment, toEnd }
}

/** Does something for each of the items, so many at a time. */
export async function inParallel<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const left = items[Symbol.iterator]()
  const lane = async () => {
    for (let next = left.next(); !next.done; next = left.next()) {
      signal.throwIfAborted()
      await work(next.value)
    }
  }
  await Promise.all(Array.from({ length: width }, lane))
}
