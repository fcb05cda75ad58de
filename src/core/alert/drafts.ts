import type { Alert, AlertGroup, AlertNote, NoteItem, Silence } from '../alert.ts'
import { labelOf } from '../alert.ts'
import { milliseconds } from '../duration.ts'
import type { AlertDraft } from './note.ts'
import type { Around } from './standing.ts'
import { isActive, isLive, isMuted, isOver } from './standing.ts'

/** What happened to one alert, before it is known whether people are told. */
export type Happened = { readonly alert: Alert; readonly what: AlertNote['what']; readonly text: string }

export const MOST_ITEMS = 50

/** The last item may say how many more there are than are kept. */
export const LEFT = /^… \+(\d+) more$/
export const leftItem = (count: number): NoteItem => ({ label: `… +${count} more`, text: '' })

/** What changed of the alerts, a note for each kind of change. */
export function changesOf(before: AlertGroup, happened: readonly Happened[], around: Around): AlertDraft[] {
  const kinds = [...new Set(happened.map(({ what }) => what))]
  return kinds.map((what) => {
    const these = happened.filter((each) => each.what === what)
    return { what, items: itemsOf(these), mention: calledBy(what, before, around) }
  })
}

/**
 * A message that is new calls by itself; an edit calls nobody. So where nobody was needed before, those of the rule are called as for a new
 * one. Where somebody has it in hand he hears of more, and at critical the others do as well: what he took was something else. What only got
 * milder calls nobody.
 */
function calledBy(
  what: AlertNote['what'],
  { acknowledged, openSince, severity, shownAt }: AlertGroup,
  { behaviour: { mention }, inherited }: Around,
): readonly string[] {
  if ((what !== 'raised' && what !== 'again') || shownAt === null || inherited) return []
  if (!acknowledged) return openSince === null ? mention : []
  const taken = calling(acknowledged.by)
  return taken.length === 0 || severity === 'critical' ? [...new Set([...taken, ...mention])] : taken
}

/** The person, where Slack knows him. */
export function calling(actor: AlertNote['by']): string[] {
  return actor?.kind === 'slack' ? [actor.user] : []
}

function itemsOf(happened: readonly Pick<Happened, 'alert' | 'text'>[]): NoteItem[] {
  const items = happened.slice(0, MOST_ITEMS).map(({ alert, text }) => ({
    label: labelOf(alert),
    text,
    ...(alert.details ? { details: alert.details } : {}),
  }))
  const left = happened.length - items.length
  return left > 0 ? [...items, leftItem(left)] : items
}

export const listed = (alerts: readonly Alert[]) => itemsOf(alerts.map((alert) => ({ alert, text: alert.output })))

/** That maintenance began or ended where something fires. */
export function maintenanceOf(before: AlertGroup, alerts: readonly Alert[], { behaviour }: Around): AlertDraft[] {
  const was = new Map(before.alerts.map((alert) => [alert.fingerprint, alert]))
  const fires = alerts.filter((alert) => isLive(alert) && alert.silence === null)
  const begun = fires.filter(
    ({ fingerprint, maintenance }) =>
      maintenance && was.get(fingerprint)?.state === 'firing' && !was.get(fingerprint)?.maintenance,
  )
  const ended = fires.filter(({ fingerprint, maintenance }) => !maintenance && was.get(fingerprint)?.maintenance)
  const why = begun[0]?.maintenance?.reason
  // A message that is new calls by itself; one that stands already is only edited, which calls nobody.
  const mention = before.shownAt === null ? [] : behaviour.mention
  return [
    ...(begun.length > 0 ? [{ what: 'maintenance' as const, items: listed(begun), ...(why ? { why } : {}) }] : []),
    ...(ended.length > 0 ? [{ what: 'maintenance-ended' as const, items: listed(ended), mention }] : []),
  ]
}

/** That a silence began, that it ends soon, and what is left when it ended. */
export function silencesOf(before: AlertGroup, alerts: readonly Alert[], around: Around): AlertDraft[] {
  const { silences, behaviour } = around
  const was = new Map(before.alerts.map(({ fingerprint, silence }) => [fingerprint, silence]))
  return silences.flatMap((silence): AlertDraft[] => {
    const { id, by, until, why } = silence
    const live = alerts.filter(isLive)
    const begun = live.filter(
      (alert) => alert.silence === id && was.has(alert.fingerprint) && was.get(alert.fingerprint) !== id,
    )
    const left = live.filter((alert) => alert.silence === null && was.get(alert.fingerprint) === id)
    const resolved = alerts.filter(
      (alert) => isOver(alert) && was.get(alert.fingerprint) === id && alert.silence === null,
    )
    const drafts: AlertDraft[] = []
    if (begun.length > 0) drafts.push({ what: 'silenced', items: listed(begun), by, until, why })
    if (endsSoon(silence, alerts, around))
      drafts.push({
        what: 'silence-ends',
        items: listed([alerts, ...others(before, around)].flatMap((each) => each.filter(isCoveredBy(silence)))),
        by,
        until,
        why: id,
        mention: calling(by),
      })
    if (left.length > 0)
      drafts.push({
        what: 'silence-ended',
        items: [...listed(left), ...itemsOf(resolved.map((alert) => ({ alert, text: 'resolved meanwhile' })))],
        by: silence.ended?.by ?? by,
        // What is in maintenance stays muted.
        mention: left.every(isMuted) ? [] : [...new Set([...calling(by), ...behaviour.mention])],
      })
    return drafts
  })
}

const isCoveredBy = (silence: Silence) => (alert: Alert) => isLive(alert) && alert.silence === silence.id
const others = ({ id }: AlertGroup, { groups }: Around) =>
  groups.flatMap((each) => (each.id === id ? [] : [each.alerts]))

/** One that covers several groups is told of once, in the first of them that is looked at, for all of it. */
function endsSoon(silence: Silence, alerts: readonly Alert[], around: Around): boolean {
  const { settings, warned, now } = around
  if (!isActive(silence, now) || !alerts.some(isCoveredBy(silence))) return false
  const ahead = Math.min(milliseconds(settings.silence.warn), (silence.until - silence.from) / 4)
  if (now < silence.until - ahead || warned.has(silence.id)) return false
  warned.add(silence.id)
  return true
}
