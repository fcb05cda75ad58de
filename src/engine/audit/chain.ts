import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { AuditEntry, AuditLine } from '../../core/audit.ts'

/** Where the chain stands: the last line's number and hash. */
export type Head = { readonly seq: number; readonly hash: string }

/** Before the first line. */
export const NOTHING: Head = { seq: 0, hash: '0'.repeat(64) }

/** Longer texts are cut: an audit line is no log, and one request must not fill the disk. */
const LONGEST_TEXT = 4_000
const MOST_ITEMS = 200

/** Names by which lines are found again; everything else in an entry is free text, in which a secret may stand. */
const NAMES = new Set([
  'kind',
  'who',
  'execution',
  'environment',
  'stage',
  'digest',
  'worker',
  'decision',
  'outcome',
  'glass',
])

export type Unsealed = { readonly at: number; readonly entry: AuditEntry }

/** The next line of the chain. */
export function seal(head: Head, { at, entry }: Unsealed, mask: (text: string) => string): AuditLine {
  const rest = {
    seq: head.seq + 1,
    at: new Date(at).toISOString(),
    entry: cleaned(entry, mask),
    prev: head.hash,
  }
  return { ...rest, hash: hashOf(rest) }
}

/** The line as it is stored and written, without its end: canonical JSON, so that there is one way only to write it. */
export function textOf(line: AuditLine): string {
  return canonical(line)
}

const stored = z.strictObject({
  seq: z.int().min(1),
  at: z.string(),
  entry: z.looseObject({ kind: z.string(), who: z.string() }),
  prev: z.string(),
  hash: z.string(),
})

/** The line that a text is, or null if but one byte of it is not as it was written. */
export function readLine(text: string): AuditLine | null {
  const line = stored.safeParse(parsed(text)).data
  if (!line || canonical(line) !== text) return null
  const { hash, ...rest } = line
  return hashOf(rest) === hash ? ({ ...rest, hash } as AuditLine) : null
}

function hashOf(rest: Omit<AuditLine, 'hash'> | Record<string, unknown>): string {
  return createHash('sha256').update(canonical(rest)).digest('hex')
}

/** JSON without spaces and with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  )
}

function cleaned(entry: AuditEntry, mask: (text: string) => string): AuditEntry {
  const fields = Object.entries(entry).map(([name, value]) => [name, NAMES.has(name) ? value : masked(value, mask)])
  return Object.fromEntries(fields) as AuditEntry
}

function masked(value: unknown, mask: (text: string) => string): unknown {
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map((item) => masked(item, mask))
  if (typeof value !== 'string') return value
  const text = mask(value.toWellFormed())
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT).toWellFormed()}…` : text
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
