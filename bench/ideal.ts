import type { Rate } from '../src/engine/budgets.ts'

/**
 * How late each of some calls is at least, in milliseconds, with at most so many in any window: somebody who makes every call the moment
 * that the budget allows it. `ready`: when each may be made at the earliest; `before`: when earlier ones were made, out of the same budget.
 */
export function leastLateness(ready: readonly number[], { most, per }: Rate, before: readonly number[] = []): number[] {
  const made = before.toSorted((a, b) => a - b)
  return ready
    .toSorted((a, b) => a - b)
    .map((at) => {
      const oldest = made.at(-most)
      const allowed = made.length < most || oldest === undefined ? at : Math.max(at, oldest + per)
      made.push(allowed)
      return allowed - at
    })
}
