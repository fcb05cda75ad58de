/** Waits that a stop ends at once. */
export type Sleeper = {
  sleep(ms: number): Promise<void>
  /** Ends the wait that is going on, if one is. */
  wake(): void
}

export function createSleeper(signal: AbortSignal): Sleeper {
  let wake: () => void = () => {}
  return {
    async sleep(ms) {
      if (signal.aborted || ms <= 0) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, ms)
      wake = () => resolve()
      const stop = wake
      signal.addEventListener('abort', stop, { once: true })
      await promise
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    },
    wake: () => wake(),
  }
}

/** So many at once after a quiet time. */
const BURST = 2

/** A token bucket: `take` waits until one more may go. */
export function createBucket(everyMs: number, sleep: (ms: number) => Promise<void>) {
  let tokens = BURST
  let at = performance.now()
  const refill = () => {
    const now = performance.now()
    tokens = Math.min(BURST, tokens + (now - at) / everyMs)
    at = now
  }
  return {
    async take(): Promise<void> {
      refill()
      if (tokens < 1) await sleep((1 - tokens) * everyMs)
      refill()
      tokens = Math.max(0, tokens - 1)
    },
  }
}

export type BackOff = { readonly firstMs: number; readonly mostMs: number }

/** Twice as long after each failure, and never all at the same time: between half of it and all of it, at least `firstMs`. */
export function backOffMs({ firstMs, mostMs }: BackOff, fails: number, random: () => number): number {
  const top = Math.min(mostMs, firstMs * 2 ** Math.min(fails, 20))
  return Math.max(firstMs, top / 2 + (random() * top) / 2)
}
