import type { Finding, Kind } from './judge.ts'
import { KINDS } from './judge.ts'

/** What findings are counted by. */
export const DIMENSIONS = ['namespace', 'class', 'principal', 'path', 'address'] as const
export type Dimension = (typeof DIMENSIONS)[number]

export type Top = readonly { readonly name: string; readonly count: number }[]

/** What one window holds: sums by kind, and for each kind and dimension the most frequent names, the rest as `other`. */
export type View = {
  readonly sums: Readonly<Record<Kind, number>>
  readonly top: Readonly<Record<Kind, Readonly<Record<Dimension, Top>>>>
  readonly lines: number
  readonly unreadable: number
}

const BUCKET_MS = 10_000
const LONGEST_MS = 60 * 60_000
/** Names that one bucket tells apart for a kind and dimension; whatever comes, memory stays bounded by it. */
const NAMES_A_BUCKET = 40
const SHOWN = 20
const LONGEST_NAME = 200
export const OTHER = 'other'

type Bucket = {
  readonly names: Map<string, Map<string, number>>
  readonly sums: Record<Kind, number>
  lines: number
  unreadable: number
}

/** Sliding windows over the last hour, in steps of ten seconds, by the time that an entry gives itself. */
export function createWindows(): {
  /** False for what is older than an hour: it is in no window. An entry from the future counts as of now. */
  add(finding: Finding, now: number): boolean
  read(lines: number, unreadable: number, now: number): void
  view(ms: number, now: number): View
} {
  const buckets = new Map<number, Bucket>()

  function bucketAt(time: number, now: number): Bucket {
    const index = Math.floor(Math.min(time, now) / BUCKET_MS)
    const known = buckets.get(index)
    if (known) return known
    const oldest = Math.floor((now - LONGEST_MS) / BUCKET_MS)
    for (const old of buckets.keys()) if (old < oldest) buckets.delete(old)
    const bucket: Bucket = { names: new Map(), sums: none(), lines: 0, unreadable: 0 }
    buckets.set(index, bucket)
    return bucket
  }

  return {
    add(finding, now) {
      const time = finding.time ?? now
      if (time <= now - LONGEST_MS) return false
      const bucket = bucketAt(time, now)
      bucket.sums[finding.kind]++
      for (const dimension of DIMENSIONS) {
        const name = finding[dimension]
        if (name) count(bucket, `${finding.kind} ${dimension}`, name.slice(0, LONGEST_NAME))
      }
      return true
    },
    read(lines, unreadable, now) {
      const bucket = bucketAt(now, now)
      bucket.lines += lines
      bucket.unreadable += unreadable
    },
    view(ms, now) {
      const from = Math.floor((now - ms) / BUCKET_MS) + 1
      return viewOf([...buckets].filter(([index]) => index >= from).map(([, bucket]) => bucket))
    },
  }
}

function count(bucket: Bucket, key: string, name: string): void {
  const names = bucket.names.get(key) ?? new Map<string, number>()
  bucket.names.set(key, names)
  const known = names.has(name) || names.size < NAMES_A_BUCKET ? name : OTHER
  names.set(known, (names.get(known) ?? 0) + 1)
}

const none = () => Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>

function viewOf(buckets: readonly Bucket[]): View {
  const sum = (of: (bucket: Bucket) => number) => buckets.reduce((total, bucket) => total + of(bucket), 0)
  const each = <Name extends string, Value>(names: readonly Name[], of: (name: Name) => Value) =>
    Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, Value>
  return {
    sums: each(KINDS, (kind) => sum(({ sums }) => sums[kind])),
    top: each(KINDS, (kind) => each(DIMENSIONS, (dimension) => topOf(buckets, `${kind} ${dimension}`))),
    lines: sum(({ lines }) => lines),
    unreadable: sum(({ unreadable }) => unreadable),
  }
}

function topOf(buckets: readonly Bucket[], key: string): Top {
  const counts = new Map<string, number>()
  for (const { names } of buckets)
    for (const [name, count] of names.get(key) ?? []) counts.set(name, (counts.get(name) ?? 0) + count)
  const rest = counts.get(OTHER) ?? 0
  counts.delete(OTHER)
  const sorted = [...counts].toSorted(([, one], [, other]) => other - one)
  const others = rest + sorted.slice(SHOWN).reduce((sum, [, count]) => sum + count, 0)
  const shown = sorted.slice(0, SHOWN).map(([name, count]) => ({ name, count }))
  return others > 0 ? [...shown, { name: OTHER, count: others }] : shown
}
