import type { Execution } from '../src/core/execution.ts'
import { isOver } from '../src/core/execution.ts'
import type { Open } from './installation.ts'

type Waiting = { readonly resolve: (execution: Execution) => void; readonly reject: (error: unknown) => void }

const LONGEST_WAIT_MS = 60_000

/** Sees executions end as bots do: by the hint that something changed, and then what is stored. */
export async function followEnds({ engine }: Open, signal: AbortSignal) {
  const { store, redis, keys } = engine
  const waiting = new Map<string, Waiting>()
  const look = async (id: string) => {
    const each = waiting.get(id)
    const execution = each && (await store.execution(id))
    if (execution && isOver(execution)) each.resolve(execution)
  }
  const lookAt = (id: string) => void look(id).catch((error: unknown) => waiting.get(id)?.reject(error))
  await engine.onFeed((ids) => ids.forEach(lookAt))

  /**
   * The time on `performance.now()` at which it was seen to have succeeded. Throws where it ended otherwise, when nothing is wanted in
   * Slack about it, or after a minute.
   */
  async function succeeded(id: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<Execution>()
    waiting.set(id, { resolve, reject })
    const late = setTimeout(() => reject(new Error(`Waited a minute for the end of ${id}, in vain.`)), LONGEST_WAIT_MS)
    const off = () => reject(signal.reason)
    signal.addEventListener('abort', off)
    if (signal.aborted) off()
    lookAt(id)
    try {
      const { status, line } = await promise
      const at = performance.now()
      if (status !== 'succeeded') throw new Error(`Expected \`${line}\` to succeed; it ended as ${status}.`)
      if ((await redis.zscore(keys.outbox, `execution:${id}`)) === null)
        throw new Error(`Expected a message about \`${line}\` to be wanted.`)
      return at
    } finally {
      clearTimeout(late)
      signal.removeEventListener('abort', off)
      waiting.delete(id)
    }
  }

  return { succeeded }
}
