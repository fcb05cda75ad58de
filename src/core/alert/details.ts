import { z } from 'zod'
import type { AlertDetails } from '../alert.ts'
import { withoutSecrets } from './said.ts'

const LONGEST_TEXT = 200
const MOST_NAMES = 5
const MOST_ENTRIES = 20
const MINUTES = 60
const KINDS = ['denied', 'failedLogin', 'wrappingInvalid', 'missingClientToken'] as const
const DIMENSIONS = ['class', 'principal', 'path', 'address'] as const
const STATUSES = ['critical', 'warning', 'passing'] as const

const count = z.number().int().min(0)
const time = z.number().int().min(0).max(8.64e15)
/** What clients named themselves: one line, and nothing that opens a door. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const text = z.string().transform((given) => cut(withoutSecrets(given.replace(/[\u0000-\u001F\u007F-\u009F]/g, ' '))))
const names = z.array(z.object({ name: text, count })).transform((given) => given.slice(0, MOST_NAMES))
const link = z
  .url({ protocol: /^https?$/ })
  .max(LONGEST_TEXT)
  .nullable()
  .catch(null)

const sums = z.object(each(KINDS, () => count))
const top = z.object(each(KINDS, () => z.object(each(DIMENSIONS, () => names))))

/** What GET /vault-audit answers (src/monitors/vault-audit.ts); whatever else is in it is left where it is. */
const vaultAudit = z.object({
  at: time,
  windows: z.object({ '5m': z.object({ sums }), '60m': z.object({ sums, top }) }),
  /** Older monitors do not say it. */
  minutes: z.array(count).length(MINUTES).or(z.array(count).length(0)).default([]),
})

/** What GET /token-expiry answers (src/monitors/token-expiry.ts). `at` is null before its first look. */
const tokenExpiry = z.object({
  at: time,
  entries: z.array(
    z.object({ name: text, status: z.enum(STATUSES), text, owner: text, runbook: link, renewal: text.nullable() }),
  ),
})

/**
 * Reads the page of a monitor, bounded: five names of each kind, the 20 worst entries, texts of 200 characters. Null for anything
 * that is no such page.
 */
export function readDetails(kind: AlertDetails['kind'], page: unknown): AlertDetails | null {
  return kind === 'vault-audit' ? readVaultAudit(page) : readTokenExpiry(page)
}

function readVaultAudit(page: unknown): AlertDetails | null {
  const { data } = vaultAudit.safeParse(page)
  if (!data) return null
  const { at, windows, minutes } = data
  const hour = windows['60m']
  // Where nothing was denied, the names are of what there was most of: failed logins, say.
  const [kind = 'denied'] = KINDS.toSorted((one, other) => hour.sums[other] - hour.sums[one])
  const shown = hour.top[hour.sums.denied > 0 ? 'denied' : kind]
  return { kind: 'vault-audit', at, counts: { '5m': windows['5m'].sums, '60m': hour.sums }, top: shown, minutes }
}

function readTokenExpiry(page: unknown): AlertDetails | null {
  const { data } = tokenExpiry.safeParse(page)
  if (!data) return null
  const worst = data.entries.toSorted((one, other) => STATUSES.indexOf(one.status) - STATUSES.indexOf(other.status))
  return { kind: 'token-expiry', at: data.at, entries: worst.slice(0, MOST_ENTRIES) }
}

/** The picture of the last hour in words, for those who cannot see it. `title`: what was counted. */
export function minutesText({
  title,
  minutes,
}: {
  readonly title: string
  readonly minutes: readonly number[]
}): string {
  const total = minutes.reduce((sum, found) => sum + found, 0)
  const chart = `Bar chart of the last ${minutes.length} minutes: ${title}.`
  if (total === 0) return `${chart} There was nothing.`
  const most = Math.max(...minutes)
  const ago = minutes.length - 1 - minutes.lastIndexOf(most)
  const silent = minutes.filter((found) => found === 0).length
  const when = ago === 0 ? 'in the latest minute' : `${ago} minute${ago === 1 ? '' : 's'} before the end`
  const last = minutes.slice(-5).reduce((sum, found) => sum + found, 0)
  return `${chart} ${total} in all, most of them in one minute ${most}, ${when}; ${last} in the last five minutes; nothing in ${silent} of the minutes.`
}

function cut(given: string): string {
  const letters = [...given.toWellFormed()]
  return letters.length <= LONGEST_TEXT ? letters.join('') : `${letters.slice(0, LONGEST_TEXT - 1).join('')}…`
}

function each<Name extends string, Value>(given: readonly Name[], of: () => Value): Record<Name, Value> {
  return Object.fromEntries(given.map((name) => [name, of()])) as Record<Name, Value>
}
