import { beginApply, readEvent, recordEvent, type StreamEvent } from '../../src/core/apply.ts'
import type { PlanChange } from '../../src/core/plan.ts'

export const AT = Date.parse('2026-11-20T12:00:00Z')

export function planned(address: string, action: PlanChange['action'], more: Partial<PlanChange> = {}): PlanChange {
  return { address, action, causes: [], ...more }
}

export function hook(type: string, address: string, action: string, seconds = 0): StreamEvent {
  const line = {
    '@timestamp': new Date(AT + seconds * 1000).toISOString(),
    type,
    hook: { resource: { addr: address }, action, elapsed_seconds: seconds },
  }
  const event = readEvent(JSON.stringify(line))
  if (!event) throw new Error(`not read: ${type}`)
  return event
}

export const start = (address: string, action: string) => hook('apply_start', address, action)
export const complete = (address: string, action: string) => hook('apply_complete', address, action)
export const errored = (address: string, action: string) => hook('apply_errored', address, action)
export const error = (summary: string, address?: string): StreamEvent => {
  return { type: 'diagnostic', diagnostic: { severity: 'error', summary, ...(address && { address }) } }
}

export function recordOf(changes: PlanChange[], ...stream: StreamEvent[]) {
  return stream.reduce(recordEvent, beginApply(changes))
}

export const addresses = (changes: PlanChange[]) => changes.map(({ address }) => address)
