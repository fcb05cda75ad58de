import { type Fault, faults, type Problem } from './checks.ts'
import { type Coverage, coverageLines, together } from './coverage.ts'
import type { Lane } from './people.ts'
import type { Told } from './truth.ts'

/** What a run comes to. `told`: by the pace of the town, how long messages took to be true after a worker's death. */
export type Totals = {
  readonly kills: number
  readonly unknown: number
  readonly executions: number
  readonly applies: number
  readonly faults: Readonly<Record<Fault, number>>
  readonly seed: number
  readonly rounds: number
  readonly struck: Coverage
  readonly told: Readonly<Record<string, readonly Told[]>>
  readonly answers: Coverage
}

export function sumOf(one: Totals, other: Totals): Totals {
  return {
    seed: one.seed,
    kills: one.kills + other.kills,
    unknown: one.unknown + other.unknown,
    executions: one.executions + other.executions,
    applies: one.applies + other.applies,
    rounds: one.rounds + other.rounds,
    faults: together(one.faults, other.faults) as Totals['faults'],
    struck: together(one.struck, other.struck),
    told: { ...one.told, ...other.told },
    answers: together(one.answers, other.answers),
  }
}

/** The last lines of a run: the counts that must be 0, and how much was tried. */
export function summaryOf(totals: Totals): string[] {
  const { kills, unknown, executions, applies, faults: counts, seed, struck, told, answers } = totals
  const first = faults.slice(0, 4).map((name) => `${name} ${counts[name]}`)
  const rest = faults.slice(4).map((name) => `${name} ${counts[name]}`)
  return [
    ...coverageLines(struck),
    `unknown was answered by ${listOf(answers) || 'nobody'}`,
    ...Object.entries(told).map(([pace, list]) => toldLine(pace, list)),
    `executions ${executions}, applies ${applies}; ${rest.join(', ')}`,
    `kills ${kills}, ${first.join(', ')}, unknown ${unknown}, seed ${seed}`,
  ]
}

function toldLine(pace: string, list: readonly Told[]): string {
  const longest = list.toSorted((one, other) => other.ms - one.ms)[0]
  const worst = longest ? `, at the most after ${(longest.ms / 1000).toFixed(1)} s (${longest.how})` : ''
  return `true again after a worker's death (site: ${pace}): ${list.length} stages in hand${worst}`
}

const listOf = (counts: Coverage) =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')

export const isClean = ({ faults: counts }: Totals) => Object.values(counts).every((count) => count === 0)

export function countsOf(found: readonly Problem[]): Record<Fault, number> {
  // What was wrong for a while was seen more than once.
  const texts = (name: Fault) => new Set(found.filter(({ fault }) => fault === name).map(({ text }) => text))
  const counts = faults.map((name) => [name, texts(name).size])
  return Object.fromEntries(counts) as Record<Fault, number>
}

/** What people pressed and typed at unknown, and how often somebody pressed who may not, or twice. */
export function answersOf(lanes: readonly Lane[]): Coverage {
  return lanes.reduce<Coverage>((sum, { answers: { given, counts } }) => {
    const { wrong, refused, twice } = counts
    const more = { twice, 'wrong person first': wrong, 'told so': refused }
    return together(sum, together(Object.fromEntries(given), more))
  }, {})
}
