import type { AuditEntry, AuditLine } from '../../src/core/audit.ts'
import { NOTHING, seal, textOf } from '../../src/engine/audit/chain.ts'
import type { Found, Known, Verdict } from '../../src/engine/audit/verify.ts'
import { verify } from '../../src/engine/audit/verify.ts'

export const entryOf = (line: string, change: Partial<AuditEntry> = {}): AuditEntry => ({
  kind: 'asked',
  who: 'T01TEAM/U01ALICE',
  line,
  ...change,
})

/** A whole chain of so many lines. */
export function chainOf(count: number): AuditLine[] {
  const lines: AuditLine[] = []
  for (let seq = 1; seq <= count; seq++) {
    lines.push(seal(lines.at(-1) ?? NOTHING, { at: 1_000_000 * seq, entry: entryOf(`command ${seq}`) }, (text) => text))
  }
  return lines
}

/** The same line with other content and a hash that fits it. */
export function forged(line: AuditLine, prev = line.prev): AuditLine {
  return seal({ seq: line.seq - 1, hash: prev }, { at: Date.parse(line.at), entry: entryOf('forged') }, (text) => text)
}

/** What Redis knows of a chain. */
export function knownOf(lines: readonly AuditLine[]): Known {
  const hashes = new Map(lines.map(({ seq, hash }) => [seq, hash]))
  return { hashOf: (seq) => hashes.get(seq), firsts: [1], head: lines.at(-1) ?? NOTHING }
}

/** Of a chain of which Redis keeps the head alone. */
export const headOf = (lines: readonly AuditLine[]): Known => ({ ...knownOf(lines), hashOf: () => undefined })

export function verdictOf(texts: readonly string[], known: Known, tail = ''): Promise<Verdict> {
  async function* found(): AsyncGenerator<Found> {
    for (const text of texts) yield { text, ended: true }
    if (tail) yield { text: tail, ended: false }
  }
  return verify(found(), known)
}

export const textsOf = (lines: readonly AuditLine[]) => lines.map(textOf)

/** Problems as `how@line`. */
export const named = ({ problems }: Verdict) => problems.map(({ how, line }) => `${how}@${line}`)
