import { setTimeout as sleep } from 'node:timers/promises'
import type { Screen } from './screen.ts'

/** What people were last told of each service. */
export type Told = {
  /** When the message of this service tells that so many fire, on the clock of `performance.now()`. */
  one(service: string, firing: number): Promise<number>
  /** Resolves when the message of each service does. */
  all(firing: number): Promise<void>
  /** Resolves when nothing was told for two seconds. */
  quiet(): Promise<void>
}

const QUIET_MS = 2_000
const LONGEST_MS = 180_000

/** Follows a page. What stands in a thread is left out, since the message itself has to be true. */
export async function toldOn({ control }: Screen, services: readonly string[], signal: AbortSignal): Promise<Told> {
  const firing = new Map<string, number>()
  const looks = new Set<() => void>()
  let last = performance.now()
  await control.onMessage(({ text, ts, thread_ts }) => {
    if (thread_ts && thread_ts !== ts) return
    const [service] = /load-\d{3}/.exec(text) ?? []
    if (!service) return
    last = performance.now()
    firing.set(service, Number(/(\d+) firing/.exec(text)?.[1] ?? 0))
    for (const look of looks) look()
  })

  async function until(what: string, fits: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const look = () => fits() && resolve()
    const off = () => reject(signal.reason)
    const late = setTimeout(() => reject(new Error(`Waited ${LONGEST_MS / 1000} s for ${what}, in vain.`)), LONGEST_MS)
    looks.add(look)
    signal.addEventListener('abort', off)
    if (signal.aborted) off()
    look()
    await promise.finally(() => {
      clearTimeout(late)
      looks.delete(look)
      signal.removeEventListener('abort', off)
    })
  }

  return {
    async one(service, count) {
      await until(`${service} with ${count}`, () => firing.get(service) === count)
      return performance.now()
    },
    all: (count) => until(`all with ${count}`, () => services.every((service) => firing.get(service) === count)),
    async quiet() {
      while (performance.now() - last < QUIET_MS) {
        signal.throwIfAborted()
        await sleep(100)
      }
    },
  }
}
