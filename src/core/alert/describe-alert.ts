import type { Alert, AlertDetails, Named } from '../alert.ts'
import { labelOf } from '../alert.ts'
import { shown } from '../text.ts'
import { atText, sinceText } from './describe.ts'

/** Everything that is known of one alert: its state, since when, what the check says, what mutes it, and what its monitor says besides. */
export function alertLines(alert: Alert, now: number): string[] {
  const { state, status, since, output, outputAt, details } = alert
  return [
    `• *${state}* ${status} ${shown(labelOf(alert), 150)} since ${sinceText(since, now)}`,
    ...aside(alert, now).map((line) => `   ${line}`),
    ...(output.trim() ? [`   it says ${shown(output, 300)} (${atText(outputAt, now)})`] : []),
    ...(details ? detailLines(details, now).map((line) => `   ${line}`) : []),
  ]
}

function aside(alert: Alert, now: number): string[] {
  const { state, why, silence, maintenance, flapping, changes, passingSince, missingSince } = alert
  const fires = state === 'firing'
  return [
    ...(why ? [shown(why, 300)] : []),
    ...(fires && passingSince !== null
      ? [`passes since ${sinceText(passingSince, now)}, and is kept for a while`]
      : []),
    ...(missingSince !== null
      ? [`gone from Consul since ${sinceText(missingSince, now)}: nobody knows how it ended`]
      : []),
    ...(flapping !== null ? [`flapping since ${sinceText(flapping, now)}, ${changes.length} changes lately`] : []),
    ...(silence !== null ? [`silenced by \`${silence}\``] : []),
    ...(maintenance
      ? [`in maintenance since ${sinceText(maintenance.since, now)}: ${shown(maintenance.reason, 200)}`]
      : []),
  ]
}

/** What a monitor says besides its status, as of when. */
export function detailLines(details: AlertDetails, now: number): string[] {
  const asOf = `as of ${atText(details.at, now)}`
  if (details.kind === 'token-expiry') {
    const entries = details.entries.filter(({ status }) => status !== 'passing')
    return entries.map(({ name, status, text, owner, renewal, runbook }) => {
      const parts = [
        shown(text, 200),
        `owner ${shown(owner)}`,
        ...(renewal ? [`renew: ${shown(renewal, 200)}`] : []),
        ...(runbook ? [`runbook ${runbook}`] : []),
      ]
      return `*${status}* ${shown(name, 120)}: ${parts.join(', ')} (${asOf})`
    })
  }
  const { counts, top } = details
  const namedTop = (['principal', 'path', 'address'] as const).flatMap((what) => topText(what, top[what]))
  return [`in 5 minutes ${countsText(counts['5m'])}; in an hour ${countsText(counts['60m'])} (${asOf})`, ...namedTop]
}

function countsText(counts: Readonly<Record<string, number>>): string {
  const those = Object.entries(counts).filter(([, count]) => count > 0)
  return those.map(([name, count]) => `${count} ${name}`).join(', ') || 'none'
}

function topText(what: string, named: readonly Named[]): string[] {
  return named.length > 0
    ? [`${what}: ${named.map(({ name, count }) => `${shown(name, 120)} ${count}`).join(', ')}`]
    : []
}
