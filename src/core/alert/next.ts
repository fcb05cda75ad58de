import type { Alert, AlertDetails, AlertNote, CheckRow } from '../alert.ts'
import { fingerprintOf } from '../alert.ts'
import type { Signal } from './observed.ts'
import { withoutSecrets } from './said.ts'

/** The times that decide, in milliseconds. */
export type Delays = {
  readonly raiseAfter: number
  readonly keepFor: number
  readonly vanishAfter: number
  readonly closeAfter: number
  readonly flap: { readonly changes: number; readonly within: number; readonly quiet: number }
}

/** What became of an alert, as its thread tells it; null: nothing that is told. */
export type Step = { readonly alert: Alert | null; readonly told: AlertNote['what'] | null }

/** Figures alone do not make a message new more often than this. */
const OUTPUT_EVERY_MS = 30_000
const DETAILS_EVERY_MS = 60_000
const LONGEST_OUTPUT = 600
const MOST_CHANGES = 50

export function newAlert(row: CheckRow, now: number): Alert {
  const { dc, node, check, name, service, serviceId, tags, status } = row
  return {
    ...{ fingerprint: fingerprintOf(row), dc, node, check, name, service, serviceId, tags, status },
    ...{ output: outputOf(row), outputAt: now },
    ...{ state: 'pending', since: now, firedAt: null, passingSince: null, missingSince: null, why: null, wide: false },
    ...{ changes: [], flapping: null, maintenance: null, silence: null, details: null },
  }
}

const outputs = new WeakMap<CheckRow, string>()

/**
 * What a check says, bounded, once for each row. A script that fails may say with which token, and all of it is for everybody to read;
 * hidden before the cut, which leaves half of one.
 */
function outputOf(row: CheckRow): string {
  const before = outputs.get(row)
  if (before !== undefined) return before
  const output = withoutSecrets(row.output).slice(0, LONGEST_OUTPUT)
  outputs.set(row, output)
  return output
}

/** One alert, one signal. `alert: null`: it was never more than pending and is over. */
export function nextOf(alert: Alert, signal: Signal, delays: Delays, now: number): Step {
  switch (signal.is) {
    case 'frozen':
    case 'dropped':
      return { alert, told: null }
    case 'unknown':
      return hidden(alert, signal, now)
    case 'gone':
      return gone(alert, delays, now)
    case 'ok':
      return passing(alert, signal.row, delays, now)
    case 'bad':
      return bad(described(alert, signal.row, now), alert, delays, now)
  }
}

function hidden(alert: Alert, { why, wide }: { why: string; wide: boolean }, now: number): Step {
  if (alert.state !== 'firing' && alert.state !== 'vanished') return { alert, told: null }
  const told = wide ? null : 'unknown'
  return { alert: { ...alert, state: 'unknown', since: now, why, wide, passingSince: null, missingSince: null }, told }
}

/** Absence is no recovery: after a while it is told as what it is. */
function gone(alert: Alert, { vanishAfter, closeAfter }: Delays, now: number): Step {
  const { state, since } = alert
  if (state === 'pending') {
    const why = 'it was gone from Consul before it fired again: nobody knows how it ended'
    return { alert: alert.firedAt === null ? null : { ...alert, state: 'closed', since: now, why }, told: null }
  }
  if (state === 'vanished' && now - since >= closeAfter) {
    const why = 'it vanished from Consul and did not come back: nobody knows how it ended'
    return { alert: { ...alert, state: 'closed', since: now, why }, told: 'closed' }
  }
  if (state !== 'firing' && state !== 'unknown') return { alert, told: null }
  const missingSince = alert.missingSince ?? now
  if (now - missingSince < vanishAfter) {
    return { alert: alert.missingSince === null ? { ...alert, missingSince } : alert, told: null }
  }
  return {
    alert: { ...alert, state: 'vanished', since: now, missingSince, why: null, passingSince: null },
    told: 'vanished',
  }
}

function passing(before: Alert, row: CheckRow | null, delays: Delays, now: number): Step {
  const { state } = before
  if (state === 'pending')
    return { alert: before.firedAt === null ? null : { ...before, state: 'resolved' }, told: null }
  if (state !== 'firing' && state !== 'unknown' && state !== 'vanished') return { alert: before, told: null }
  const alert = row ? described(before, row, now) : before
  const flipped = before.passingSince === null ? changed(alert, now) : alert
  const passingSince = before.passingSince ?? now
  const { flapping, flap } = flapOf(flipped, delays, now)
  const keepFor = flapping === null ? delays.keepFor : Math.max(delays.keepFor, flap.quiet)
  if (now - passingSince < keepFor) {
    const same = state === 'firing' && alert === before && flipped === before && flapping === before.flapping
    if (same) return { alert: before, told: null }
    const held = { ...flipped, state: 'firing' as const, since: firingSince(before, now), passingSince, flapping }
    return { alert: { ...held, why: null, missingSince: null }, told: begunToFlap(before, flapping) }
  }
  const resolved = { ...flipped, state: 'resolved' as const, since: now, passingSince, missingSince: null, why: null }
  return {
    alert: before.flapping === null && flapping === null ? resolved : steady(resolved),
    told: state === 'vanished' ? 'returned' : 'resolved',
  }
}

