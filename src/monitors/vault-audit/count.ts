import type { DeniedClass } from './classify.ts'
import { readEntry } from './entry.ts'
import type { Finding, Judging } from './judge.ts'
import { createJudge } from './judge.ts'
import type { Scan, Scanned } from './scan.ts'
import { createScan } from './scan.ts'

/** What was found in a log so far. `lines` are whole lines, those that were too long among them. */
export type Counts = {
  readonly lines: number
  readonly denied: number
  readonly failedLogin: number
  readonly wrappingInvalid: number
  readonly missingClientToken: number
  readonly excluded: number
  readonly unparsable: number
  readonly jsonx: number
  readonly oversize: number
  readonly byClass: Readonly<Partial<Record<DeniedClass, number>>>
}

export type Counter = {
  onLines(buffer: Buffer, start: number, end: number): void
  onOversize(): void
  counts(): Counts
}

type Options = Judging & Pick<Scan, 'prefix'> & { readonly onFinding?: (finding: Finding) => void }

/** Scan, judge and sums in one: what stands behind a line reader. */
export function createCounter({ onFinding, prefix = '', ...judging }: Options = {}): Counter {
  const judge = createJudge(judging)
  const sums = { denied: 0, failedLogin: 0, wrappingInvalid: 0, missingClientToken: 0, excluded: 0, oversize: 0 }
  const byClass: Partial<Record<DeniedClass, number>> = {}

  function onEntry(line: object): void {
    const judgment = judge(readEntry(line))
    if (judgment === 'excluded') sums.excluded++
    if (typeof judgment === 'string') return
    sums[judgment.kind]++
    if (judgment.class) byClass[judgment.class] = (byClass[judgment.class] ?? 0) + 1
    onFinding?.(judgment)
  }

  const scan = createScan({ prefix, hmacs: judging.hmacs ?? [], onEntry })
  const linesOf = ({ lines }: Scanned) => lines + sums.oversize
  return {
    onLines: scan.onLines,
    onOversize: () => void sums.oversize++,
    counts: () => ({ ...scan.counts, ...sums, lines: linesOf(scan.counts), byClass: { ...byClass } }),
  }
}
