import type { Actor } from './actor.ts'
import type { AlertDraft, AlertNote } from './alert/note.ts'
import type { Severity } from './alert/settings.ts'

export type { AlertNote, NoteItem } from './alert/note.ts'
export type { AlertRule, AlertSettings, EscalationStep, Severity } from './alert/settings.ts'
export type { AlertTest, Matchers, Silence } from './alert/silence.ts'

export type CheckStatus = 'passing' | 'warning' | 'critical'

/** One check as Consul's `/v1/health/state/any` has it. */
export type CheckRow = {
  readonly dc: string
  readonly node: string
  /** CheckID: unique on its node. */
  readonly check: string
  readonly name: string
  readonly status: CheckStatus
  readonly output: string
  readonly notes: string
  /** Empty for a check of the node. */
  readonly service: string
  readonly serviceId: string
  readonly tags: readonly string[]
}

/** Why nothing that a datacenter says can be believed now. `agent`: Consul itself does not answer us, whatever the datacenter. */
export type Trouble = {
  readonly kind: 'agent' | 'unreachable' | 'leaderless' | 'stale' | 'forbidden' | 'filtered' | 'empty' | 'malformed'
  readonly why: string
  readonly since: number
}

/**
 * The newest believable answer of a datacenter, and what is wrong with asking it now. `at`: when it was last known to be as it says;
 * null for one that never answered.
 */
export type DatacenterView = {
  readonly dc: string
  readonly at: number | null
  /** By `fingerprintOf`. */
  readonly rows: ReadonlyMap<string, CheckRow>
  readonly trouble: Trouble | null
}

/**
 * `pending`: its raise delay runs. `firing`: also while its keep delay runs. `vanished`: Consul has it no more, and nobody knows how it ended.
 * `unknown`: `why` says what hides it. `moved`: it goes on in the group of another severity or rule. `closed`: given up, by somebody or by
 * itself: nobody knows how it ended.
 */
export type AlertState = 'pending' | 'firing' | 'resolved' | 'vanished' | 'unknown' | 'moved' | 'closed'

/** One check that is, or was, an alert. Times are milliseconds since 1970. */
export type Alert = {
  readonly fingerprint: string
  readonly dc: string
  readonly node: string
  readonly check: string
  readonly name: string
  readonly service: string
  readonly serviceId: string
  readonly tags: readonly string[]
  readonly status: CheckStatus
  /** What the check said, bounded, and since when it says so. */
  readonly output: string
  readonly outputAt: number
  readonly state: AlertState
  /** Of the state. */
  readonly since: number
  readonly firedAt: number | null
  /** It passes since then, while its keep delay runs. */
  readonly passingSince: number | null
  readonly missingSince: number | null
  /** What hides it, or what ended it. `wide`: a whole datacenter is hidden, which is told once, elsewhere. */
  readonly why: string | null
  readonly wide: boolean
  /** The latest times at which it began or ceased to fire; and since when that counts as flapping. */
  readonly changes: readonly number[]
  readonly flapping: number | null
  readonly maintenance: { readonly reason: string; readonly since: number } | null
  /** The silence that covers it. */
  readonly silence: string | null
  readonly details: AlertDetails | null
}

/** What a monitor of ours says besides its status. `at`: when it was so. */
export type AlertDetails =
  | {
      readonly kind: 'vault-audit'
      readonly at: number
      readonly counts: Readonly<Record<'5m' | '60m', Readonly<Record<string, number>>>>
      /** Of the last hour, the most frequent first. */
      readonly top: Readonly<Record<'class' | 'principal' | 'path' | 'address', readonly Named[]>>
      /** Findings of each of the last 60 minutes, the oldest first; empty where the monitor does not say. */
      readonly minutes: readonly number[]
    }
  | { readonly kind: 'token-expiry'; readonly at: number; readonly entries: readonly Expiring[] }

export type Named = { readonly name: string; readonly count: number }

export type Expiring = {
  readonly name: string
  readonly status: CheckStatus
  readonly text: string
  readonly owner: string
  readonly runbook: string | null
  readonly renewal: string | null
}

/** The state of a group in a word: that of the worst that is not hidden, and what people have done about it. */
export type GroupState =
  | 'pending'
  | 'firing'
  | 'acknowledged'
  | 'silenced'
  | 'maintenance'
  | 'unknown'
  | 'vanished'
  | 'resolved'
  | 'moved'
  | 'closed'

/**
 * All alerts of one rule, datacenter and severity, from the first that fires until none is left and `reopen` has passed: one live message.
 * `version` is compared when it is stored.
 */
export type AlertGroup = {
  readonly id: string
  readonly version: number
  readonly rule: string
  readonly dc: string
  readonly severity: Severity
  readonly openedAt: number
  /** When its message was first wanted; null while everything in it is pending or muted. */
  readonly shownAt: number | null
  /** Since when nothing of it is left; it is over for good at `closedAt`. */
  readonly endedAt: number | null
  readonly closedAt: number | null
  readonly state: GroupState
  readonly alerts: readonly Alert[]
  readonly acknowledged: Acknowledgement | null
  /** The newest ones; `notes` counts all there ever were. Each is said once, in the thread. */
  readonly notes: readonly AlertNote[]
  readonly noted: number
  /** What waits to be told together; absent in records of before it was. */
  readonly held?: readonly AlertDraft[]
  /** Since when nobody has acknowledged; null while nothing needs it. Reminders and escalations count from it. */
  readonly openSince: number | null
  readonly reminded: number
  readonly escalated: readonly Escalated[]
  /** Silences of which it was told already that they end soon. */
  readonly warned: readonly string[]
}

export type Acknowledgement = {
  readonly by: Actor
  readonly at: number
  readonly until: number
  readonly why: string | null
}

/**
 * `step` counts through the life of the group; `rung` is which of the rule's steps it was, in the turn that began at `since`. `channel`: the name
 * of another one that was told, null where it was said in the thread.
 */
export type Escalated = {
  readonly step: number
  readonly rung: number
  readonly since: number
  readonly at: number
  readonly channel: string | null
}

/** A check by what never changes about it. */
export function fingerprintOf({ dc, node, check }: Pick<CheckRow, 'dc' | 'node' | 'check'>): string {
  return `${dc}/${node}/${check}`
}

/** What people call it: the service where there is one, with its id where that is another word (a node may run several), the check, and the node. */
export function labelOf(alert: Pick<Alert, 'service' | 'serviceId' | 'name' | 'check' | 'node'>): string {
  const { service, serviceId } = alert
  const instance = serviceId && serviceId !== service ? `${service} (${serviceId})` : service
  const what = service ? `${instance}: ${alert.name || alert.check}` : alert.name || alert.check
  return alert.node ? `${what} on ${alert.node}` : what
}

/** The name of the rule for alerts of our own about what can not be watched. */
export const BLIND = 'blind'
