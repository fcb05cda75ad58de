import type { AlertState } from '../alert.ts'

/** What an alert can be, in the order in which it matters to people. */
export const alertStates: readonly AlertState[] = [
  'firing',
  'unknown',
  'vanished',
  'pending',
  'resolved',
  'moved',
  'closed',
]

/** Whether something is there to look after; also where it is muted. */
export function isOpen(state: AlertState): boolean {
  return alertStates.indexOf(state) < alertStates.indexOf('resolved')
}
