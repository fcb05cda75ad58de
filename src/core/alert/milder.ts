import type { Acknowledgement, Alert, AlertGroup } from '../alert.ts'
import { severities } from './settings.ts'
import { isLive } from './standing.ts'

/**
 * Who has in hand what got milder keeps it: the acknowledgement of the worse group goes along, where all that is in this one came from there.
 * What gets worse is news, and calls people.
 */
export function inherited(
  start: AlertGroup,
  alerts: readonly Alert[],
  groups: readonly AlertGroup[],
  now: number,
): Acknowledgement | null {
  if (start.acknowledged) return null
  const worse = groups.filter((group) => isWorse(group, start) && (group.acknowledged?.until ?? 0) > now)
  if (worse.length === 0) return null
  const here = new Set(start.alerts.filter(isThere).map(({ fingerprint }) => fingerprint))
  const given = alerts.filter(isThere).map(({ fingerprint }) => {
    const from = worse.find((group) => group.alerts.some((each) => isLive(each) && each.fingerprint === fingerprint))
    return here.has(fingerprint) ? null : (from?.acknowledged ?? null)
  })
  const all = given.filter((each) => each !== null)
  if (all.length === 0 || all.length < given.length) return null
  return all.reduce((first, each) => (each.until < first.until ? each : first))
}

const isThere = (alert: Alert) => isLive(alert) || alert.state === 'pending'

function isWorse(group: AlertGroup, than: AlertGroup): boolean {
  const severity = (each: AlertGroup) => severities.indexOf(each.severity)
  return group.rule === than.rule && group.dc === than.dc && severity(group) < severity(than)
}
