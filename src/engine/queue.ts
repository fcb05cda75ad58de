import { Queue, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Log } from '../log.ts'
import type { Keys } from './keys.ts'

/** A hint that a stage may be started. The store alone says whether it still has to be. */
export type Hint = { readonly execution: string; readonly stage: string; readonly attempt: number }

/** BullMQ ignores an id it has seen, also of a failed job, so that each new hint for the same start needs a number of its own. */
export type Hints = { add(hint: Hint, number: number): Promise<void>; close(): Promise<void> }

const KEEP = { age: 3600, count: 1000 }

/** The sending side. Its connection answers at once when Redis is away: the effect stays stored and is tried again. */
export function createHints(connection: Redis, keys: Keys, log: Log): Hints {
  const queue = new Queue<Hint>(keys.queue, { connection, skipMetasUpdate: true })
  queue.on('error', (error) => log.warn({ error: error.message }, 'queue connection'))
  return {
    async add(hint, number) {
      const jobId = `${hint.execution}-${hint.stage}-${hint.attempt}-${number}`
      await queue.add('stage', hint, { jobId, attempts: 1, removeOnComplete: KEEP, removeOnFail: KEEP })
    },
    close: () => queue.close(),
  }
}

/** The queue to look at, for its counts and its board. Whoever opens it closes it. */
export function viewQueue(connection: Redis, keys: Keys, log: Log): Queue<Hint> {
  const queue = new Queue<Hint>(keys.queue, { connection, skipMetasUpdate: true })
  queue.on('error', (error) => log.warn({ error: error.message }, 'queue connection'))
  return queue
}

/**
 * The receiving side. `maxStalledCount: 0`: a job whose worker died is never given to another one, whatever it was doing; the store's
 * own sweep decides what is started again. `connection` must wait for Redis (`maxRetriesPerRequest: null`).
 */
export function receiveHints(
  connection: Redis,
  keys: Keys,
  concurrency: number,
  run: (hint: Hint) => Promise<void>,
  log: Log,
): Worker<Hint> {
  const worker = new Worker<Hint>(keys.queue, async (job) => run(job.data), {
    connection,
    concurrency,
    maxStalledCount: 0,
    autorun: false,
  })
  worker.on('error', (error) => log.warn({ error: error.message }, 'queue connection'))
  worker.on('failed', (job, error) => log.error({ job: job?.id, error: error.message }, 'stage job failed'))
  return worker
}
