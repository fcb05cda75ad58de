import { jobSteps, moments } from './choices.ts'
import type { Hit } from './strike.ts'

/** How many kills struck where: by point (`init.before`), `start worker` and the like, `time redis` and the like. */
export type Coverage = Readonly<Record<string, number>>

const STARTERS = ['worker', 'bot', 'redis', 'consul'] as const

export function coverageOf(hits: readonly Hit[]): Coverage {
  const counts: Record<string, number> = {}
  for (const { at, victim } of hits) {
    const where = at === 'start' || at === 'time' ? `${at} ${victim}` : at
    counts[where] = (counts[where] ?? 0) + 1
  }
  return counts
}

export function together(one: Coverage, other: Coverage): Coverage {
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return Object.fromEntries([...names].map((name) => [name, (one[name] ?? 0) + (other[name] ?? 0)]))
}

const ofStep = (coverage: Coverage, step: string) => moments.map((moment) => coverage[`${step}.${moment}`] ?? 0)

/** Steps of the main job at which nothing was killed, and what was never killed while it started. */
export function missedIn(coverage: Coverage): string[] {
  const steps = Object.keys(jobSteps).filter((step) => ofStep(coverage, step).every((count) => count === 0))
  return [...steps, ...STARTERS.map((each) => `start ${each}`).filter((name) => !coverage[name])]
}

/** A few lines: each step with its kills before, on the way and after. */
export function coverageLines(coverage: Coverage): string[] {
  const steps = Object.keys(jobSteps).map((step) => `${step} ${ofStep(coverage, step).join('/')}`)
  const isBeside = (name: string) => name.includes('.') && !((name.split('.')[0] ?? '') in jobSteps)
  const beside = Object.entries(coverage).filter(([name]) => isBeside(name))
  const counted = (kind: string) =>
    Object.entries(coverage)
      .filter(([name]) => name.startsWith(`${kind} `))
      .map(([name, count]) => `${name.slice(kind.length + 1)} ${count}`)
      .join(', ')
  return [
    `struck before/sent/after: ${steps.slice(0, 8).join(', ')},`,
    `  ${steps.slice(8).join(', ')}`,
    `  beside the steps ${beside.reduce((sum, [, count]) => sum + count, 0)}; while starting: ${counted('start') || 'none'}; at other times: ${counted('time') || 'none'}`,
  ]
}
