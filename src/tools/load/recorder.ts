import type { Sample } from './engine.ts'
import type { Times } from './histogram.ts'
import { addTime, encodeTimes, newTimes } from './histogram.ts'

/** What ended in one second of the load. A second may be told in several parts; adding them gives the whole of it. */
export type Second = {
  readonly second: number
  readonly requests: number
  readonly errors: Readonly<Record<string, number>>
  readonly times: string
}

type Open = { requests: number; readonly errors: Record<string, number>; readonly times: Times }

/** Collects samples and gives what came since the last time, second by second. */
export function createRecorder() {
  const open = new Map<number, Open>()
  return {
    add({ at, ms, error }: Sample): void {
      const second = Math.floor(at)
      const here = open.get(second) ?? { requests: 0, errors: {}, times: newTimes() }
      open.set(second, here)
      here.requests += 1
      if (ms !== null) addTime(here.times, ms)
      if (error !== null) here.errors[error] = (here.errors[error] ?? 0) + 1
    },
    take(): Second[] {
      const seconds = [...open].map(([second, { requests, errors, times }]) => ({
        ...{ second, requests, errors },
        times: encodeTimes(times),
      }))
      open.clear()
      return seconds.sort((a, b) => a.second - b.second)
    },
  }
}
