import type { Button } from '@slack/types'
import { isForgettable } from '../../core/alert/deeds.ts'
import type { AlertGroup } from '../../core/alert.ts'
import { isOver } from './alert-words.ts'
import { button } from './buttons.ts'

/** The opaque value of a button of an alert: its group, and nothing of what may be done. */
export function alertValue(group: string): string {
  return `alert|${group}`
}

/** The group of a click, where anything may stand; null for what is none of ours. */
export function readAlertValue(value: unknown): string | null {
  return /^alert\|([\w.-]{1,100})$/.exec(String(value))?.[1] ?? null
}

/** Slack takes an address of a button up to this long. */
const LONGEST_URL = 3_000

/** What people may do about a group now; one that is over can only be looked at. */
export function alertButtons(group: AlertGroup, runbook: string | undefined): Button[] {
  const { state } = group
  // A label is plain text, in which nothing can be escaped.
  const about = `${group.rule} in ${group.dc}`.replace(/[^\w. -]/g, '?')
  const mine = (label: string, action: string) => button(label, action, { value: alertValue(group.id), about })
  const show = mine('Show', 'alert.show')
  if (isOver(group)) return [show]
  const open = state === 'firing' || state === 'unknown' || state === 'vanished'
  return [
    ...(open && !group.acknowledged ? [{ ...mine('Acknowledge', 'alert.ack'), style: 'primary' as const }] : []),
    ...(open || state === 'acknowledged' ? [mine('Silence', 'alert.silence')] : []),
    show,
    ...(group.alerts.some(isForgettable) ? [mine('Close', 'alert.close')] : []),
    ...(runbook && runbook.length <= LONGEST_URL ? [{ ...mine('Runbook', 'alert.runbook'), url: runbook }] : []),
  ]
}
