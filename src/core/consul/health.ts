import { spoken } from '../duration.ts'
import { clock, dayAndClock } from '../judgment.ts'
import { asCode } from '../text.ts'
import type { SinceOf } from './asking.ts'
import type { Check, Instance } from './rows.ts'

/** How something stands, the sickest first. `maintenance`: somebody took it out on purpose. */
export const states = ['critical', 'warning', 'maintenance', 'passing'] as const
export type State = (typeof states)[number]

export const ICONS: Readonly<Record<State, string>> = {
  critical: '🔴',
  warning: '🟠',
  maintenance: '🔧',
  passing: '🟢',
}

/** The check that tells whether the agent of a node lives. While it is critical all others say what they last said. */
const ALIVE = 'serfHealth'

export function isMaintenance({ id }: Pick<Check, 'id'>): boolean {
  return id === '_node_maintenance' || id.startsWith('_service_maintenance:')
}

/** The worst of the checks; none at all counts as passing, as it does in Consul. */
export function stateOf(checks: readonly Check[]): State {
  const said = checks.map((check): State => (isMaintenance(check) ? 'maintenance' : check.status))
  // Who is in maintenance is expected to be sick.
  if (said.includes('maintenance')) return 'maintenance'
  return states.find((state) => said.includes(state)) ?? 'passing'
}

export function sickFirst<T>(
  rows: readonly T[],
  of: (row: T) => { readonly state: State; readonly name: string },
): T[] {
  return rows
    .map((row) => ({ row, ...of(row) }))
    .toSorted(
      (one, other) =>
        states.indexOf(one.state) - states.indexOf(other.state) ||
        (one.name < other.name ? -1 : one.name > other.name ? 1 : 0),
    )
    .map(({ row }) => row)
}

/** Those of a service that are worth a line: what is wrong with it, the node's first. */
export function sickChecks(checks: readonly Check[]): Check[] {
  const sick = checks.filter((check) => check.status !== 'passing' || isMaintenance(check))
  return sickFirst(sick, (check) => ({ state: check.status, name: `${check.id === ALIVE ? '' : '~'}${check.id}` }))
}

/** A check in a line, with what it said, and since when where anybody knows that. */
export function checkLine(check: Check & { readonly dc: string }, since: SinceOf, now: number): string {
  const at = since(check)
  return saidText(
    check,
    at === null ? `, since when nobody knows (index ${check.index})` : `, since ${atText(at, now)}`,
  )
}

/** The same without the time, or with what is to be said of it. */
export function saidText(check: Check, when = ''): string {
  if (isMaintenance(check)) {
    const reason = check.notes ? `: ${outputText(check.notes)}` : ''
    return `${check.service ? 'in maintenance' : 'its node is in maintenance'}${reason}`
  }
  const said = check.output.trim() === '' ? 'it says nothing' : outputText(check.output)
  if (check.id === ALIVE && check.status === 'critical')
    return `its node is dead${when}: ${said}; the other checks say what they last said`
  return `${asCode(check.name || check.id)} *${check.status}*${when}: ${said}`
}

function atText(at: number, now: number): string {
  const sameDay = dayAndClock(at).slice(0, 10) === dayAndClock(now).slice(0, 10)
  return `${sameDay ? clock(at) : dayAndClock(at)} (${spoken(now - at)})`
}

const MOST_OUTPUT = 200

/** What a check says, in one line, bounded, without what looks like a secret. */
export function outputText(output: string): string {
  const flat = withoutSecrets(output).replace(/\s+/g, ' ').trim()
  return asCode(flat.length > MOST_OUTPUT ? `${flat.slice(0, MOST_OUTPUT - 1)}…` : flat)
}

/** Checks print what they were called with: passwords in addresses, in headers, and after names that say so. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/\b([a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@]{0,100}):[^\s/@]{1,200}@/gi, '$1:***@')
    .replace(/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, '$1 ***')
    .replace(
      /((?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|credential)s?["']?\s{0,3}[=:]\s{0,3})("[^"\n]{1,400}"|'[^'\n]{1,400}'|[^\s,;&"']{1,400})/gi,
      '$1***',
    )
}

const VERSION_TAG = /^(?:version[=:-])?(v?\d+(?:\.\d+){1,3}(?:[-+.][\w.-]{1,60})?)$/i

/** Of its meta (`version`, or a name that ends so), else of a tag that is one or says so: `v1.4.2`, `version=7`. */
export function versionOf({ meta, tags }: Pick<Instance, 'meta' | 'tags'>): string | null {
  const named = Object.keys(meta).find((name) => name.toLowerCase() === 'version')
  const ending = Object.keys(meta).find(
    (name) => /(^|[_-])version$/i.test(name) && !/^(raft|serf|protocol)/i.test(name),
  )
  const own = meta[named ?? ending ?? '']
  if (own) return own
  const said = tags.flatMap((tag) => /^version[=:](.{1,60})$/i.exec(tag)?.[1] ?? [])
  return said[0] ?? tags.flatMap((tag) => VERSION_TAG.exec(tag)?.[1] ?? [])[0] ?? null
}

/** `10.0.0.1:80`; an IPv6 address in brackets. */
export function placeOf({ address, port }: Pick<Instance, 'address' | 'port'>): string {
  const host = address.includes(':') ? `[${address}]` : address || '?'
  return port > 0 ? `${host}:${port}` : host
}
