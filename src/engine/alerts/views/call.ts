import { messageOf } from '../../../errors.ts'
import type { Log } from '../../../log.ts'

/** How long several changes have to become one call after the first, and how long after a call that failed the next one comes. */
const GATHER_MS = 50
const AGAIN_MS = 1000

/** Calls at once after a quiet time, then once for all that came together, never twice at the same time, and again when it failed. */
export function createCall(call: () => void | Promise<void>, log: Pick<Log, 'error'>, gatherMs = GATHER_MS) {
  let wanted = false
  let timer: NodeJS.Timeout | undefined
  let busy = false
  let over = false
  let calledAt = Number.NEGATIVE_INFINITY

  function plan(ms: number): void {
    if (over || busy || timer) return
    timer = setTimeout(() => void run(), ms)
  }

  async function run(): Promise<void> {
    timer = undefined
    wanted = false
    busy = true
    calledAt = performance.now()
    const failed = await attempt()
    busy = false
    if (failed) plan(AGAIN_MS)
    else if (wanted) plan(gatherMs)
  }

  async function attempt(): Promise<boolean> {
    try {
      await call()
      return false
    } catch (error) {
      log.error({ error: messageOf(error) }, 'change of checks not taken')
      return true
    }
  }

  return {
    want(): void {
      wanted = true
      plan(Math.max(0, calledAt + gatherMs - performance.now()))
    },
    /** No call begins afterwards. */
    stop(): void {
      over = true
      clearTimeout(timer)
    },
  }
}
