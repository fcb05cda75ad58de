import { z } from 'zod'
import type { Fields } from '../workflow.ts'
import type { Thresholds } from './settings.ts'

const time = z.number().nullable()

const numbers = z.object({
  requests: z.number(),
  failed: z.number(),
  /** How long the load lasted, in seconds. */
  seconds: z.number(),
  /** Answers without error a second. */
  throughput: z.number(),
  /** Percentiles in milliseconds; null where nothing was answered. */
  p50: time,
  p90: time,
  p95: time,
  p99: time,
  max: time,
  errorPercent: z.number(),
  errors: z.record(z.string(), z.number()),
})
export type LoadNumbers = z.infer<typeof numbers>

const share = z.object({
  stage: z.string(),
  host: z.string(),
  requests: z.number().catch(0),
  throughput: z.number().catch(0),
  p95: time.catch(null),
  /** Why nothing of it counts; absent where it counts. */
  missing: z.string().optional(),
})
export type Share = z.infer<typeof share>

const verdict = z.object({ name: z.string(), value: z.number().nullable(), limit: z.number(), passed: z.boolean() })
export type Verdict = z.infer<typeof verdict>

const before = z.object({
  execution: z.string(),
  at: z.number(),
  throughput: z.number(),
  p50: time,
  p95: time,
  p99: time,
  errorPercent: z.number(),
  /** What was otherwise then, in words; empty where it was the same load. */
  otherwise: z.string().catch(''),
})
export type Before = z.infer<typeof before>

/** What the report of a load test leaves in its output. */
const loadOutput = numbers.extend({
  plan: z.string(),
  engine: z.string().catch(''),
  target: z.string().catch(''),
  generators: z.number(),
  connections: z.number().catch(0),
  rate: z.number().nullable().catch(null),
  wanted: z.number(),
  shares: z.array(share),
  verdicts: z.array(verdict).catch([]),
  before: before.nullable().catch(null),
})
export type LoadOutput = z.infer<typeof loadOutput>

/** The output of a report stage, or null where there is none that could be read. */
export function readLoadOutput(output: Fields | null): LoadOutput | null {
  return loadOutput.safeParse(output).data ?? null
}

/** What a share left in its output; one that came to its end has a file with all that it measured. */
const partOutput = numbers.extend({ share: z.number() })
const shareOutput = partOutput.extend({ file: z.string() })

export function readPartOutput(output: Fields | null): z.infer<typeof partOutput> | null {
  return partOutput.safeParse(output).data ?? null
}

export function readShareOutput(output: Fields | null): z.infer<typeof shareOutput> | null {
  return shareOutput.safeParse(output).data ?? null
}

/** Each threshold of the plan against what was measured; where nothing was answered, no limit of times was kept. */
export function verdictsOf(
  measured: LoadNumbers,
  { p95_ms, p99_ms, error_percent, min_throughput }: Thresholds,
): Verdict[] {
  const most = (name: string, value: number | null, limit: number | undefined) =>
    limit === undefined ? [] : [{ name, value, limit, passed: value !== null && value <= limit }]
  return [
    ...most('p95', measured.p95, p95_ms),
    ...most('p99', measured.p99, p99_ms),
    ...most('errors', measured.errorPercent, error_percent),
    ...(min_throughput === undefined
      ? []
      : [
          {
            name: 'throughput',
            value: measured.throughput,
            limit: min_throughput,
            passed: measured.throughput >= min_throughput,
          },
        ]),
  ]
}

const UNITS: Readonly<Record<string, string>> = { p95: ' ms', p99: ' ms', errors: ' %', throughput: '/s' }

/** `p95 212 ms, at most 200 ms`. */
export function verdictText({ name, value, limit }: Verdict): string {
  const unit = UNITS[name] ?? ''
  return `${name} ${value === null ? 'none' : `${count(value)}${unit}`}, ${name === 'throughput' ? 'at least' : 'at most'} ${count(limit)}${unit}`
}

/** Which thresholds were missed; null where none was. */
export function missedText(verdicts: readonly Verdict[]): string | null {
  const missed = verdicts.filter(({ passed }) => !passed)
  if (missed.length === 0) return null
  return `${missed.length} of ${verdicts.length} thresholds missed: ${missed.map(verdictText).join('; ')}.`
}

/** The load in one sentence. */
export function loadHeadline({ requests, seconds, throughput, p95, errorPercent }: LoadNumbers): string {
  return `${count(requests)} requests in ${count(seconds)} s: ${count(throughput)}/s, p95 ${latencyText(p95)}, ${count(errorPercent)} % errors.`
}

export type Row = { readonly name: string; readonly now: string; readonly before?: string; readonly change?: string }

/** The numbers as rows of a table, beside those of the run before where there is one. */
export function rowsOf(now: LoadOutput): Row[] {
  const text = (value: number | null, unit: string) => (value === null ? 'none' : `${count(value)}${unit}`)
  const row = (name: string, value: number | null, unit: string, earlier?: number | null): Row => ({
    name,
    now: text(value, unit),
    ...(earlier === undefined ? {} : { before: text(earlier, unit), change: changeText(earlier, value) }),
  })
  const { before } = now
  return [
    row('throughput', now.throughput, '/s', before?.throughput),
    row('p50', now.p50, ' ms', before?.p50),
    row('p90', now.p90, ' ms'),
    row('p95', now.p95, ' ms', before?.p95),
    row('p99', now.p99, ' ms', before?.p99),
    row('max', now.max, ' ms'),
    row('errors', now.errorPercent, ' %', before?.errorPercent),
    row('requests', now.requests, ''),
  ]
}

/** `+12 %`; a change from nothing has no percentage. */
function changeText(before: number | null, now: number | null): string {
  if (before === now) return '='
  if (now === null) return 'gone'
  if (before === null || before === 0) return 'new'
  const percent = Math.round(((now - before) / before) * 100)
  return `${percent > 0 ? '+' : ''}${percent} %`
}

/** A number as people read it: `12,345`, `12.3`, `0.42`. */
export function count(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}

/** `212 ms`, or `none` where nothing was answered. */
export function latencyText(value: number | null): string {
  return value === null ? 'none' : `${count(value)} ms`
}

/** `2 generators`, or `1 of 2 generators` where shares are missing. */
export function generatorsText({ generators, wanted }: LoadOutput): string {
  return `${generators === wanted ? '' : `${generators} of `}${wanted} generator${wanted === 1 ? '' : 's'}`
}

/** The picture in words, for those who cannot see it. */
export function alternativeText(
  load: LoadOutput,
  series: readonly { throughput: number; p95: number | null }[],
): string {
  const throughput = series.map((each) => each.throughput)
  const p95 = series.flatMap((each) => (each.p95 === null ? [] : [each.p95]))
  const range = (values: number[]) => `${count(Math.min(...values))} to ${count(Math.max(...values))}`
  const latency = p95.length
    ? `The 95th percentile went from ${range(p95)} milliseconds, ${latencyText(load.p95)} over the whole run. `
    : 'Nothing was answered in a whole second, so that there is no line of the 95th percentile. '
  return (
    `Line chart of the load test ${load.plan} over ${count(load.seconds)} seconds. ` +
    `Throughput went from ${range(throughput)} answers without error a second, ${count(load.throughput)} on average. ` +
    latency +
    `${count(load.errorPercent)} percent of ${count(load.requests)} requests failed.`
  )
}