function bad(alert: Alert, before: Alert, delays: Delays, now: number): Step {
  const { state } = before
  if (state === 'firing') return stillBad(alert, before, delays, now)
  if (state === 'unknown' || state === 'vanished') {
    const told = state === 'vanished' ? 'returned' : before.wide ? null : 'known'
    const since = firingSince(before, now)
    const { flapping } = flapOf(alert, delays, now)
    return { alert: { ...alert, state: 'firing', since, why: null, missingSince: null, flapping }, told }
  }
  const since = state === 'pending' ? before.since : now
  if (now - since < delays.raiseAfter) {
    if (state === 'pending') return { alert, told: null }
    return { alert: { ...alert, state: 'pending', since, why: null, passingSince: null }, told: null }
  }
  return raised(alert, before, delays, now)
}

function raised(alert: Alert, before: Alert, delays: Delays, now: number): Step {
  const open = { passingSince: null, missingSince: null, why: null }
  // One that goes to and fro between two groups flaps in both; this one it may have left alone for long enough.
  const still = before.flapping !== null && flapOf(before, delays, now).flapping !== null
  const fired = changed({ ...(still ? alert : steady(alert)), state: 'firing', since: now, firedAt: now, ...open }, now)
  const { flapping } = flapOf(fired, delays, now)
  const told = begunToFlap(before, flapping) ?? (before.firedAt === null ? 'raised' : 'again')
  return { alert: { ...fired, flapping }, told: still ? null : told }
}

/** It is over with flapping: what it does next is news again. */
function steady(alert: Alert): Alert {
  return alert.flapping === null ? alert : { ...alert, flapping: null, changes: [] }
}

function stillBad(alert: Alert, before: Alert, delays: Delays, now: number): Step {
  if (before.passingSince === null && before.missingSince === null && before.flapping === null) {
    return { alert, told: alert.status === before.status ? null : 'changed' }
  }
  const flipped = before.passingSince === null ? alert : changed({ ...alert, passingSince: null }, now)
  const { flapping } = flapOf(flipped, delays, now)
  const ended = before.flapping !== null && flapping === null
  const told = ended ? 'steady' : begunToFlap(before, flapping)
  if (told === null && flipped === before && before.missingSince === null) return { alert: before, told }
  return { alert: { ...(ended ? steady(flipped) : { ...flipped, flapping }), missingSince: null }, told }
}

/** When it began to fire, across a time in which nobody could say. */
const firingSince = (before: Alert, now: number) => (before.state === 'firing' ? before.since : (before.firedAt ?? now))

function changed(alert: Alert, now: number): Alert {
  return { ...alert, changes: [...alert.changes, now].slice(-MOST_CHANGES) }
}

/** It flaps with so many changes in a while, until it has been still for long enough. */
function flapOf({ changes, flapping }: Alert, { flap }: Delays, now: number) {
  const last = changes.at(-1) ?? 0
  if (flapping !== null) return { flapping: now - last >= flap.quiet ? null : flapping, flap }
  const recent = changes.filter((at) => now - at < flap.within).length
  return { flapping: recent >= flap.changes ? now : null, flap }
}

const begunToFlap = (before: Alert, flapping: number | null) =>
  before.flapping === null && flapping !== null ? 'flapping' : null

/** With what the check says now. A change of text alone counts only now and then. */
function described(alert: Alert, row: CheckRow, now: number): Alert {
  const output = outputOf(row)
  const { name, tags, status } = row
  const other = status !== alert.status || name !== alert.name
  const worth =
    output !== alert.output && (other || now - alert.outputAt >= OUTPUT_EVERY_MS || alert.state !== 'firing')
  if (!other && !worth) return alert
  return { ...alert, name, tags, status, ...(worth ? { output, outputAt: now } : {}) }
}

/** With what a monitor said besides, where that is news. */
export function withDetails(alert: Alert, details: AlertDetails | undefined): Alert {
  if (!details || alert.state !== 'firing') return alert
  if (alert.details && details.at - alert.details.at < DETAILS_EVERY_MS) return alert
  return { ...alert, details }
}
