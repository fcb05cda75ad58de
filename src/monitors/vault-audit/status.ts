import { milliseconds } from '../../core/duration.ts'
import type { AuditThreshold } from '../../core/monitors.ts'
import type { Kind } from './judge.ts'
import type { Top, View } from './windows.ts'

export type Status = 'passing' | 'warning' | 'critical'
export type Said = { readonly status: Status; readonly output: string }

/** What is wrong with the reading itself; undefined when nothing is. */
export type Trouble = string | undefined

export type Judged = {
  readonly thresholds: readonly AuditThreshold[]
  /** The view of a window by its length in milliseconds, as of now. */
  readonly view: (ms: number) => View
  readonly trouble: Trouble
}

/** Consul keeps 4,096 bytes of a check's Output; half of it leaves room for what an agent puts before it. */
const LONGEST_OUTPUT = 2000
/** Over this share of lines that cannot be read, counts say nothing. */
const UNREADABLE_SHARE = 0.01
const WINDOWS = { '1 min': 60_000, '5 min': 300_000, '60 min': 3_600_000 }
const NAMES: Readonly<Record<Kind, string>> = {
  denied: 'denied',
  failedLogin: 'failed logins',
  wrappingInvalid: 'invalid wrapping tokens',
  missingClientToken: 'without a token',
}

/** The status of the check and its text: the reason first, then the windows, then the most frequent names of five minutes. */
export function statusOf({ thresholds, view, trouble }: Judged): Said {
  const five = view(WINDOWS['5 min'])
  const reasons = thresholds.flatMap((threshold) => reasonOf(threshold, view) ?? [])
  const unreadable = trouble ?? unreadableIn(five)
  const crossed = (['critical', 'warning'] as const).find((level) => reasons.some(({ status }) => status === level))
  const status = unreadable ? 'critical' : (crossed ?? 'passing')
  const because = [...(unreadable ? [unreadable] : []), ...reasons.map(({ text }) => text)]
  const lines = [
    `${status.toUpperCase()}: ${because.length > 0 ? because.join('; ') : 'nothing over a threshold'}.`,
    ...Object.entries(WINDOWS).map(([name, ms]) => `${name}: ${sumsOf(view(ms))}`),
    ...(['class', 'principal', 'path', 'address', 'namespace'] as const).flatMap((dimension) =>
      topLine(dimension, five.top.denied[dimension]),
    ),
  ]
  return { status, output: clipped(lines.join('\n')) }
}

function reasonOf({ count, class: name, window, warning, critical }: AuditThreshold, view: Judged['view']) {
  const { sums, top } = view(milliseconds(window))
  const found = name ? (top.denied.class.find((each) => each.name === name)?.count ?? 0) : sums[count]
  const status = critical && found >= critical ? 'critical' : warning && found >= warning ? 'warning' : undefined
  if (!status) return undefined
  const limits = [warning && `warning ${warning}`, critical && `critical ${critical}`].filter(Boolean).join(', ')
  return { status, text: `${found} ${NAMES[count]}${name ? ` as ${name}` : ''} in ${window} (${limits})` } as const
}

function unreadableIn({ lines, unreadable }: View): Trouble {
  if (lines === 0 || unreadable / lines <= UNREADABLE_SHARE) return undefined
  return `the monitor cannot read the log: ${unreadable} of ${lines} lines in 5 min`
}

function sumsOf({ sums }: View): string {
  const found = Object.entries(NAMES).filter(([kind]) => sums[kind as Kind] > 0)
  return found.map(([kind, name]) => `${sums[kind as Kind]} ${name}`).join(', ') || 'nothing'
}

function topLine(dimension: string, top: Top): string[] {
  if (top.length === 0) return []
  return [
    `by ${dimension}: ${top
      .slice(0, 5)
      .map(({ name, count }) => `${printable(name)} ${count}`)
      .join(', ')}`,
  ]
}

/** What clients name themselves may hold anything; a control character would break lines. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const printable = (name: string) => name.replace(/[\u0000-\u001F\u007F-\u009F]/g, ' ').slice(0, 80)

function clipped(text: string): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= LONGEST_OUTPUT) return text
  return `${bytes
    .subarray(0, LONGEST_OUTPUT - 4)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')} ...`
}

/** A path, cut to so many segments: what is deeper may name secrets. */
export function cutPath(path: string, segments: number): string {
  const parts = path.split('/')
  return parts.length <= segments ? path : `${parts.slice(0, segments).join('/')}/...`
}
