import type { AlertDetails, CheckStatus, Expiring, Named } from '../../core/alert.ts'
import { within } from './alert-lines.ts'
import { code, link } from './text.ts'

type Audit = Extract<AlertDetails, { kind: 'vault-audit' }>
type Clock = (at: number) => string

/** What a burst of denied requests, or tokens that end soon, are in figures; `all` for a thread, where there is room. */
export function detailLines(details: AlertDetails, clock: Clock, all = false): string[] {
  if (details.kind === 'token-expiry') return tokenLines(details.entries, `as of ${clock(details.at)}`, all)
  return all ? auditTable(details, clock) : auditLines(details, clock)
}

/** What monitors of ours count, as they call it themselves. */
const KINDS: Readonly<Record<string, string>> = {
  denied: 'denied',
  failedLogin: 'failed logins',
  wrappingInvalid: 'invalid wrapping tokens',
  missingClientToken: 'without a token',
}

/** The figures are as old as they say: a message is read later than it is drawn. */
function figures({ counts, at }: Audit, clock: Clock): string {
  return `📈 *${sums(counts['5m'])}* in 5 min, ${sums(counts['60m'])} in 60 min (as of ${clock(at)})`
}

function sums(counts: Readonly<Record<string, number>>): string {
  const found = Object.entries(counts).filter(([, count]) => count > 0)
  return found.map(([kind, count]) => `${count} ${KINDS[kind] ?? code(kind)}`).join(', ') || 'nothing'
}

function auditLines(details: Audit, clock: Clock): string[] {
  const { principal, path, address } = details.top
  const most = [mostOf('by', principal), mostOf('on', path), mostOf('from', address)].filter(Boolean)
  return [figures(details, clock), ...(most.length > 0 ? [`most of the hour ${most.join(', ')}`] : [])]
}

function mostOf(word: string, [first]: readonly Named[]): string {
  return first ? `${word} ${code(first.name, 80)} (${first.count})` : ''
}

const TABLE = { principal: 'Principals', path: 'Paths', address: 'Addresses', class: 'Kinds' } as const

function auditTable(details: Audit, clock: Clock): string[] {
  const rows = Object.entries(TABLE).flatMap(([dimension, title]) => {
    const top = details.top[dimension as keyof typeof TABLE]
    const names = top.slice(0, 5).map(({ name, count }) => `${code(name, 80)} ${count}`)
    return names.length > 0 ? [`*${title}*: ${names.join(', ')}`] : []
  })
  return [figures(details, clock), ...(rows.length > 0 ? ['The most frequent of the last hour:', ...rows] : [])]
}

const RANK: Readonly<Record<CheckStatus, number>> = { critical: 0, warning: 1, passing: 2 }

/** What needs nobody is left out. */
function tokenLines(entries: readonly Expiring[], asOf: string, all: boolean): string[] {
  const ending = entries.filter(({ status }) => status !== 'passing')
  const lines = ending.toSorted((one, other) => RANK[one.status] - RANK[other.status]).map(tokenLine)
  return lines.length > 0
    ? [
        `🔑 Tokens and certificates (${asOf}):`,
        ...within(lines, all ? { most: 20, room: 2_700 } : { most: 6, room: 1_200 }),
      ]
    : []
}

function tokenLine({ name, status, text, owner, runbook, renewal }: Expiring): string {
  const parts = [
    `• ${code(name, 80)} ${status}: ${code(text, 160)}`,
    owner ? `owner ${code(owner, 80)}` : '',
    renewal ? `renewal: ${code(renewal, 160)}` : '',
    runbook ? link(runbook, 'how to renew') : '',
  ]
  return parts.filter(Boolean).join(', ')
}
