import type { Drift, OutputChange, PlanChange } from './changes.ts'
import { changesOf, counts, driftOf, kindOf, movedFrom, outputsOf } from './changes.ts'
import type { Plan, ResourceChange } from './schema.ts'

export type PlanCounts = {
  add: number
  change: number
  destroy: number
  replace: number
  forget: number
  move: number
  import: number
  read: number
  outputs: number
  drift: number
  deposed: number
}

export type PlanSummary = PlanCounts & {
  needsApply: boolean
  errored: boolean
  /** False where another plan is needed after this one (targets, deferred changes, a failed plan). */
  complete: boolean
  /** At least one delete, and nothing besides but outputs that go: what an end of a lifetime is allowed to be. */
  deleteOnly: boolean
  deferred: number
  /** Actions of providers (`action` blocks, Terraform 1.14) that the apply would invoke. */
  invocations: number
  changes: PlanChange[]
  drifted: Drift[]
  outputChanges: OutputChange[]
  /** Actions we do not know, as they came. Treated as dangerous. */
  unknown: string[]
  terraformVersion?: string
  timestamp?: string
}

/**
 * Counts as Terraform counts, from the plan itself: its text and its stream disagree with each other on some plans. `exitCode`
 * is that of `plan -detailed-exitcode`, which decides only where the plan does not say whether it can be applied (OpenTofu).
 */
export function summarizePlan(plan: Plan, { exitCode }: { exitCode?: number | undefined } = {}): PlanSummary {
  const tally = countsOf(plan)
  const changes = changesOf(plan)
  const outputChanges = outputsOf(plan)
  const errored = plan.errored === true || (exitCode !== undefined && exitCode !== 0 && exitCode !== 2)
  const invocations = plan.action_invocations?.length ?? 0
  const deferred = (plan.deferred_changes?.length ?? 0) + (plan.deferred_action_invocations?.length ?? 0)
  const hasChanges = changes.length + outputChanges.length + invocations > 0
  const applyable = plan.applyable ?? (exitCode === undefined ? hasChanges : exitCode === 2)
  const complete = plan.complete ?? (!errored && deferred === 0)
  return {
    ...tally,
    needsApply: applyable && !errored,
    errored,
    complete,
    deleteOnly: !errored && complete && deferred + invocations === 0 && isDeleteOnly(changes, outputChanges),
    deferred,
    invocations,
    changes,
    drifted: driftOf(plan),
    outputChanges,
    unknown: changes.flatMap((change) => (change.rawActions ? [change.rawActions.join(', ') || '(none)'] : [])),
    ...(plan.terraform_version && { terraformVersion: plan.terraform_version }),
    ...(plan.timestamp && { timestamp: plan.timestamp }),
  }
}

/**
 * A combination we do not know counts by its parts: looking for `delete` in the list is Terraform's documented way to find every
 * destruction, future combinations included.
 */
function countsOf(plan: Plan): PlanCounts {
  const entries = (plan.resource_changes ?? []).filter(counts)
  const having = (test: (entry: ResourceChange) => unknown) => entries.filter(test).length
  const has = (entry: ResourceChange, action: string) => entry.change.actions?.includes(action) ?? false
  return {
    add: having((entry) => has(entry, 'create')),
    change: having((entry) => has(entry, 'update')),
    destroy: having((entry) => has(entry, 'delete')),
    replace: having((entry) => has(entry, 'create') && (has(entry, 'delete') || has(entry, 'forget'))),
    forget: having((entry) => has(entry, 'forget')),
    move: having(movedFrom),
    import: having((entry) => entry.change.importing),
    read: having((entry) => kindOf(entry.change.actions).action === 'read'),
    outputs: outputsOf(plan).length,
    drift: driftOf(plan).length,
    deposed: having((entry) => entry.deposed),
  }
}

function isDeleteOnly(changes: readonly PlanChange[], outputs: readonly OutputChange[]): boolean {
  if (changes.length === 0) return false
  return [...changes, ...outputs].every(({ action }) => action === 'delete')
}
