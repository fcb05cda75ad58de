import type { Alert, AlertGroup, AlertNote, AlertSettings, Severity, Silence } from '../alert.ts'
import { milliseconds } from '../duration.ts'
import { changesOf, type Happened, maintenanceOf, silencesOf } from './drafts.ts'
import { gathered } from './gather.ts'
import type { AlertDraft } from './note.ts'
import { covers } from './route.ts'
import { type Around, isActive, isLive, isMuted, isOver, sameList, stateOf } from './standing.ts'
import { lapsed, timed } from './timers.ts'

/** As many as are kept of notes, and of alerts that are over. */
export const MOST_NOTES = 40
const MOST_OVER = 30

/** The first of a group that nothing is in yet; `first` is the fingerprint of what will be. */
export function newGroup(
  key: string,
  first: string,
  { now, newId }: { readonly now: number; readonly newId: (of: string) => string },
): AlertGroup {
  const [rule, dc, severity] = JSON.parse(key) as [string, string, Severity]
  return {
    ...{ id: newId(`alert ${key} ${first} ${now}`), version: 0, rule, dc, severity },
    ...{
      openedAt: now,
      shownAt: null,
      endedAt: null,
      closedAt: null,
      state: 'pending',
      alerts: [],
      acknowledged: null,
      held: [],
    },
    ...{ notes: [], noted: 0, openSince: null, reminded: 0, escalated: [], warned: [] },
  }
}

/** Whether what fires now does not go on in it any more. */
export function isSpent({ endedAt }: AlertGroup, { reopen }: AlertSettings, now: number): boolean {
  return endedAt !== null && now - endedAt >= milliseconds(reopen)
}

/** A group with what its alerts are now: who is told what, and by when people should have taken it in hand. */
export function regrouped(before: AlertGroup, alerts: readonly Alert[], happened: readonly Happened[], around: Around) {
  const drafts: AlertDraft[] = []
  const silenced = alerts.map((alert) => silencedBy(alert, before, around))
  const now = happened.length > 0 ? new Map(silenced.map((alert) => [alert.fingerprint, alert])) : null
  const muted = (alert: Alert) => isMuted(now?.get(alert.fingerprint) ?? alert)
  drafts.push(
    ...changesOf(
      before,
      happened.filter(({ alert }) => !muted(alert)),
      around,
    ),
  )
  if (!sameList(silenced, before.alerts)) drafts.push(...maintenanceOf(before, silenced, around))
  if (around.silences.length > 0) drafts.push(...silencesOf(before, silenced, around))
  let group: AlertGroup = { ...before, alerts: kept(before.alerts, silenced, around.silences) }
  group = taken(group, drafts, around)
  group = lapsed(group, drafts, around)
  group = { ...group, state: stateOf(group) }
  group = timed(group, drafts, around)
  return closed(noted(group, before, drafts, around), around.settings, around.now)
}

/** What was acknowledged as something worse stays so. */
function taken(group: AlertGroup, drafts: AlertDraft[], { inherited }: Around): AlertGroup {
  if (!inherited) return group
  const { by, until } = inherited
  drafts.push({ what: 'acknowledged', items: [], by, until, why: 'it was so before it got milder' })
  return { ...group, acknowledged: inherited, openSince: null, reminded: 0 }
}

/** With the silence that covers it for the longest. One that resolved under a silence keeps it until that ends: its end tells of it. */
function silencedBy(alert: Alert, { rule, severity }: AlertGroup, { silences, now }: Around): Alert {
  if (silences.length === 0 && alert.silence === null) return alert
  const about = { ...alert, rule, severity }
  const those = silences.filter((silence) => isActive(silence, now) && covers(silence, about))
  const covering = those.reduce<Silence | null>((most, each) => (most && most.until >= each.until ? most : each), null)
  const own = silences.find(({ id }) => id === alert.silence)
  if (isOver(alert) && own && isActive(own, now)) return alert
  const silence = covering?.id ?? null
  return alert.silence === silence ? alert : { ...alert, silence }
}

/** The order stays; of those that are over the newest stay. The same list where nothing in it is new. */
function kept(before: readonly Alert[], alerts: readonly Alert[], silences: readonly Silence[]): readonly Alert[] {
  const over = alerts.filter((alert) => isOver(alert) && !silences.some(({ id }) => id === alert.silence))
  const dropped = new Set(over.toSorted((one, other) => other.since - one.since).slice(MOST_OVER))
  const left = alerts.filter((alert) => !dropped.has(alert))
  return sameList(left, before) ? before : left
}

/** Notes are for those who read the message; before there is one, nobody does. */
function noted(group: AlertGroup, before: AlertGroup, drafts: readonly AlertDraft[], around: Around): AlertGroup {
  const { now, unwatchedSince } = around
  const warned = drafts.flatMap(({ what, why }) => (what === 'silence-ends' && why ? [why] : []))
  const visible = group.alerts.some((alert) => isLive(alert) && !isMuted(alert))
  const shownAt = group.shownAt ?? (visible || warned.length > 0 ? now : null)
  if (shownAt === null) return group
  // The message itself says what fired first; only figures are worth a reply of their own.
  const first = before.shownAt === null
  const news = drafts.filter(
    ({ what, items }) => !(first && what === 'raised' && items.every(({ details }) => !details)),
  )
  const { told, held } = gathered(group, news, around)
  const notes = told.map(
    (draft, at): AlertNote => ({
      ...{ mention: [], ...draft },
      ...{ n: group.noted + at + 1, at: now },
      ...(unwatchedSince === null ? {} : { unwatchedSince }),
    }),
  )
  const waits = held.length > 0 || (group.held?.length ?? 0) > 0
  const changed = notes.length > 0 || warned.length > 0 || (waits && held !== group.held)
  if (!changed && shownAt === group.shownAt) return group
  return {
    ...group,
    shownAt,
    held,
    notes: notes.length > 0 ? [...group.notes, ...notes].slice(-MOST_NOTES) : group.notes,
    noted: group.noted + notes.length,
    warned: warned.length > 0 ? [...group.warned, ...warned] : group.warned,
  }
}

/** Over when nothing is left of it, and closed when that stayed so. */
function closed(group: AlertGroup, { reopen }: AlertSettings, now: number): AlertGroup {
  if (group.alerts.some((alert) => !isOver(alert))) return group.endedAt === null ? group : { ...group, endedAt: null }
  const endedAt = group.endedAt ?? now
  const closedAt = now - endedAt >= milliseconds(reopen) ? now : null
  return endedAt === group.endedAt && closedAt === group.closedAt ? group : { ...group, endedAt, closedAt }
}
