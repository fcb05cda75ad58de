import { SILENT } from '../../core/alert/blind.ts'
import type { Alert, AlertGroup } from '../../core/alert.ts'
import { labelOf } from '../../core/alert.ts'
import type { Shelf } from './alert-words.ts'
import { clockOf, isExpired, labelText, SHELVES, saidText, shelfOf } from './alert-words.ts'
import { listed } from './blocks.ts'
import { code, people } from './text.ts'

type Clock = (at: number) => string

/** How many lines in how many characters at most; `beyond`: how many more there are than were given. */
export type Room = { readonly most: number; readonly room: number; readonly beyond?: number }

/** How many of each are listed, in how many characters at most, so that all of them fit into one message; **Show** has the rest. */
const MOST: Readonly<Record<Shelf, Room>> = {
  firing: { most: 12, room: 2_600 },
  unknown: { most: 6, room: 1_200 },
  vanished: { most: 6, room: 1_000 },
  maintenance: { most: 4, room: 700 },
  silenced: { most: 4, room: 700 },
  pending: { most: 0, room: 0 },
  resolved: { most: 6, room: 700 },
  moved: { most: 3, room: 400 },
  closed: { most: 3, room: 400 },
}

const TITLES: Readonly<Record<Shelf, string>> = {
  firing: '',
  unknown: '❓ *Unknown*: whether it still fires cannot be said now',
  vanished: '👻 *Vanished*',
  maintenance: '🔧 *In maintenance*: nobody is called',
  silenced: '🔕 *Silenced*',
  pending: '',
  resolved: '✅ *Resolved*',
  moved: '↪️ *Moved*',
  closed: '☑️ *Closed*',
}

/** The alerts of a group, the worst first: of each kind a title and its lines. */
export function alertLines(group: AlertGroup): string[][] {
  const clock = clockOf(group)
  const shelves = Map.groupBy(group.alerts, shelfOf)
  return SHELVES.flatMap((shelf) => {
    const alerts = shelves.get(shelf) ?? []
    if (alerts.length === 0 || MOST[shelf].most === 0) return []
    const first = alerts.toSorted(orderOf(shelf)).slice(0, MOST[shelf].most)
    const lines = first.map((alert) => `• ${alertLine(alert, shelf, clock, group)}`)
    const beyond = alerts.length - first.length
    return [[...(TITLES[shelf] ? [TITLES[shelf]] : []), ...within(lines, { ...MOST[shelf], beyond })]]
  })
}

/** The first lines for which there is room, and how many more there are. */
export function within(lines: readonly string[], { most, room, beyond = 0 }: Room): string[] {
  let left = room
  const kept = lines.slice(0, most).findIndex((line, at) => {
    left -= line.length + 1
    return at > 0 && left < 0
  })
  return listed(lines, kept < 0 ? most : kept, beyond)
}

/** What fires: critical ones first, then the oldest. What is over: the latest first. */
function orderOf(shelf: Shelf): (one: Alert, other: Alert) => number {
  const over = shelf === 'resolved' || shelf === 'moved' || shelf === 'closed'
  const critical = ({ status }: Alert) => Number(status === 'critical')
  const byTime = (one: Alert, other: Alert) =>
    over ? other.since - one.since : critical(other) - critical(one) || one.since - other.since
  return (one, other) => byTime(one, other) || (labelOf(one) < labelOf(other) ? -1 : 1)
}

function alertLine(alert: Alert, shelf: Shelf, clock: Clock, { severity }: AlertGroup): string {
  const label = labelText(alert)
  const since = clock(alert.since)
  const flaps = alert.flapping === null ? '' : ` 〰️ flapping since ${clock(alert.flapping)}`
  switch (shelf) {
    case 'firing': {
      const other = severity !== 'info' && alert.status !== severity && alert.status !== 'passing'
      const level = other ? ` (${alert.status})` : ''
      const passes = alert.passingSince === null ? '' : `, passes since ${clock(alert.passingSince)}`
      const gone = alert.missingSince === null ? '' : `, not in Consul since ${clock(alert.missingSince)}`
      return `${label}${level}: ${outputText(alert, clock)}, since ${since}${passes}${gone}${flaps}`
    }
    case 'unknown':
      return `${label}, since ${since}: ${code(alert.why ?? 'no reason is known', 200)}${flaps}`
    case 'vanished':
      return `${label}: gone from Consul since ${clock(alert.missingSince ?? alert.since)}, nobody knows how it ended`
    case 'maintenance':
      return `${label}, since ${clock(alert.maintenance?.since ?? alert.since)}: ${code(alert.maintenance?.reason || 'no reason given', 160)}`
    case 'silenced':
      return `${label}: ${hiddenText(alert, clock)}${flaps}`
    case 'resolved':
      return `${label}: at ${since}`
    default:
      return `${label}, at ${since}${alert.why ? `: ${whyText(alert.why)}` : ''}`
  }
}

/** Who closed it is a person, and what they wrote is only text. */
function whyText(why: string): string {
  const [, by, reason] = /^closed by (@[A-Z0-9]+): ([\s\S]+)$/.exec(why) ?? []
  return by && reason ? `closed by ${people(by)}: ${code(reason, 160)}` : code(why, 160)
}

/** What it is beneath its silence. */
function hiddenText(alert: Alert, clock: Clock): string {
  if (alert.state === 'vanished') return `gone from Consul since ${clock(alert.missingSince ?? alert.since)}`
  if (alert.state === 'unknown') return `unknown since ${clock(alert.since)}`
  return `${outputText(alert, clock)}, since ${clock(alert.since)}`
}

/** Their counts change faster than Consul passes on what they say, which it holds back for up to five minutes. */
const COUNTING = ['vault-audit-monitor', 'token-expiry-monitor']

function outputText({ check, output, outputAt, service, details }: Alert, clock: Clock): string {
  // When Consul noted the silence is no time of what was said before it.
  const old = COUNTING.includes(service) && !details && !isExpired(output) ? `, as of ${clock(outputAt)}` : ''
  const said = saidText(output)
  // The label of a silent monitor says that it gives no sign of life.
  return check.startsWith(SILENT) ? said.replace(/^no sign of life; /, '') : `${said}${old}`
}
