import type { Alert, AlertGroup, AlertNote, AlertSettings, NoteItem, Silence } from '../alert.ts'
import { labelOf } from '../alert.ts'
import { milliseconds } from '../duration.ts'
import type { Behaviour } from './route.ts'
import type { Around } from './standing.ts'
import { isActive, isLive, isMuted, isOver } from './standing.ts'

/** What happened to one alert, before it is known whether people are told. */
export type Happened = { readonly alert: Alert; readonly what: AlertNote['what']; readonly text: string }

/** A note before it has its number. */
export type Draft = Omit<AlertNote, 'n' | 'at' | 'mention'> & { readonly mention?: readonly string[] }

const MOST_ITEMS = 50

/** What changed of the alerts, a note for each kind of change. */
export function changesOf(before: AlertGroup, happened: readonly Happened[], { behaviour }: Around): Draft[] {
  const kinds = [...new Set(happened.map(({ what }) => what))]
  return kinds.map((what) => {
    const these = happened.filter((each) => each.what === what)
    return { what, items: itemsOf(these), mention: calledBy(what, before, behaviour) }
  })
}

/**
 * A message that is new calls by itself; an edit calls nobody. So where nobody was needed before, those of the rule are called as for a new
 * one; else only whoever has it in hand hears of more.
 */
function calledBy(what: AlertNote['what'], before: AlertGroup, { mention }: Behaviour): readonly string[] {
  if (what === 'again') return mention
  if (what !== 'raised' || before.shownAt === null) return []
  const taken = calling(before.acknowledged?.by)
  if (taken.length > 0) return taken
  return before.openSince === null ? mention : []
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
  return left > 0 ? [...items, { label: `… +${left} more`, text: '' }] : items
}

export const listed = (alerts: readonly Alert[]) => itemsOf(alerts.map((alert) => ({ alert, text: alert.output })))

/** That maintenance began or ended where something fires. */
export function maintenanceOf(before: AlertGroup, alerts: readonly Alert[], { behaviour }: Around): Draft[] {
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
export function silencesOf(
  before: AlertGroup,
  alerts: readonly Alert[],
  { silences, settings, behaviour, now }: Around,
): Draft[] {
  const was = new Map(before.alerts.map(({ fingerprint, silence }) => [fingerprint, silence]))
  return silences.flatMap((silence): Draft[] => {
    const { id, by, until, why } = silence
    const live = alerts.filter(isLive)
    const begun = live.filter(
      (alert) => alert.silence === id && was.has(alert.fingerprint) && was.get(alert.fingerprint) !== id,
    )
    const left = live.filter((alert) => alert.silence === null && was.get(alert.fingerprint) === id)
    const resolved = alerts.filter(
      (alert) => isOver(alert) && was.get(alert.fingerprint) === id && alert.silence === null,
    )
    const drafts: Draft[] = []
    if (begun.length > 0) drafts.push({ what: 'silenced', items: listed(begun), by, until, why })
    if (endsSoon(before, silence, alerts, settings, now))
      drafts.push({
        what: 'silence-ends',
        items: listed(live.filter((alert) => alert.silence === id)),
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

function endsSoon(
  before: AlertGroup,
  silence: Silence,
  alerts: readonly Alert[],
  { silence: { warn } }: AlertSettings,
  now: number,
): boolean {
  if (!isActive(silence, now) || before.warned.includes(silence.id)) return false
  const ahead = Math.min(milliseconds(warn), (silence.until - silence.from) / 4)
  return now >= silence.until - ahead && alerts.some((alert) => isLive(alert) && alert.silence === silence.id)
}
