import type { PlanSummary } from '../plan.ts'

/** More addresses than these are not kept: such a plan is looked at by people. */
const MOST = 1000

/**
 * The addresses of a plan that does nothing but delete and change outputs (none where only outputs change); null for every other one,
 * and where nobody can be sure.
 */
export function deletesOf(summary: PlanSummary): string[] | null {
  const { changes, errored, complete, deferred, invocations } = summary
  if (errored || !complete || deferred + invocations > 0 || changes.length > MOST) return null
  return changes.every(({ action }) => action === 'delete') ? changes.map(({ address }) => address) : null
}
