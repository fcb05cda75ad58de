import { spoken } from '../duration.ts'
import type { PlanAction, PlanChange } from '../plan/changes.ts'
import { saysInterrupted } from './record.ts'
import type { ApplyReport, FailedChange } from './report.ts'

const DONE: Partial<Record<PlanAction, string>> = {
  create: 'created',
  replace: 'replaced',
  update: 'changed',
  delete: 'destroyed',
  unknown: 'done',
}

/** `7 of 12 created, 1 of 2 destroyed, 40 s`. Reads and changes of the state alone take no time worth counting. */
export function progressText(report: ApplyReport, elapsedMs: number): string {
  const all = allChanges(report)
  const parts = Object.entries(DONE).flatMap(([action, word]) => {
    const total = all.filter((change) => change.action === action).length
    const done = report.done.filter((change) => change.action === action).length
    return total > 0 ? [`${done} of ${total} ${word}`] : []
  })
  const failed = report.failed.length > 0 ? [`${report.failed.length} failed`] : []
  const what = parts.length + failed.length > 0 ? [...parts, ...failed] : [report.ended ? 'ended' : 'applying']
  const stopping = report.interrupted && !report.ended ? 'stopping: ' : ''
  return `${stopping}${[...what, spoken(elapsedMs)].join(', ')}`
}

/** What Terraform works on now, the one that takes longest first; nothing between two of them. */
export function workedOn({ running }: ApplyReport): string | undefined {
  const [first, ...others] = running.toSorted((one, other) => (one.since ?? 0) - (other.since ?? 0))
  return first && `${first.change.address}${others.length > 0 ? ` and ${others.length} more` : ''}`
}

function allChanges(report: ApplyReport): PlanChange[] {
  const { done, failed, running, notStarted, unsure, unreported } = report
  return [...done, ...failed.map(({ change }) => change), ...running.map(({ change }) => change)].concat(
    notStarted,
    unsure,
    unreported,
  )
}

/** How the apply ended, in one line: `4 done, 1 failed, 2 not started.` */
export function applyHeadline(report: ApplyReport): string {
  const { done, failed, notStarted, unsure, unreported, running } = report
  const parts: [number, string][] = [
    [done.length, 'done'],
    [running.length, 'running'],
    [failed.length, 'failed'],
    [unsure.length, 'unknown: Terraform vanished while it worked on them'],
    [notStarted.length, 'not started'],
    [unreported.length, 'in the state only, not known whether saved'],
  ]
  const shown = parts.filter(([times]) => times > 0).map(([times, words]) => `${times} ${words}`)
  const lists = shown.length > 0 ? `${shown.join(', ')}.` : 'No resource was touched.'
  const unexplained = report.ended && !report.succeeded && !report.vanished && failed.length === 0
  return unexplained ? `${lists} Terraform ended with an error${firstError(report)}.` : lists
}

function firstError({ diagnostics }: ApplyReport): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  const telling = errors.find((error) => !saysInterrupted(error)) ?? errors[0]
  return telling ? `: ${telling.summary}` : ''
}

/** One line for a change that failed: what is there now, and Terraform's reason. */
export function describeFailed({ change, note, error }: FailedChange): string {
  const left = change.deposed ? ` (left-over copy ${change.deposed})` : ''
  return `${change.address}${left}: ${note}${error ? ` (${error})` : ''}`
}

/** What may safely be done after an apply that did not succeed. */
export function nextStep(report: ApplyReport): string | undefined {
  if (!report.ended || report.succeeded) return undefined
  const says = (pattern: RegExp) => report.diagnostics.some(({ summary }) => pattern.test(summary))
  if (says(/^Failed to (save|persist) state/)) {
    return 'The state was not saved. Apply nothing before `terraform state push errored.tfstate` was run in its folder.'
  }
  if (report.vanished) {
    return 'Look before anything is run again: is Terraform still running, is the state locked, what would a fresh plan do?'
  }
  if (says(/^Saved plan is stale$/))
    return 'The state changed after this plan was made. Nothing was applied; plan again.'
  const tainted = report.failed.some((failed) => failed.tainted)
  return `Plan again: the new plan shows exactly what is left to do${tainted ? ', and replaces what is tainted' : ''}.`
}
