import { spoken } from '../duration.ts'
import type { Diagnostic, StreamEvent } from './event.ts'
import { saysInterrupted } from './record.ts'

/** How far a plan has come, from its stream: plain data. The plan itself is read from `show -json`, never from here. */
export type PlanProgress = {
  refreshing: number
  refreshed: number
  diagnostics: readonly Diagnostic[]
  interrupted: boolean
  lastSign?: number
  /** The latest object that Terraform began to look at. */
  looksAt?: string
}

/** Progress of nothing yet. */
export function beginPlan(): PlanProgress {
  return { refreshing: 0, refreshed: 0, diagnostics: [], interrupted: false }
}

/** Progress after one more event of `terraform plan -json`. */
export function recordPlanEvent(progress: PlanProgress, event: StreamEvent): PlanProgress {
  const next = { ...progress, ...(event.at !== undefined && { lastSign: event.at }) }
  switch (event.type) {
    case 'refresh_start':
      return { ...next, refreshing: next.refreshing + 1, looksAt: event.address }
    case 'refresh_complete':
      return { ...next, refreshed: next.refreshed + 1 }
    case 'interrupted':
      return { ...next, interrupted: true }
    case 'diagnostic':
      return {
        ...next,
        diagnostics: [...next.diagnostics, event.diagnostic],
        interrupted: next.interrupted || saysInterrupted(event.diagnostic),
      }
    default:
      return next
  }
}

/** `7 of 9 refreshed, 3 s`, or `planning, 3 s` where nothing exists yet. */
export function planProgressText({ refreshing, refreshed, interrupted }: PlanProgress, elapsedMs: number): string {
  const known = Math.max(refreshing, refreshed)
  const what = known > 0 ? `${refreshed} of ${known} refreshed` : 'planning'
  return `${interrupted ? 'stopping: ' : ''}${what}, ${spoken(elapsedMs)}`
}
