import type { Coverage } from '../coverage.ts'
import { type Counts, faults } from './faults.ts'

/** What a run comes to. `rest`: the longest time, in milliseconds, from when all was up until Slack told the truth. */
export type Totals = {
  readonly kills: number
  readonly stills: number
  readonly faults: Counts
  readonly seed: number
  readonly messages: number
  readonly edits: number
  readonly notes: number
  readonly changes: number
  readonly confirmed: number
  readonly rest: number
  readonly struck: Coverage
}

const SHORT = 6

/** The last lines of a run: how much was tried, and the counts that must be 0. */
export function summaryOf(totals: Totals): string[] {
  const { kills, stills, faults: counts, seed, messages, edits, notes, changes, confirmed, rest, struck } = totals
  const said = faults.map((name) => `${name} ${counts[name]}`)
  const where = Object.entries(struck)
    .toSorted()
    .map(([name, count]) => `${name} ${count}`)
  return [
    `struck ${where.join(', ')}`,
    `${changes} changes of checks, ${confirmed} deeds of people confirmed; ${messages} alerts shown in ${edits} states, ${notes} replies`,
    `stood still ${stills} times; true again at the most ${(rest / 1000).toFixed(1)} s after all was up; ${said.slice(SHORT).join(', ')}`,
    `kills ${kills}, ${said.slice(0, SHORT).join(', ')}, seed ${seed}`,
  ]
}
