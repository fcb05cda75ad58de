import { nameOfId } from './actor.ts'
import { dayAndClock } from './judgment.ts'
import { shown } from './text.ts'

/**
 * What is recorded, in the order in which it happens. `stolen`: somebody took the lock from who held it. `overridden`: somebody let it change things outside the window, or in a freeze. `asked` and `refused` are requests (typed, or pressed) with their decision;
 * `acknowledged`, `silenced`, `unsilenced` and `closed` are what people did with alerts; `ran` is the argv of a program and `exited` its end; `ended` is the outcome of a stage and `finished` that of the execution;
 * `raised` and `lowered` are begin and end of a break glass;
 * `damaged` says that somebody changed an audit file behind the back of whoever writes it.
 */
export const auditKinds = [
  'asked',
  'refused',
  'stored',
  'judged',
  'delegated',
  'withdrawn',
  'canceled',
  'left',
  'chosen',
  'extended',
  'stolen',
  'frozen',
  'unfrozen',
  'overridden',
  'locked',
  'unlocked',
  'started',
  'adopted',
  'ran',
  'exited',
  'ended',
  'lost',
  'expired',
  'finished',
  'scheduled',
  'raised',
  'lowered',
  'acknowledged',
  'silenced',
  'unsilenced',
  'closed',
  'damaged',
] as const

export type AuditKind = (typeof auditKinds)[number]

/** What the audit channel shows unless the site lists something else: decisions of people, and how it ended. */
export const shownByDefault = [
  'refused',
  'judged',
  'delegated',
  'withdrawn',
  'canceled',
  'left',
  'chosen',
  'extended',
  'stolen',
  'frozen',
  'unfrozen',
  'overridden',
  'raised',
  'lowered',
  'finished',
  'acknowledged',
  'silenced',
  'unsilenced',
  'closed',
  'damaged',
] as const

/** One thing that was asked, decided or done. `who` is the immutable id (`idOf`) of the person on whose behalf it was. */
export type AuditEntry = {
  readonly kind: AuditKind
  readonly who: string
  /** The command line. */
  readonly line?: string
  /** What was pressed, where it was no command line; the alert or the silence that it is about. */
  readonly what?: string
  readonly via?: string
  readonly channel?: string
  readonly execution?: string
  readonly environment?: string
  readonly stage?: string
  readonly attempt?: number
  /** The person from whom it was taken, or whose right it was, by the same id. */
  readonly from?: string
  /** The person who got it, by the same id. */
  readonly to?: string
  /** The rule that allowed it. */
  readonly rule?: string
  readonly why?: string
  readonly decision?: 'approved' | 'rejected'
  readonly digest?: string
  /** What was chosen, where a judgment offers choices. */
  readonly choice?: string
  readonly worker?: string
  readonly argv?: readonly string[]
  /** A command of seconds beside the program that the stage is about (`terraform init`, `terraform show`). */
  readonly short?: true
  readonly exitCode?: number
  readonly outcome?: string
  readonly until?: string
  /** The break glass under which it was done, by its id; of several at once each, with a space between. */
  readonly glass?: string
}

/** One line of the chain: `hash` is over the canonical JSON of the rest, and `prev` is the hash of the line before. */
export type AuditLine = {
  readonly seq: number
  readonly at: string
  readonly entry: AuditEntry
  readonly prev: string
  readonly hash: string
}

/** What to look for. `who` with or without the team: `T01TEAM/U01ALICE`, `U01ALICE`, `shell:ann`. Times are milliseconds. */
export type AuditQuery = {
  /** False leaves out the short commands of stages. */
  readonly short?: boolean
  readonly who?: string
  readonly environment?: string
  readonly execution?: string
  readonly since?: number
  readonly limit: number
}

export function isAskedFor({ entry, at }: AuditLine, query: AuditQuery): boolean {
  const { who, environment, execution, since = 0, short = true } = query
  if (entry.short && !short) return false
  if (execution !== undefined && entry.execution !== execution) return false
  if (who !== undefined && entry.who !== who && !entry.who.endsWith(`/${who}`)) return false
  if (environment !== undefined && entry.environment !== environment) return false
  return Date.parse(at) >= since
}

/** Long ones are cut; all of it stands in the audit itself. */
export function argvText(argv: readonly string[]): string {
  return shown(argv.join(' '), 300)
}

/** A line as people read it; `nameOf` says how a person is written (by default as a mention). */
export function auditText({ seq, at, entry }: AuditLine, nameOf: (id: string) => string = nameOfId): string {
  const { kind, who, execution, stage, rule, why, worker, argv, exitCode, outcome, until } = entry
  const parts = [
    `${seq}. ${dayAndClock(Date.parse(at))} *${kind}* ${nameOf(who)}`,
    entry.decision,
    entry.choice && shown(entry.choice),
    entry.digest && `\`${entry.digest.slice(0, 12)}\``,
    entry.what && shown(entry.what),
    entry.line && shown(entry.line),
    execution && `(${shown(execution)}${stage ? `, ${shown(stage)}` : ''})`,
    entry.from && `from ${nameOf(entry.from)}`,
    entry.to && `to ${nameOf(entry.to)}`,
    entry.environment && `on ${shown(entry.environment)}`,
    outcome && `*${outcome}*`,
    argv && argvText(argv),
    exitCode !== undefined && `exit code ${exitCode}`,
    worker && `by ${shown(worker)}`,
    rule && `by the rule ${shown(rule)}`,
    until && `until ${until}`,
    entry.glass &&
      `under break glass ${entry.glass
        .split(' ')
        .map((id) => shown(id))
        .join(', ')}`,
    why && `because: ${why.replaceAll(/\s+/g, ' ').slice(0, 300)}`,
  ]
  return parts.filter(Boolean).join(' ')
}
