import type { PlanAction, PlanChange } from '../plan/changes.ts'
import type { ChangeSummary, Diagnostic } from './event.ts'
import { type Failure, failureOf } from './failure.ts'
import type { ApplyRecord, Operation } from './record.ts'

/** How the process ended; `vanished` where nobody saw its exit code. Undefined while it runs. */
export type ApplyEnd = { exitCode: number } | 'vanished'

export type FailedChange = Failure & { change: PlanChange }
export type RunningChange = { change: PlanChange; action: string; since?: number }

export type ApplyReport = {
  done: PlanChange[]
  failed: FailedChange[]
  notStarted: PlanChange[]
  running: RunningChange[]
  /** In flight when the process vanished: nobody knows. */
  unsure: PlanChange[]
  /** Of a failed apply: changes of the state alone (move, import, forget), of which the stream never says whether they were saved. */
  unreported: PlanChange[]
  diagnostics: readonly Diagnostic[]
  interrupted: boolean
  ended: boolean
  vanished: boolean
  succeeded: boolean
  changeSummary?: ChangeSummary
  lastSign?: number
}

const STEPS: Record<PlanAction, readonly string[]> = {
  create: ['create'],
  update: ['update'],
  delete: ['delete'],
  replace: ['delete', 'create'],
  read: ['read'],
  forget: [],
  move: [],
  import: [],
  unknown: [],
}

/** The operations that Terraform reports for a change, in order. Moves, imports and forgets happen in the state, silently. */
function stepsOf({ action, order, rawActions }: PlanChange): readonly string[] {
  if (order === 'old one kept') return ['create']
  if (order === 'create first') return ['create', 'delete']
  if (rawActions) return rawActions.filter((raw) => ['create', 'update', 'delete', 'read'].includes(raw))
  return STEPS[action]
}

type Assigned = { change: PlanChange; steps: readonly string[]; operations: (Operation | undefined)[] }

/** The lists that people need to see, from what the stream said and, once it is known, how the process ended. */
export function applyReport(record: ApplyRecord, end?: ApplyEnd): ApplyReport {
  const { diagnostics, interrupted, changeSummary, lastSign } = record
  const exitCode = end && end !== 'vanished' ? end.exitCode : undefined
  const report: ApplyReport = {
    done: [],
    failed: [],
    notStarted: [],
    running: [],
    unsure: [],
    unreported: [],
    diagnostics,
    interrupted,
    ended: end !== undefined,
    vanished: end === 'vanished',
    succeeded: exitCode === 0,
    ...(changeSummary && { changeSummary }),
    ...(lastSign !== undefined && { lastSign }),
  }
  for (const assigned of assign(record)) place(assigned, report)
  return report
}

function place({ change, steps, operations }: Assigned, report: ApplyReport): void {
  const states = operations.map((operation) => operation?.state)
  const begun = states.some(Boolean)
  const silent = steps.length === 0
  // Terraform prints its final count only after it has saved the state.
  const finished = report.succeeded || report.changeSummary !== undefined
  if (states.includes('failed')) fail()
  else if (finished || (!silent && states.every((state) => state === 'done'))) report.done.push(change)
  else if (!report.ended && begun) report.running.push(inFlight(change, steps, operations))
  else if (!report.ended) report.notStarted.push(change)
  else if (report.vanished && (begun || silent)) report.unsure.push(change)
  else if (silent) report.unreported.push(change)
  else if (begun || (!change.deposed && errorAt(change.address, report.diagnostics))) fail()
  else report.notStarted.push(change)

  function fail(): void {
    const error = errorAt(change.address, report.diagnostics)
    report.failed.push({ change, ...failureOf(change, steps, operations), ...(error && { error }) })
  }
}

function inFlight(change: PlanChange, steps: readonly string[], operations: (Operation | undefined)[]): RunningChange {
  const index = operations.findIndex((operation) => operation?.state !== 'done')
  const since = operations[index]?.since ?? operations[index - 1]?.since
  return { change, action: steps[index] ?? change.action, ...(since !== undefined && { since }) }
}

/** Gives each planned step its operation: left-over copies first, since they share their address with the current object. */
function assign(record: ApplyRecord): Assigned[] {
  const free = [...record.operations]
  const take = (address: string, step: string) => {
    const index = free.findIndex((operation) => operation.address === address && operation.action === step)
    return index < 0 ? undefined : free.splice(index, 1)[0]
  }
  const operationsOf = new Map<PlanChange, (Operation | undefined)[]>()
  for (const change of record.planned.toSorted((a, b) => Number(!a.deposed) - Number(!b.deposed))) {
    operationsOf.set(
      change,
      stepsOf(change).map((step) => take(change.address, step)),
    )
  }
  const planned = record.planned.map((change) => {
    return { change, steps: stepsOf(change), operations: operationsOf.get(change) ?? [] }
  })
  const unplanned = free.map((operation) => {
    return { change: unplannedChange(operation), steps: [operation.action], operations: [operation] }
  })
  return [...planned, ...unplanned]
}

function unplannedChange({ address, action }: Operation): PlanChange {
  const known = (['create', 'update', 'delete', 'read'] as const).find((one) => one === action)
  return known
    ? { address, action: known, causes: [] }
    : { address, action: 'unknown', causes: [], rawActions: [action] }
}

function errorAt(address: string, diagnostics: readonly Diagnostic[]): string | undefined {
  return diagnostics.find((one) => one.severity === 'error' && one.address === address)?.summary
}
