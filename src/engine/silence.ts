import type { Execution } from '../core/execution.ts'
import { lastSign } from '../core/signs.ts'
import type { Progress } from './progress.ts'

type Parts = {
  readonly progressOf: (execution: string) => Promise<readonly Progress[]>
  /** Has the message of an execution drawn anew. */
  readonly show: (execution: string) => Promise<void>
  /** Milliseconds without a word after which people are told. */
  readonly after: number
  readonly now: () => number
}

/** How often the time is counted on in a message, once it is told. */
const AGAIN_MS = 60_000

/**
 * Has messages say how long a running stage has given no sign of life: nothing happens in it, and so nothing else would draw them anew. What
 * it remembers only spares work; another process, or this one after a restart, finds the same.
 */
export function createSilence({ progressOf, show, after, now }: Parts) {
  let next = new Map<string, number>()

  async function lookAt(execution: Execution): Promise<number | null> {
    if (!execution.stages.some(({ state, worker }) => state === 'running' && worker)) return null
    const due = next.get(execution.id) ?? 0
    if (now() < due) return due
    const words = await progressOf(execution.id)
    const signs = execution.stages.flatMap((stage) => lastSign(stage, words)?.at ?? [])
    const oldest = Math.min(...signs)
    if (now() - oldest < after) return oldest + after
    await show(execution.id)
    return now() + AGAIN_MS
  }

  return async (inHand: readonly Execution[]): Promise<void> => {
    const looked = new Map<string, number>()
    for (const execution of inHand) {
      const at = await lookAt(execution)
      if (at !== null) looked.set(execution.id, at)
    }
    next = looked
  }
}
