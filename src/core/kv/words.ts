import { withoutPasswords } from '../user-info.ts'
import type { Change, Kind } from './diff.ts'
import { keyWords } from './keys.ts'
import type { Counts, KvPart, KvPlan } from './plan.ts'
import { countsOf, massRemovals } from './plan.ts'
import { serviceWords } from './services.ts'

/** Longer values, and those of several lines, are told by digest and size. */
const LONGEST = 120
const LONGEST_SERVICE = 600

const SIGNS = { add: '+', change: '~', remove: '-' } as const

/** `~ config/app/db/pool "10" → "20"`. Values of secrets are never in it. */
export function changeLine(change: Change): string {
  const { what, kind, key, text, digest, before, secret } = change
  const name = nameOf({ kind, key })
  const from = before ? sideWords(kind, before, secret) : ''
  const to = text === null ? '' : sideWords(kind, { text, digest: digest ?? '', size: Buffer.byteLength(text) }, secret)
  // Both look alike where only a password in an address is another one.
  const alike = from === to && !secret ? ' (what is hidden in it is another one)' : ''
  if (what === 'add') return `${SIGNS.add} ${name} ${to}`
  if (what === 'remove') return `${SIGNS.remove} ${name} (was ${from})`
  return `${SIGNS.change} ${name} ${from} → ${to}${alike}`
}

export function nameOf({ kind, key }: Pick<Change, 'kind' | 'key'>): string {
  return kind === 'service' ? `service ${keyWords(key)}` : keyWords(key)
}

type Value = { readonly text: string | null; readonly digest: string; readonly size: number }

/** One side of a change: a value, or all that a service is registered with, since that is what somebody approves. */
export function sideWords(kind: Kind, value: Value, secret: boolean): string {
  if (kind !== 'service' || !value.text) return valueWords(value, secret)
  const words = serviceWords(value.text)
  const whole = words.length <= LONGEST_SERVICE
  const bare = whole ? words : `${words.slice(0, LONGEST_SERVICE)}…`
  return whole && !words.includes('***') ? bare : `${bare} (sha256 ${value.digest.slice(0, 12)})`
}

/** A value as people are shown it, without the password of an address in it. */
export function valueWords({ text, digest, size }: Value, secret: boolean): string {
  if (secret) return '(secret)'
  if (text !== null && text.length <= LONGEST && !/[\n\r]/.test(text)) return JSON.stringify(withoutPasswords(text))
  if (text === null && size === 0) return `(sha256 ${digest.slice(0, 12)})`
  return `(${sizeWords(size)}, sha256 ${digest.slice(0, 12)}${text === null ? ', no text' : ''})`
}

export function sizeWords(bytes: number): string {
  return bytes < 1024 ? `${bytes} bytes` : `${(bytes / 1024).toFixed(1)} KiB`
}

/** Datacenters of which the same is said, together. */
export type Group = { readonly dcs: readonly string[]; readonly part: KvPart }

export function groupsOf(parts: readonly KvPart[]): Group[] {
  const groups = new Map<string, { dcs: string[]; part: KvPart }>()
  for (const part of parts) {
    const said = [part.held, part.changes.map((each) => changeLine(each)), part.kept]
    const key = JSON.stringify(part.state === 'read' ? said : [part.dc])
    const group = groups.get(key)
    if (group) group.dcs.push(part.dc)
    else groups.set(key, { dcs: [part.dc], part })
  }
  return [...groups.values()]
}

/** All of a plan by line, what is risky first: how many of them are. */
export function planLines(plan: KvPlan): { readonly lines: string[]; readonly risky: number } {
  const mass = massRemovals(plan).map(
    ({ dc, prefix, goes, has }) => `${dc}: REMOVES ${goes} OF THE ${has} KEYS below ${prefix}`,
  )
  const groups = groupsOf(plan.parts)
  const several = plan.parts.length > 1
  const linesOf = (removes: boolean) =>
    groups.flatMap(({ dcs, part }) =>
      part.changes
        .filter(({ what }) => (what === 'remove') === removes)
        .map((each) => `${several ? `${dcs.join(', ')}: ` : ''}${changeLine(each)}`),
    )
  const risky = [...mass, ...linesOf(true)]
  return { lines: [...risky, ...linesOf(false)], risky: risky.length }
}

/** `3 to add, 1 to change, 2 to remove`. */
function countWords({ add, change, remove }: Counts): string {
  return `${add} to add, ${change} to change, ${remove} to remove`
}

/** What a plan comes to in one sentence. */
export function headlineOf(plan: KvPlan): string {
  const counts = countsOf(plan.parts)
  const moving = plan.parts.filter(({ changes }) => changes.length > 0).map(({ dc }) => dc)
  const away = plan.parts.filter(({ state }) => state !== 'read').map(({ dc }) => dc)
  const waits =
    away.length > 0 ? ` ${away.join(', ')} ${away.length === 1 ? 'is' : 'are'} away and will be caught up.` : ''
  if (moving.length === 0) {
    const right = plan.parts.filter(({ state }) => state === 'read').map(({ dc }) => dc)
    return `No changes${right.length > 0 ? `: ${right.join(', ')} ${right.length === 1 ? 'has' : 'have'} what the source says` : ''}.${waits}`
  }
  return `Plan of ${plan.name}: ${countWords(counts)} in ${moving.join(', ')}.${waits}`
}

/** One line a datacenter. */
export function partLines(plan: KvPlan): string[] {
  return plan.parts.map((part) => {
    const { dc, state, why, unchanged, kept, held } = part
    const role = dc === plan.hub ? ' (hub)' : ''
    if (state === 'unknown')
      return `${dc}${role}: waits, ${why} Nobody knows what it has: once it answers it is planned by itself, and asked for.`
    const counts = `${countWords(countsOf([part]))}, ${unchanged} unchanged`
    const named = kept.slice(0, 3).map(({ key, why }) => `${keyWords(key)}: ${why}`)
    const left =
      kept.length > 0 ? `, ${kept.length} left alone (${named.join('; ')}${kept.length > 3 ? '; …' : ''})` : ''
    const back =
      held.length > 0
        ? `. ${held.length} that the source does not have ${held.length === 1 ? 'is' : 'are'} NOT removed: the hub shows nothing there, which is doubted`
        : ''
    const away = state === 'remembered' ? `waits, ${why} Against what it had when it was last right: ` : ''
    return `${dc}${role}: ${away}${counts}${left}${back}.`
  })
}
