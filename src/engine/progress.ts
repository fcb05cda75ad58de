import type { Redis } from 'ioredis'
import type { Execution } from '../core/execution.ts'
import { stageOf } from '../core/execution.ts'
import { count, latencyText } from '../core/load/report.ts'
import type { LoadWord } from '../core/workflow.ts'
import { addEncoded, newTimes, percentile } from '../tools/load/histogram.ts'
import type { Keys } from './keys.ts'

/** How far a running stage has come, as its worker last said. */
export type Progress = {
  readonly stage: string
  readonly text: string
  readonly at: number
  readonly load?: LoadWord
  /** What of it that was about: the address of a resource. */
  readonly where?: string
}

/** Longer than any stage runs: the last word of one that hangs is what people look for. It goes with its execution. */
const KEPT_FOR_S = 30 * 86_400

/** Progress is only ever the latest word of each stage; losing it loses nothing. */
export function createProgress(redis: Redis, keys: Keys) {
  return {
    async set(execution: string, progress: Progress): Promise<void> {
      const key = keys.progress(execution)
      await redis.multi().hset(key, progress.stage, JSON.stringify(progress)).expire(key, KEPT_FOR_S).exec()
    },
    async get(execution: string): Promise<Progress[]> {
      const words = await redis.hvals(keys.progress(execution))
      return words.map((word) => JSON.parse(word) as Progress)
    },
  }
}

/** What all generators that run now measured so far, as one load; null while none has said anything. */
export function loadText(execution: Execution, words: readonly Progress[]): string | null {
  const loads = words.flatMap(({ stage, at, load }) => {
    const run = stageOf(execution, stage)
    return load && run?.state === 'running' && at >= (run.startedAt ?? 0) ? [load] : []
  })
  if (loads.length === 0) return null
  const times = newTimes()
  for (const load of loads) addEncoded(times, load.times)
  const sum = (of: (load: LoadWord) => number) => loads.reduce((total, load) => total + of(load), 0)
  const requests = sum((load) => load.requests)
  const percent = requests > 0 ? (sum((load) => load.failed) / requests) * 100 : 0
  const at = (percentage: number) => `p${percentage} ${latencyText(percentile(times, percentage))}`
  const who = loads.length === 1 ? '1 generator' : `${loads.length} generators together`
  return `${who}: ${count(sum((load) => load.throughput))}/s, ${at(50)}, ${at(95)}, ${at(99)}, ${count(percent)} % errors, ${count(requests)} requests`
}
