import { NEEDLES } from './texts.ts'

export type Scan = {
  /** What Vault was told to put before every entry; '' when nothing. Without it all before the first `{` is dropped. */
  readonly prefix?: string
  /** What a line may contain besides the known texts: HMACs of the answer to a failed login. */
  readonly hmacs?: readonly string[]
  /** A line that may be denied or failed, and that JSON could read. */
  readonly onEntry: (entry: object) => void
}

export type Scanned = { lines: number; unparsable: number; jsonx: number }

const NEWLINE = 0x0a
const SPACE = 0x20
const OPEN = 0x7b
const CLOSE = 0x7d
const JSONX = Buffer.from('<json:')

/**
 * Counts lines and finds, by their bytes, those that may be denied or failed; only these are parsed. Every known text has a space,
 * and an entry of Vault has hardly any: so one native search for newlines and one for spaces go over the bytes, and a space is
 * looked at only where one is. The call takes whole lines, as a line reader hands them out.
 */
export function createScan({ prefix = '', hmacs = [], onEntry }: Scan): {
  readonly counts: Scanned
  onLines(buffer: Buffer, start: number, end: number): void
} {
  const counts: Scanned = { lines: 0, unparsable: 0, jsonx: 0 }
  const quick = !prefix.startsWith('{')
  const stripped = Buffer.from(prefix)
  const others = hmacs.map((text) => Buffer.from(text))

  function parse(buffer: Buffer, start: number, end: number): void {
    const entry = parsed(buffer.toString('utf8', start, end))
    if (entry) onEntry(entry)
    else counts.unparsable++
  }

  /** A line that is not `{...}` as it stands: blank, prefixed, foreign, JSONx, or with a carriage return. */
  function odd(buffer: Buffer, start: number, end: number): void {
    const last = lastInk(buffer, start, end)
    if (last < start) return
    const from = entryStart(buffer, start, last + 1)
    if (from === 'jsonx') counts.jsonx++
    if (from === 'jsonx' || buffer[from] !== OPEN || buffer[last] !== CLOSE) counts.unparsable++
    else if (mayFail(buffer, from, last + 1)) parse(buffer, from, last + 1)
  }

  /** Where the entry of a line starts by the prefix rule; the line's end where nothing does. */
  function entryStart(buffer: Buffer, start: number, end: number): number | 'jsonx' {
    const line = buffer.subarray(start, end)
    const prefixed = stripped.length > 0 && line.subarray(0, stripped.length).equals(stripped)
    const rest = firstInk(buffer, prefixed ? start + stripped.length : start, end)
    if (buffer.subarray(rest, end).subarray(0, JSONX.length).equals(JSONX)) return 'jsonx'
    const brace = line.indexOf(OPEN)
    return prefixed ? rest : brace < 0 ? end : start + brace
  }

  function mayFail(buffer: Buffer, start: number, end: number): boolean {
    if (hasNeedle(buffer, start, end)) return true
    return others.some((other) => buffer.subarray(start, end).includes(other))
  }

  return {
    counts,
    onLines(buffer, start, end) {
      let space = -1
      for (let at = start; at < end; ) {
        const newline = buffer.indexOf(NEWLINE, at)
        counts.lines++
        if (space < at) space = positionOf(buffer.indexOf(SPACE, at))
        if (!quick || buffer[at] !== OPEN || buffer[newline - 1] !== CLOSE) odd(buffer, at, newline)
        else if (space < newline && hasNeedle(buffer, space, newline)) parse(buffer, at, newline)
        else if (others.length > 0 && mayFail(buffer, at, newline)) parse(buffer, at, newline)
        at = newline + 1
      }
    },
  }
}

const positionOf = (found: number) => (found < 0 ? Number.POSITIVE_INFINITY : found)

/** The first byte that is more than white space; `end` when there is none. */
function firstInk(buffer: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && (buffer[at] ?? 0) <= SPACE) at++
  return at
}

function lastInk(buffer: Buffer, start: number, end: number): number {
  let at = end - 1
  while (at >= start && (buffer[at] ?? 0) <= SPACE) at--
  return at
}

function parsed(text: string): object | undefined {
  try {
    return JSON.parse(text) as object
  } catch {
    return undefined // Counted by the caller: a line that JSON cannot read is something to know, not to stop for.
  }
}

type Needle = { readonly bytes: Buffer; readonly space: number }

const needles: readonly Needle[] = NEEDLES.map((text) => ({ bytes: Buffer.from(text), space: text.indexOf(' ') }))
/** Whether any needle has this byte before, or behind, its first space. */
const before = new Uint8Array(256)
const behind = new Uint8Array(256)
for (const { bytes, space } of needles) {
  before[bytes[space - 1] ?? 0] = 1
  behind[bytes[space + 1] ?? 0] = 1
}

/** Whether a known text stands in the bytes from `start` to `end`; no space of it stands before `start`. */
function hasNeedle(buffer: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (buffer[at] !== SPACE) continue
    if (behind[buffer[at + 1] ?? 0] === 0 || before[buffer[at - 1] ?? 0] === 0) continue
    for (const needle of needles) if (stands(needle, buffer, at, end)) return true
  }
  return false
}

function stands({ bytes, space }: Needle, buffer: Buffer, at: number, end: number): boolean {
  const from = at - space
  if (from < 0 || from + bytes.length > end) return false
  for (let index = 0; index < bytes.length; index++) if (buffer[from + index] !== bytes[index]) return false
  return true
}
