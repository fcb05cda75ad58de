import type { Finding, Kind } from './judge.ts'
import { KINDS } from './judge.ts'
import type { Kept } from './kept.ts'

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
const MINUTE_MS = 60_000
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

/** Sliding windows over the last hour, in steps of ten seconds, by the time that an entry gives itself. `before`: what was kept. */
export function createWindows(before: readonly Kept[] = []): {
  /** False for what is older than an hour: it is in no window. An entry from the future counts as of now. */
  add(finding: Finding, now: number): boolean
  read(lines: number, unreadable: number, now: number): void
  view(ms: number, now: number): View
  /** Denied requests of each of the last 60 minutes, the oldest first; together as many as the view of an hour has. */
  minutes(now: number): number[]
  /** Sums of the last hour, to be kept over a restart. Names are not: clients choose them, so there may be very many. */
  kept(now: number): Kept[]
} {
  const buckets = new Map(before.map((kept) => [kept.index, bucketOf(kept)] as const))

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

  /** What lies ahead of the clock was counted before somebody set it back. */
  function within(ms: number, now: number): [number, Bucket][] {
    const from = Math.floor((now - ms) / BUCKET_MS) + 1
    return [...buckets].filter(([index]) => index >= from && index <= Math.floor(now / BUCKET_MS))
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
      return viewOf(within(ms, now).map(([, bucket]) => bucket))
    },
    kept(now) {
      const found = within(LONGEST_MS, now).filter(([, { sums }]) => KINDS.some((kind) => sums[kind] > 0))
      return found.map(([index, { sums, names }]) => {
        return { index, sums: { ...sums }, classes: Object.fromEntries(names.get(CLASS) ?? []) }
      })
    },
    minutes(now) {
      const from = Math.floor((now - LONGEST_MS) / BUCKET_MS) + 1
      const found = Array.from({ length: LONGEST_MS / MINUTE_MS }, () => 0)
      for (const [index, { sums }] of within(LONGEST_MS, now)) {
        const minute = Math.floor((index - from) / (MINUTE_MS / BUCKET_MS))
        found[minute] = (found[minute] ?? 0) + sums.denied
      }
      return found
    },
  }
}

const CLASS = 'denied class'

function bucketOf({ sums, classes }: Kept): Bucket {
  return { names: new Map([[CLASS, new Map(Object.entries(classes))]]), sums: { ...sums }, lines: 0, unreadable: 0 }
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
