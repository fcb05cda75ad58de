import type { Actor } from '../actor.ts'
import { nameOf } from '../actor.ts'
import type { Alert, AlertGroup, AlertNote } from '../alert.ts'
import { labelOf } from '../alert.ts'
import { dayAndClock } from '../judgment.ts'
import { DATACENTER, EVERYWHERE, SILENT } from './blind.ts'
import { MOST_NOTES } from './group.ts'
import { stateOf } from './standing.ts'

/** What somebody wants with a group; `until` in milliseconds since 1970. */
export type Deed = { readonly by: Actor; readonly why: string | null; readonly now: number }

/** The group as it is then, or why not. */
export type Done = { readonly group: AlertGroup } | { readonly refused: string }

/** Somebody has it in hand until then: reminders and escalations rest. A second one takes the place of the first. */
export function acknowledged(group: AlertGroup, { by, why, now, until }: Deed & { until: number }): Done {
  if (group.shownAt === null || group.endedAt !== null || group.closedAt !== null) {
    return { refused: `Nothing of \`${group.id}\` fires: it is ${group.state}, so there is nothing to acknowledge.` }
  }
  const acknowledgement = { by, at: now, until, why }
  const taken = { ...group, acknowledged: acknowledgement, openSince: null, reminded: 0 }
  const note = { what: 'acknowledged' as const, items: [], by, until, ...(why ? { why } : {}) }
  return { group: noted({ ...taken, state: stateOf(taken) }, note, now) }
}

/** Whether it waits for nothing but somebody who says that it will not come back. */
export function isForgettable({ state, check, output, firedAt }: Alert): boolean {
  return (
    state === 'vanished' ||
    (state === 'firing' && firedAt !== null && check.startsWith(SILENT) && /gone from Consul/.test(output))
  )
}

/** A datacenter that cannot be seen: only somebody who knows can say that it was taken away for good, so that no button offers it. */
export function isLostDatacenter({ state, check, node, dc }: Alert): boolean {
  return state === 'firing' && check === DATACENTER && node === '' && dc !== EVERYWHERE
}

/** Ends what is gone from Consul and is not expected back. */
export function closedBy(group: AlertGroup, { by, why, now }: Deed): Done {
  const isGone = (alert: Alert) => isForgettable(alert) || isLostDatacenter(alert)
  const gone = group.alerts.filter(isGone)
  if (gone.length === 0) {
    return {
      refused: `Nothing of \`${group.id}\` is gone from Consul; only that can be closed. What fires ends by itself when it passes.`,
    }
  }
  const said = `closed by ${nameOf(by)}${why ? `: ${why}` : ''}`
  const alerts = group.alerts.map((alert) =>
    isGone(alert) ? { ...alert, state: 'closed' as const, since: now, why: said } : alert,
  )
  const items = gone.map((alert) => ({ label: labelOf(alert), text: '' }))
  const note = { what: 'closed' as const, items, by, ...(why ? { why } : {}) }
  const closed = { ...group, alerts }
  return { group: noted({ ...closed, state: stateOf(closed) }, note, now) }
}

function noted(group: AlertGroup, note: Omit<AlertNote, 'n' | 'at' | 'mention'>, now: number): AlertGroup {
  const n = group.noted + 1
  return { ...group, noted: n, notes: [...group.notes, { ...note, n, at: now, mention: [] }].slice(-MOST_NOTES) }
}

/** What a deed is answered with. */
export function acknowledgedText({ id, acknowledged: given }: AlertGroup): string {
  if (!given) return `\`${id}\` is not acknowledged any more.`
  return `\`${id}\` is yours until ${dayAndClock(given.until)}; it comes back then if it still fires.`
}
