import type { PlanChange } from '../plan/changes.ts'
import type { ChangeSummary, Diagnostic, StreamEvent } from './event.ts'

/** One operation as Terraform reports it; a replacement is two of them at the same address. */
export type Operation = {
  address: string
  action: string
  state: 'running' | 'done' | 'failed'
  since?: number
  /** A failed provisioner means that the object exists and is tainted. */
  provisioner?: 'running' | 'done' | 'failed'
}

/** What the stream of an apply has said so far: plain data, to be stored and continued. */
export type ApplyRecord = {
  planned: readonly PlanChange[]
  operations: readonly Operation[]
  diagnostics: readonly Diagnostic[]
  interrupted: boolean
  /** Terraform's own count at the end. It misses left-over copies destroyed at the same address: trust the lists instead. */
  changeSummary?: ChangeSummary
  /** When the stream last said anything, in milliseconds since 1970. */
  lastSign?: number
}

/** A record of nothing yet. */
export function beginApply(planned: readonly PlanChange[]): ApplyRecord {
  return { planned, operations: [], diagnostics: [], interrupted: false }
}

/** The record after one more event. Events of addresses that nobody planned are kept like the others. */
export function recordEvent(record: ApplyRecord, event: StreamEvent): ApplyRecord {
  const next = { ...record, ...(event.at !== undefined && { lastSign: event.at }) }
  switch (event.type) {
    case 'apply_start':
      return { ...next, operations: [...record.operations, started(event.address, event.action, event.at)] }
    case 'apply_progress':
    case 'apply_complete':
    case 'apply_errored':
      return { ...next, operations: settle(record.operations, event, STATES[event.type]) }
    case 'provision_start':
    case 'provision_complete':
    case 'provision_errored':
      return { ...next, operations: provision(record.operations, event.address, PROVISIONER[event.type]) }
    case 'diagnostic':
      return {
        ...next,
        diagnostics: [...record.diagnostics, event.diagnostic],
        interrupted: record.interrupted || saysInterrupted(event.diagnostic),
      }
    case 'interrupted':
      return { ...next, interrupted: true }
    case 'change_summary':
      return event.summary.operation === 'plan' ? next : { ...next, changeSummary: event.summary }
    default:
      return next
  }
}

const PROVISIONER = { provision_start: 'running', provision_complete: 'done', provision_errored: 'failed' } as const
const STATES = { apply_progress: 'running', apply_complete: 'done', apply_errored: 'failed' } as const

function started(address: string, action: string, since: number | undefined): Operation {
  return { address, action, state: 'running', ...(since !== undefined && { since }) }
}

type Settling = { address: string; action: string; at?: number; seconds?: number }

/** Closes the oldest open operation of this kind here. One whose start was not seen (a torn file) is added. */
function settle(operations: readonly Operation[], event: Settling, state: Operation['state']): Operation[] {
  const { address, action, at, seconds = 0 } = event
  const open = operations.findIndex(
    (one) => one.state === 'running' && one.address === address && one.action === action,
  )
  const found = operations[open]
  if (found) return operations.with(open, { ...found, state })
  const since = at === undefined ? undefined : at - seconds * 1000
  return [...operations, { ...started(address, action, since), state }]
}

function provision(
  operations: readonly Operation[],
  address: string,
  provisioner: 'running' | 'done' | 'failed',
): readonly Operation[] {
  const open = operations.findLastIndex((one) => one.state === 'running' && one.address === address)
  const found = operations[open]
  return found ? operations.with(open, { ...found, provisioner }) : operations
}

/** Terraform's own words after an interrupt; they come without an address. */
export function saysInterrupted({ summary }: Diagnostic): boolean {
  return summary === 'execution halted' || summary === 'operation canceled'
}
