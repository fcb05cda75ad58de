import type { Alert, AlertGroup, GroupState, Severity } from '../../core/alert.ts'
import { labelOf } from '../../core/alert.ts'
import { code } from './text.ts'
import { timeFrom } from './view.ts'

/** Where an alert stands in a message. What is muted counts as that, whatever it would be otherwise. */
export type Shelf =
  | 'firing'
  | 'unknown'
  | 'vanished'
  | 'maintenance'
  | 'silenced'
  | 'pending'
  | 'resolved'
  | 'moved'
  | 'closed'

/** In the order in which they matter. */
export const SHELVES: readonly Shelf[] = [
  ...(['firing', 'unknown', 'vanished', 'maintenance', 'silenced'] as const),
  ...(['pending', 'resolved', 'moved', 'closed'] as const),
]

const LOUD: readonly Alert['state'][] = ['firing', 'unknown', 'vanished']

export function shelfOf({ state, maintenance, silence }: Alert): Shelf {
  if (!LOUD.includes(state)) return state
  if (maintenance) return 'maintenance'
  return silence === null ? state : 'silenced'
}

const BURNING: Readonly<Record<Severity, string>> = { critical: '🔴', warning: '🟠', info: '🔵' }

const EMOJI: Readonly<Record<Exclude<GroupState, 'firing'>, string>> = {
  pending: '🕓',
  acknowledged: '👀',
  silenced: '🔕',
  maintenance: '🔧',
  unknown: '❓',
  vanished: '👻',
  resolved: '✅',
  moved: '↪️',
  closed: '☑️',
}

/** The picture of a state; the word beside it says the same. */
export function emojiOf(state: GroupState, severity: Severity): string {
  return state === 'firing' ? BURNING[severity] : EMOJI[state]
}

/** Emoji, state, severity, rule, datacenter and how many: `🔴 *firing*: critical `web` in `dc1`, 3 firing, 1 unknown`. */
export function headline(group: AlertGroup): string {
  const { state, severity, rule, dc, alerts } = group
  return `${emojiOf(state, severity)} *${state}*: ${severity} ${code(rule)} in ${code(dc)}, ${countsText(alerts)}`
}

/** `3 firing, 1 unknown, 2 resolved`. */
export function countsText(alerts: readonly Alert[]): string {
  const counts = Map.groupBy(alerts, shelfOf)
  const said = SHELVES.flatMap((shelf) => {
    const count = counts.get(shelf)?.length ?? 0
    return count > 0 ? [`${count} ${shelf === 'maintenance' ? 'in maintenance' : shelf}`] : []
  })
  return said.join(', ') || 'nothing left'
}

/** Nothing of it is left, or it goes on elsewhere: nobody has to do anything about it here. */
export function isOver({ state, closedAt }: AlertGroup): boolean {
  return closedAt !== null || state === 'resolved' || state === 'moved' || state === 'closed'
}

export function labelText(alert: Parameters<typeof labelOf>[0]): string {
  return code(labelOf(alert), 120)
}

/** How Consul begins the output of a check whose monitor is silent: seen on Consul 1.8.7. */
const EXPIRED = /^\s*TTL expired(?: \(last output before timeout follows\))?:?\s*/

export const isExpired = (output: string) => EXPIRED.test(output)

/** What a check says in one short line, as it stands. What it said before its monitor fell silent is no news, and said as such. */
export function saidText(output: string, most = 140): string {
  const expired = EXPIRED.exec(output)
  const last = output.slice(expired?.[0].length ?? 0).trim()
  const line = (last.split('\n')[0] ?? '').replace(/(?<=[^.])\.$/, '')
  if (!expired) return line ? code(line, most) : 'no output'
  return line ? `no sign of life; its last output was ${code(line, most)}` : 'no sign of life'
}

/** The time of the newest thing that a group knows of. Times of its day are written without the day. */
export function lastChange({ openedAt, endedAt, closedAt, acknowledged, alerts, notes }: AlertGroup): number {
  const times = [openedAt, endedAt, closedAt, acknowledged?.at, ...alerts.map(({ since }) => since), notes.at(-1)?.at]
  return times.reduce<number>((newest, at) => Math.max(newest, at ?? 0), 0)
}

/** Writes times as seen from that day: `12:04 UTC`, or with the day where it is another one. */
export function clockOf(group: AlertGroup): (at: number) => string {
  const newest = lastChange(group)
  return (at) => timeFrom(at, newest)
}

/** Whom a message calls, as Slack pings them. What is no id of that kind calls nobody. */
export function mentionsText(ids: readonly string[]): string {
  return ids.flatMap((id) => mentionOf(id) ?? []).join(' ')
}

function mentionOf(id: string): string | null {
  if (id === 'here' || id === 'channel') return `<!${id}>`
  if (/^S[A-Z0-9]+$/.test(id)) return `<!subteam^${id}>`
  return /^[UW][A-Z0-9]+$/.test(id) ? `<@${id}>` : null
}
