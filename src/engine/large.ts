import type { Redis } from 'ioredis'
import type { Execution } from '../core/execution.ts'
import type { Keys } from './keys.ts'

/** With so many stages reading and writing one costs more than anything else that is done with it. */
const MANY_STAGES = 100

/** How many of them are kept at most. */
const MOST_KEPT = 16

type Kept = { readonly version: string; readonly execution: Execution }

/**
 * Reads executions. Large ones are kept as they were last read or written, and given again only while Redis says that this is still their
 * version. Nobody changes what is read, so that several may have the same.
 */
export function createReader(redis: Redis, keys: Keys) {
  const kept = new Map<string, Kept>()
  const loading = new Map<string, Promise<Execution | null>>()
  const turns = new Map<string, Promise<unknown>>()

  function keep(execution: Execution): void {
    kept.delete(execution.id)
    if (execution.stages.length < MANY_STAGES || execution.endedAt !== null) return
    kept.set(execution.id, { version: String(execution.version), execution })
    const [oldest] = kept.keys()
    if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest)
  }

  async function load(id: string): Promise<Execution | null> {
    const text = await redis.hget(keys.execution(id), 'd')
    const execution = text === null ? null : (JSON.parse(text) as Execution)
    if (execution) keep(execution)
    else kept.delete(id)
    return execution
  }

  async function read(id: string): Promise<Execution | null> {
    if (!kept.has(id)) return load(id)
    const version = await redis.hget(keys.execution(id), 'v')
    const current = () => (kept.get(id)?.version === version ? kept.get(id)?.execution : undefined)
    // Whoever finds it outdated reads it, and the others have what he read, if it is what they found.
    const found = current() ?? (await loading.get(id)?.then(current))
    if (found) return found
    const read = load(id).finally(() => loading.delete(id))
    loading.set(id, read)
    return read
  }

  /** Changes of a large one in this process go one after the other: each of two at once would do all of its work twice. */
  async function inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    if (!kept.has(id)) return work()
    const before = turns.get(id)
    const mine = (before ?? Promise.resolve()).then(work, work)
    turns.set(id, mine)
    try {
      return await mine
    } finally {
      if (turns.get(id) === mine) turns.delete(id)
    }
  }

  return {
    read,
    inTurn,
    /** What was stored just now, as the next version of it. */
    stored: (execution: Execution) => keep({ ...execution, version: execution.version + 1 }),
  }
}
