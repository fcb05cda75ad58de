import { z } from 'zod'
import type { EngineEnd } from './engine.ts'
import type { Times } from './histogram.ts'
import { addEncoded, newTimes, percentile } from './histogram.ts'
import type { Second } from './recorder.ts'

const second = z.object({
  second: z.number().int().min(0),
  requests: z.number().int().min(0),
  errors: z.record(z.string(), z.number()),
  times: z.string(),
})
const end = z.union([
  z.object({ end: z.enum(['finished', 'stopped']), seconds: z.number() }),
  z.object({ end: z.literal('failed'), seconds: z.number(), why: z.string() }),
])
const line = z.union([second, end])

/** Times stay encoded until somebody draws them: an hour of histograms would fill the memory. */
type Bucket = { requests: number; failed: number; readonly times: string[] }

/** What one generator, or all of them together, measured: everything, and second by second. */
export type Measured = {
  requests: number
  readonly errors: Record<string, number>
  readonly times: Times
  readonly seconds: Map<number, Bucket>
}

export function nothingMeasured(): Measured {
  return { requests: 0, errors: {}, times: newTimes(), seconds: new Map() }
}

/** Adds a line of a generator's process; gives how it ended where it is the last one. Throws for what is no such line. */
export function readLine(measured: Measured, text: string): EngineEnd | null {
  const read = line.parse(JSON.parse(text))
  if ('end' in read) return read
  addSecond(measured, read)
  return null
}

function addSecond(measured: Measured, { second, requests, errors, times }: Second): void {
  measured.requests += requests
  for (const [kind, count] of Object.entries(errors)) measured.errors[kind] = (measured.errors[kind] ?? 0) + count
  addEncoded(measured.times, times)
  const bucket = measured.seconds.get(second) ?? { requests: 0, failed: 0, times: [] }
  bucket.requests += requests
  bucket.failed += sumOf(errors)
  bucket.times.push(times)
  measured.seconds.set(second, bucket)
}

/** How many answers without an error a second of the load had. */
export function answersIn({ seconds }: Measured, second: number): number {
  const { requests = 0, failed = 0 } = seconds.get(second) ?? {}
  return requests - failed
}

function sumOf(errors: Readonly<Record<string, number>>): number {
  return Object.values(errors).reduce((sum, each) => sum + each, 0)
}

/** All of a share as bytes, for the stage that merges the shares. */
export function packShare({ seconds, errors }: Measured): Uint8Array {
  const told = [...seconds].map(([second, bucket]) => ({ second, ...bucket }))
  return Buffer.from(JSON.stringify({ errors, seconds: told }))
}

const packed = z.object({
  errors: second.shape.errors,
  seconds: z.array(
    z.object({
      ...second.pick({ second: true, requests: true }).shape,
      failed: z.number(),
      times: z.array(z.string()),
    }),
  ),
})

/** Adds a packed share: exactly as if its requests had been measured here. */
export function addShare(measured: Measured, content: Uint8Array): void {
  const share = packed.parse(JSON.parse(Buffer.from(content).toString('utf8')))
  for (const { second, requests, failed, times } of share.seconds) {
    addSecond(measured, { second, requests, errors: {}, times: '' })
    const bucket = measured.seconds.get(second)
    if (bucket) bucket.failed += failed
    for (const each of times) addSecond(measured, { second, requests: 0, errors: {}, times: each })
  }
  for (const [kind, count] of Object.entries(share.errors)) measured.errors[kind] = (measured.errors[kind] ?? 0) + count
}

/** The numbers that people read: times in milliseconds (null: nothing was answered), throughput in answers without error a second. */
export function numbersOf({ requests, errors, times }: Measured, seconds: number) {
  const failed = sumOf(errors)
  return {
    requests,
    failed,
    seconds: Math.round(seconds * 10) / 10,
    throughput: seconds > 0 ? Math.round(((requests - failed) / seconds) * 10) / 10 : 0,
    p50: percentile(times, 50),
    p90: percentile(times, 90),
    p95: percentile(times, 95),
    p99: percentile(times, 99),
    max: percentile(times, 100),
    errorPercent: requests > 0 ? Math.round((failed / requests) * 10_000) / 100 : 0,
    errors,
  }
}

export type Numbers = ReturnType<typeof numbersOf>

/** Throughput and p95 over time, in at most so many points; the last second counts only where it was a whole one. */
export function seriesOf(measured: Measured, whole: number, most = 120) {
  const length = Math.max(1, Math.floor(whole + 0.1))
  const step = Math.ceil(length / most)
  return Array.from({ length: Math.ceil(length / step) }, (_, point) => {
    const [from, to] = [point * step, Math.min((point + 1) * step, length)]
    const times = newTimes()
    let answers = 0
    for (let second = from; second < to; second += 1) {
      answers += answersIn(measured, second)
      for (const each of measured.seconds.get(second)?.times ?? []) addEncoded(times, each)
    }
    return { second: from, throughput: answers / (to - from), p95: percentile(times, 95) }
  })
}
