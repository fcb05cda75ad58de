/** What people see of alerts: the live message of a group, its thread, and what goes elsewhere. */
export { type AlertView, alertMessage } from './alert.ts'
export { alertValue, readAlertValue } from './alert-buttons.ts'
export { type CatchUpView, catchUpMessage } from './alert-catchup.ts'
export { type EscalationView, escalationMessage } from './alert-escalation.ts'
export { alertNoteMessage, pictureOf } from './alert-note.ts'
export { headline } from './alert-words.ts'
