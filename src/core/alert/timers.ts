import type { AlertGroup, Escalated } from '../alert.ts'
import { milliseconds } from '../duration.ts'
import { calling, listed } from './drafts.ts'
import type { AlertDraft } from './note.ts'
import type { Around } from './standing.ts'
import { isLive, isMuted } from './standing.ts'

/** An acknowledgement holds until its time, or until nothing is left of what it was about. */
export function lapsed(group: AlertGroup, drafts: AlertDraft[], { behaviour, now }: Around): AlertGroup {
  const { acknowledged, alerts } = group
  if (!acknowledged) return group
  if (!alerts.some((alert) => isLive(alert) || alert.state === 'pending')) return { ...group, acknowledged: null }
  if (acknowledged.until > now) return group
  const { by } = acknowledged
  const open = alerts.filter((alert) => isLive(alert) && !isMuted(alert))
  const mention = [...new Set([...calling(by), ...behaviour.mention])]
  // Where all that fires is muted it is told when that ends.
  if (open.length > 0) drafts.push({ what: 'lapsed', items: listed(open), by, mention })
  return { ...group, acknowledged: null, openSince: null, reminded: 0 }
}

/** Reminders and escalations: they count from when it needs somebody and nobody has it, and never catch up. */
export function timed(group: AlertGroup, drafts: AlertDraft[], { behaviour, now }: Around): AlertGroup {
  const needs = group.state === 'firing' || group.state === 'vanished'
  if (!needs) return group.openSince === null ? group : { ...group, openSince: null, reminded: 0 }
  const openSince = group.openSince ?? now
  const open = group.alerts.filter((alert) => isLive(alert) && !isMuted(alert))
  const reminded = remindersUntil(behaviour.remind, now - openSince)
  if (reminded > group.reminded) drafts.push({ what: 'reminder', items: listed(open), mention: behaviour.mention })
  const escalated: Escalated[] = [...group.escalated]
  for (const [rung, { after, channel, mention }] of behaviour.escalate.entries()) {
    const done = escalated.some((each) => each.rung === rung && each.since === openSince)
    if (now - openSince < milliseconds(after) || done) continue
    const other = channel !== undefined && channel !== behaviour.channel ? channel : null
    escalated.push({ step: escalated.length + 1, rung, since: openSince, at: now, channel: other })
    const where = other === null ? {} : { why: other }
    drafts.push({ what: 'escalated', items: listed(open), ...where, mention: other === null ? mention : [] })
  }
  if (openSince === group.openSince && reminded <= group.reminded && escalated.length === group.escalated.length)
    return group
  return { ...group, openSince, reminded: Math.max(reminded, group.reminded), escalated }
}

/** How many reminders are due after so long; the last interval goes on for ever. */
function remindersUntil(remind: readonly string[], passed: number): number {
  const times = remind.map(milliseconds)
  const last = times.at(-1)
  if (last === undefined) return 0
  const within = times.filter((time) => time <= passed).length
  return within < times.length ? within : times.length - 1 + Math.floor(passed / last)
}
