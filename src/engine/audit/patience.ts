import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../errors.ts'
import type { Log } from '../../log.ts'

type Patience = {
  readonly log: Log
  /** Called off by it; without one the wait has no other end than success. */
  readonly signal?: AbortSignal
  readonly onWait?: (why: string) => void
}

/** Tries to record something until it works; false when it was called off before. Nothing is begun meanwhile. */
export async function untilRecorded(work: () => Promise<void>, patience: Patience): Promise<boolean> {
  const { log, signal, onWait } = patience
  for (let wait = 100; !signal?.aborted; wait = Math.min(wait * 2, 5_000)) {
    try {
      await work()
      return true
    } catch (error) {
      log.error({ error: messageOf(error) }, 'audit not written, nothing is begun until it is')
      onWait?.(messageOf(error))
    }
    await sleep(wait, undefined, signal ? { signal } : {}).catch(() => {})
  }
  return false
}
