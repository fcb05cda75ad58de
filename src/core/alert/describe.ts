import { UserError } from '../../errors.ts'
import { nameOf } from '../actor.ts'
import type { Alert, AlertGroup, GroupState } from '../alert.ts'
import { spoken } from '../duration.ts'
import { clock, dayAndClock } from '../judgment.ts'
import type { Site } from '../site.ts'
import { asCode, shown } from '../text.ts'
import type { Watched } from './asking.ts'
import { type AlertSettings, severities } from './settings.ts'
import { alertStates, isOpen } from './states.ts'

/** What the site says of alerts. Throws a `UserError` that shows what to write where it says nothing. */
export function alertsOf({ alerts, channels }: Pick<Site, 'alerts' | 'channels'>): AlertSettings {
  if (alerts) return alerts
  const [channel = 'alerts'] = ['alerts', ...Object.keys(channels)].filter((name) => Object.hasOwn(channels, name))
  throw new UserError(
    [
      'This site has no `alerts`, so nothing in Consul is watched. Whoever looks after the site file writes, for example:',
      ...['alerts:', `  channel: ${channel}`, '  rules:', '    - { name: any, status: critical }'].map(asCode),
      'and starts the bots again. `docs/alerts.md` has the rest.',
    ].join('\n'),
  )
}

/** What somebody has to look at first, then what somebody does already, what is muted, and what is over. */
const TIERS: readonly (readonly GroupState[])[] = [
  ['firing', 'unknown', 'vanished'],
  ['acknowledged', 'pending'],
  ['silenced', 'maintenance'],
  ['resolved', 'moved', 'closed'],
]

/** In each tier by severity, and then the oldest first. */
export function worstFirst(groups: readonly AlertGroup[]): AlertGroup[] {
  const tier = ({ state }: AlertGroup) => TIERS.findIndex((states) => states.includes(state))
  const severity = (group: AlertGroup) => severities.indexOf(group.severity)
  return groups.toSorted(
    (one, other) =>
      tier(one) - tier(other) ||
      severity(one) - severity(other) ||
      one.openedAt - other.openedAt ||
      (one.id < other.id ? -1 : 1),
  )
}

const ICONS: Readonly<Record<GroupState, string>> = {
  firing: '🔴',
  unknown: '❓',
  vanished: '👻',
  pending: '🕓',
  acknowledged: '👀',
  silenced: '🔕',
  maintenance: '🔧',
  resolved: '✅',
  moved: '↪️',
  closed: '☑️',
}

/** A group in a line, as `alerts list` shows it. */
export function groupLine(group: AlertGroup, now: number): string {
  const { id, state, severity, rule, dc, alerts, openedAt, endedAt } = group
  const since = endedAt === null ? `since ${sinceText(openedAt, now)}` : `over since ${sinceText(endedAt, now)}`
  const parts = [countsText(alerts), since, ...inHandText(group, now)]
  return `${ICONS[state]} *${state}* ${severity} ${asCode(rule)} in ${asCode(dc)}: ${parts.join(', ')} (\`${id}\`)`
}

/** `2 firing, 1 resolved`; what is muted is said, as it still fires. */
function countsText(alerts: readonly Alert[]): string {
  const counts = alertStates.flatMap((state) => {
    const those = alerts.filter((alert) => alert.state === state)
    const muted = those.filter(({ silence, maintenance }) => silence !== null || maintenance !== null).length
    const besides = muted > 0 && isOpen(state) ? ` (${muted} muted)` : ''
    return those.length > 0 ? [`${those.length} ${state}${besides}`] : []
  })
  return counts.join(', ') || 'none left'
}

/** Who looks after it until when, or that nobody does although somebody should. */
export function inHandText({ acknowledged, openSince }: AlertGroup, now: number): string[] {
  if (acknowledged && acknowledged.until > now) {
    const { by, until, why } = acknowledged
    return [`acknowledged by ${nameOf(by)} until ${atText(until, now)}${why ? `: ${shown(why, 300)}` : ''}`]
  }
  return openSince === null ? [] : ['nobody has acknowledged it']
}

/** Whoever watches says so every few seconds; a datacenter may be quiet for as long as one blocking query waits. */
const LATE_LOOK_MS = 30_000
const LATE_DATACENTER_MS = 2 * 60_000

/** Whether all is watched, so that silence means that all is well. */
function isWatched(watched: Watched, now: number): boolean {
  const { datacenters } = watched
  const seen = ({ at, trouble }: Datacenter) => trouble === null && at !== null && now - at <= LATE_DATACENTER_MS
  return isLooking(watched, now) && datacenters.length > 0 && datacenters.every(seen)
}

function isLooking({ by, at }: Watched, now: number): boolean {
  return by !== null && at !== null && now - at <= LATE_LOOK_MS
}

/** That nothing fires, with how fresh that is; never where part of it cannot be seen. */
export function calmText(watched: Watched, now: number): string {
  if (!isWatched(watched, now)) return '⚠️ Nothing is known to fire, but not everything can be seen now:'
  const oldest = Math.min(...watched.datacenters.map(({ at }) => at ?? 0))
  return `✅ Nothing fires, as of ${agoText(oldest, now)}.`
}

/** Who watches which datacenters, how fresh what is known of them is, and what is in the way. */
export function watchedLines(watched: Watched, now: number): string[] {
  const { by, at, datacenters } = watched
  const none = datacenters.length === 0 ? ['⚠️ Consul has named no datacenter yet, so none is watched.'] : []
  const last =
    at === null
      ? 'nobody ever did'
      : `the last look was at ${agoText(at, now)}${by === null ? '' : `, by ${shown(by)}`}`
  const who =
    isLooking(watched, now) && at !== null
      ? `Watched by ${shown(by ?? '')}, as of ${agoText(at, now)}.`
      : `⚠️ *Nobody watches now*: ${last}.`
  return [who, ...none, ...datacenters.map((datacenter) => datacenterLine(datacenter, now))]
}

type Datacenter = Watched['datacenters'][number]

function datacenterLine({ dc, at, checks, trouble }: Datacenter, now: number): string {
  const seen =
    at === null
      ? 'nothing of it was ever seen'
      : `${checks} ${checks === 1 ? 'check' : 'checks'}, as of ${agoText(at, now)}`
  if (trouble !== null) return `• ${asCode(dc)}: ⚠️ *cannot be watched* (${shown(trouble, 300)}); ${seen}`
  return `• ${asCode(dc)}: ${at !== null && now - at > LATE_DATACENTER_MS ? '⚠️ ' : ''}${seen}`
}

/** `12:04 UTC`, with the day where that is another one. */
export function atText(at: number, now: number): string {
  return dayAndClock(at).slice(0, 10) === dayAndClock(now).slice(0, 10) ? clock(at) : dayAndClock(at)
}

/** `12:04 UTC (5 m)` */
export function sinceText(at: number, now: number): string {
  return `${atText(at, now)} (${spoken(now - at)})`
}

/** `12:04 UTC (5 m ago)` */
function agoText(at: number, now: number): string {
  return `${atText(at, now)} (${spoken(now - at)} ago)`
}
