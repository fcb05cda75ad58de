import type { Acknowledgement, Alert, AlertGroup, AlertSettings, GroupState, Silence } from '../alert.ts'
import type { Behaviour } from './route.ts'

/** What a group is looked at with. */
export type Around = {
  readonly settings: AlertSettings
  readonly behaviour: Behaviour
  /** All that are not closed: those whose time is over, or that somebody ended, are among them until their end was told. */
  readonly silences: readonly Silence[]
  readonly now: number
  readonly unwatchedSince: number | null
  /** All that are open, as they were. */
  readonly groups: readonly AlertGroup[]
  /** Silences of whose end some group has told; the one that does adds it, so that no other one of the same round does. */
  readonly warned: Set<string>
  /** The acknowledgement that goes along with what got milder. */
  readonly inherited: Acknowledgement | null
}

export const isLive = ({ state }: Alert) => state === 'firing' || state === 'unknown' || state === 'vanished'
export const isMuted = ({ silence, maintenance }: Alert) => silence !== null || maintenance !== null
export const isOver = ({ state }: Alert) => state === 'resolved' || state === 'moved' || state === 'closed'

export function isActive({ from, until, ended }: Silence, now: number): boolean {
  return ended === null && from <= now && now < until
}

/** The very same alerts, so that nothing happened to any of them. */
export function sameList(one: readonly Alert[], other: readonly Alert[]): boolean {
  return one === other || (one.length === other.length && one.every((alert, at) => alert === other[at]))
}

/** The state in a word: what nobody has hidden comes first. */
export function stateOf({
  alerts,
  acknowledged,
  state,
}: Pick<AlertGroup, 'alerts' | 'acknowledged' | 'state'>): GroupState {
  const live = alerts.filter(isLive)
  const open = live.filter((alert) => !isMuted(alert))
  const word = (['firing', 'vanished', 'unknown'] as const).find((each) => open.some((alert) => alert.state === each))
  if (word) return acknowledged && word !== 'unknown' ? 'acknowledged' : word
  if (live.some(({ silence }) => silence !== null)) return 'silenced'
  if (live.length > 0) return 'maintenance'
  const over = alerts.filter(isOver)
  if (over.length === 0) return alerts.length > 0 || state === 'pending' ? 'pending' : state
  // Of what was closed nobody knows how it ended: that says more than what resolved beside it.
  const last = (['closed', 'resolved', 'moved'] as const).find((each) => over.some((alert) => alert.state === each))
  return last ?? 'resolved'
}
