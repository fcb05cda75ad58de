import type { CheckRow, DatacenterView, Trouble } from '../../../core/alert.ts'
import { fingerprintOf } from '../../../core/alert.ts'
import type { Read } from '../../../tools/consul/watch.ts'

/** What is held to be true of a datacenter. */
export type Known = {
  readonly view: DatacenterView
  /** Failed reads in a row; none since the last one that could be believed. */
  readonly failing: Failing | null
  /** The list from which the rows were made; null when they are not those of one read. */
  readonly source: Read['rows'] | null
}

export type Failing = { readonly kind: Trouble['kind']; readonly since: number; readonly times: number }

type Doubt = { readonly kind: Trouble['kind']; readonly why: string }

/** A server that has not heard of its leader for longer may have been cut off. */
const STALE_MS = 10_000

/** One failed read may be a hiccup; the second in a row is trouble. */
const TROUBLE_AFTER = 2

export function unknownYet(dc: string): Known {
  return { view: { dc, at: null, rows: new Map(), trouble: null }, failing: null, source: null }
}

/** After an answer. One that can not be believed changes no row, except that a filtered one may tell of what is worse. */
export function afterRead(known: Known, read: Read, at: number): Known {
  const doubt = doubtOf(known.view.dc, read)
  if (doubt) {
    const failed = afterFailure(known, doubt, at)
    if (doubt.kind !== 'filtered') return failed
    const rows = withWorse(failed.view.rows, read.rows)
    return rows === failed.view.rows ? failed : { ...failed, view: { ...failed.view, rows }, source: null }
  }
  const { rows } = known.view
  const kept = known.source === read.rows
  return {
    view: { ...known.view, at, rows: kept ? rows : byFingerprint(read.rows), trouble: null },
    failing: null,
    source: read.rows,
  }
}

/** After a read without an answer: what is known stays as it is, and `at` says how old it is. */
export function afterFailure(known: Known, { kind, why }: Doubt, at: number): Known {
  const failing = failingOf(known.failing, kind, at)
  const trouble = troubleOf(known.view.trouble, failing, why)
  return { ...known, view: trouble === known.view.trouble ? known.view : { ...known.view, trouble }, failing }
}

/**
 * It began with the first failed read, also where the reason changes: without its servers Consul gives now this one, now that one, and what
 * began anew each time would never be old enough to be told. After a filtered answer, in which something is seen, it does begin.
 */
export function failingOf(before: Failing | null, kind: Trouble['kind'], at: number): Failing {
  const goesOn = before !== null && (before.kind === 'filtered') === (kind === 'filtered')
  return { kind, since: goesOn ? before.since : at, times: (before?.times ?? 0) + 1 }
}

/** The same object while nothing about it changes, so that one look tells. */
export function troubleOf(before: Trouble | null, { kind, since, times }: Failing, why: string): Trouble | null {
  if (times < TROUBLE_AFTER || (before?.kind === kind && before.why === why && before.since === since)) return before
  return { kind, why, since }
}

/** Whether an answer can be believed. Order matters: whoever lacks a leader or rights also lacks rows. */
function doubtOf(dc: string, { knownLeader, lastContactMs, filtered, rows }: Read): Doubt | null {
  if (!knownLeader)
    return { kind: 'leaderless', why: `Consul answers for ${dc}, and says that it knows no leader there.` }
  if (lastContactMs > STALE_MS) {
    // In words and not in seconds, which would make each read a new trouble.
    return { kind: 'stale', why: `The server of ${dc} that answers has not heard of its leader for more than 10 s.` }
  }
  if (filtered) {
    return {
      kind: 'filtered',
      why: `Consul leaves out checks of ${dc} that our token may not read: its policy needs \`node_prefix "" { policy = "read" }\` and \`service_prefix "" { policy = "read" }\`.`,
    }
  }
  if (rows.some(({ check }) => check === 'serfHealth')) return null
  // Every datacenter has at least the node of the server that answers.
  const left = rows.length === 0 ? 'not one check' : 'not one node'
  return {
    kind: 'empty',
    why: `Consul shows ${left} of ${dc}, not even its own servers: our token may not read nodes (it needs \`node_prefix "" { policy = "read" }\`), or Consul lost what it knew.`,
  }
}

const RANK = { passing: 0, warning: 1, critical: 2 }

/**
 * A filtered answer can make things worse, never better: rows that it has are true, and those that it lacks are hidden, not gone. So
 * nothing goes, and nothing gets better on its word; what it says of a check that is as bad as before, or worse, is news.
 */
function withWorse(rows: ReadonlyMap<string, CheckRow>, seen: Read['rows']): ReadonlyMap<string, CheckRow> {
  const worse = seen.filter((row) => {
    const old = rows.get(fingerprintOf(row))
    return row !== old && (old === undefined || RANK[row.status] >= RANK[old.status])
  })
  return worse.length === 0 ? rows : new Map([...rows, ...byFingerprint(worse)])
}

/** Two rows of one fingerprint can only come from names with a slash in them; the worse one is not lost. */
function byFingerprint(rows: Read['rows']): Map<string, CheckRow> {
  const found = new Map<string, CheckRow>()
  for (const row of rows) {
    const print = fingerprintOf(row)
    const other = found.get(print)
    if (!other || RANK[row.status] > RANK[other.status]) found.set(print, row)
  }
  return found
}
