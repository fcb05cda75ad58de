import type { AuditKind, AuditLine } from '../audit.ts'

/** Lines of the audit by which it is known what was done under break glass: these are counted to it, all others only bear its mark. */
export const deedKinds: readonly AuditKind[] = [
  'asked',
  'refused',
  'stored',
  'judged',
  'acknowledged',
  'silenced',
  'unsilenced',
  'closed',
]

/** One thing that somebody did, or tried. `what` is the line that he typed, or what he pressed. */
export type Deed = {
  readonly at: number
  readonly what: string
  readonly execution: string | null
  /** Why it was refused; null where it was not. */
  readonly refused: string | null
  /** Null for what was no judgment. */
  readonly decision: 'approved' | 'rejected' | null
}

const JUDGING = ['approve', 'reject']

/**
 * What a person did, in the order of the audit. A press on Approve is told as the judgment that came of it, a request that came to nothing
 * as the refusal; an execution that was begun by a command is told with that command, any other by itself.
 */
export function deedsOf(lines: readonly AuditLine[], who: string): Deed[] {
  const mine = lines.filter(({ entry }) => entry.who === who)
  const asked = new Set(mine.flatMap(({ entry }) => (entry.kind === 'asked' && entry.execution) || []))
  const deeds: Deed[] = []
  for (const { at, entry } of mine) {
    const { kind, execution = null, line = '', what, why = '', decision = null, rule } = entry
    const deed = { at: Date.parse(at), what: wordsOf(what, line), execution, refused: null, decision }
    if (kind === 'refused') withRefusal(deeds, { ...deed, execution: null, refused: why }, rule !== undefined)
    else if (kind === 'judged') deeds.push({ ...deed, what: line })
    else if (kind === 'stored' && !asked.has(execution ?? '')) deeds.push({ ...deed, what: line })
    else if (kind === 'asked' && !JUDGING.includes(what ?? '')) deeds.push(deed)
  }
  return deeds
}

/** What was allowed (`asked` by a rule) and then came to nothing is one deed and not two. */
function withRefusal(deeds: Deed[], refusal: Deed, allowed: boolean): void {
  const isIt = ({ what, refused, decision }: Deed) => what === refusal.what && refused === null && decision === null
  const same = allowed ? deeds.findLastIndex(isIt) : -1
  if (same >= 0) deeds.splice(same, 1)
  deeds.push(refusal)
}

function wordsOf(what: string | undefined, line: string): string {
  return [what, line].filter(Boolean).join(': ')
}

/** The executions that it was about: begun under it, or approved under it. */
export function executionsOf(deeds: readonly Deed[]): string[] {
  const touched = deeds.filter(({ refused, decision }) => refused === null && decision !== 'rejected')
  return [...new Set(touched.flatMap(({ execution }) => execution ?? []))]
}
