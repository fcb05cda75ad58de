import type { Alert, AlertDetails, AlertGroup, Silence } from '../alert.ts'
import { milliseconds } from '../duration.ts'
import type { Effect } from '../event.ts'
import type { Happened } from './drafts.ts'
import { isSpent, newGroup, regrouped } from './group.ts'
import { inherited } from './milder.ts'
import type { Delays } from './next.ts'
import { newAlert, nextOf, withDetails } from './next.ts'
import type { Observed, Signal } from './observed.ts'
import { behaviourOf } from './route.ts'
import type { Bad, Signals } from './signals.ts'
import { groupKey, signalsOf } from './signals.ts'
import { type Around, isActive, sameList } from './standing.ts'
import { delayOf, type Target } from './target.ts'

/** Everything that decides. Groups are those that are not closed, silences those that are not ended. */
export type AlertWorld = Observed & {
  readonly groups: readonly AlertGroup[]
  readonly silences: readonly Silence[]
  readonly details: ReadonlyMap<string, AlertDetails>
  /** Nobody watched since then, until just now. */
  readonly unwatchedSince: number | null
  readonly newId: (of: string) => string
}

/** A group as it is now, and as it was; null for a new one. */
export type Evaluated = { readonly group: AlertGroup; readonly before: AlertGroup | null }

/** What changes, and only that: the same world a second time changes nothing. Pure. */
export function evaluate(world: AlertWorld): Evaluated[] {
  const signals = signalsOf(world)
  const open = new Map(world.groups.map((group) => [groupKey(group), group]))
  const firing = firingIn(world.groups)
  const times = timesOf(world.settings)
  const warned = new Set(world.groups.flatMap((group) => group.warned))
  const keys = new Set([...open.keys(), ...signals.groups.keys()])
  return [...keys].flatMap((key) => {
    const found = open.get(key) ?? null
    const rows = signals.groups.get(key) ?? NONE
    // Its time to be taken up again ran out while nobody looked: what fires now is another message.
    const over = found !== null && isSpent(found, world.settings, world.now)
    const before = over ? null : found
    const start = before ?? newGroup(key, [...rows.keys()][0] ?? '', world)
    const group = evaluateGroup(world, { start, rows, signals, firing, warned, times })
    const same = group === before || (before === null && group.alerts.length === 0)
    return [
      ...(over ? [{ group: { ...found, closedAt: world.now }, before: found }] : []),
      ...(same ? [] : [{ group, before }]),
    ]
  })
}

const NONE: ReadonlyMap<string, Bad> = new Map()

/** Whether a check fires in any group; collected when it is first asked, which most rounds do not. */
function firingIn(groups: readonly AlertGroup[]): (fingerprint: string) => boolean {
  let found: ReadonlySet<string> | null = null
  return (fingerprint) => {
    found ??= new Set(
      groups.flatMap(({ alerts }) => alerts.flatMap((alert) => (alert.state === 'firing' ? alert.fingerprint : []))),
    )
    return found.has(fingerprint)
  }
}

type Evaluating = {
  readonly start: AlertGroup
  readonly rows: ReadonlyMap<string, Bad>
  readonly signals: Signals
  /** Whether it fires in any group: there its raise delay is over. */
  readonly firing: (fingerprint: string) => boolean
  /** Silences of whose end was told. */
  readonly warned: Set<string>
  readonly times: Times
}

function evaluateGroup(world: AlertWorld, { start, rows, signals, firing, warned, times }: Evaluating): AlertGroup {
  const { settings, now } = world
  const behaviour = behaviourOf(settings, start.rule)
  const delays = { ...times, keepFor: delayOf(behaviour.keep_for) }
  const happened: Happened[] = []
  let stillThere = 0
  const alerts = start.alerts.flatMap((alert) => {
    const signal = mine(start, signals.of(alert))
    if (signal.is === 'moved') return movedOn(alert, signal.target, happened, now)
    if (signal.is === 'dropped') return movedOn(alert, signal.why, happened, now)
    if (signal.is === 'bad') stillThere++
    const raiseAfter = signal.is === 'bad' ? (signal.target?.raiseAfter ?? 0) : 0
    return stepped(world, { alert, signal, delays: { ...delays, raiseAfter } }, happened)
  })
  // In most rounds each of the rows is one of these already.
  const fresh = stillThere === rows.size ? NONE : freshIn(rows, start)
  for (const [fingerprint, { row, target, maintenance }] of fresh) {
    const raiseAfter = firing(fingerprint) ? 0 : target.raiseAfter
    const signal: Signal = { is: 'bad', row, target, maintenance }
    alerts.push(...stepped(world, { alert: newAlert(row, now), signal, delays: { ...delays, raiseAfter } }, happened))
  }
  const { silences, unwatchedSince, groups } = world
  const milder = happened.length > 0 ? inherited(start, alerts, groups, now) : null
  const around: Around = { settings, behaviour, silences, now, unwatchedSince, groups, warned, inherited: milder }
  const group = regrouped(start, sameList(alerts, start.alerts) ? start.alerts : alerts, happened, around)
  return isSame(group, start) ? start : group
}

function freshIn(rows: ReadonlyMap<string, Bad>, { alerts }: AlertGroup): ReadonlyMap<string, Bad> {
  const known = new Set(alerts.map(({ fingerprint }) => fingerprint))
  return new Map([...rows].filter(([fingerprint]) => !known.has(fingerprint)))
}

type Moved = { readonly is: 'moved'; readonly target: Target | null }

/** A check that is bad may belong to another group by now, or to none. */
function mine({ rule, severity }: AlertGroup, signal: Signal): Signal | Moved {
  if (signal.is !== 'bad') return signal
  const { target } = signal
  return target?.rule === rule && target.severity === severity ? signal : { is: 'moved', target }
}

/** `to`: where it goes on, or why it does not. */
function movedOn(alert: Alert, to: Target | string | null, happened: Happened[], now: number): Alert[] {
  if (alert.state === 'pending') return alert.firedAt === null ? [] : [{ ...alert, state: 'resolved' }]
  if (alert.state === 'resolved' || alert.state === 'moved' || alert.state === 'closed') return [alert]
  const target = typeof to === 'object' ? to : null
  const text = target
    ? `it goes on as ${target.severity} by the rule ${target.rule}`
    : ((to as string | null) ?? 'no rule makes it an alert any more')
  const state = target ? ('moved' as const) : ('closed' as const)
  const moved = { ...alert, state, since: now, why: text, passingSince: null, missingSince: null }
  // One that flaps between two severities was told as that.
  if (alert.flapping === null) happened.push({ alert: moved, what: state, text })
  return [moved]
}

type Stepping = { readonly alert: Alert; readonly signal: Signal; readonly delays: Delays }

function stepped(
  { details, now }: AlertWorld,
  { alert: before, signal, delays }: Stepping,
  happened: Happened[],
): Alert[] {
  const { alert, told } = nextOf(before, signal, delays, now)
  if (!alert) return []
  const reason =
    signal.is === 'bad' ? signal.maintenance : signal.is === 'ok' ? null : (alert.maintenance?.reason ?? null)
  const same = (alert.maintenance?.reason ?? null) === reason
  const muted = same ? alert : { ...alert, maintenance: reason === null ? null : { reason, since: now } }
  const detailed = withDetails(muted, details.get(alert.fingerprint))
  if (told) happened.push({ alert: detailed, what: told, text: textOf(detailed, told) })
  return [detailed]
}

function textOf({ output, why }: Alert, told: Happened['what']): string {
  if (told === 'unknown' || told === 'closed') return why ?? ''
  return told === 'vanished' ? '' : output
}

/** Those that are the same for every rule. */
type Times = Omit<Delays, 'raiseAfter' | 'keepFor'>

function timesOf({ vanished, flap }: AlertWorld['settings']): Times {
  return {
    vanishAfter: milliseconds(vanished.after),
    closeAfter: milliseconds(vanished.close),
    flap: { changes: flap.changes, within: milliseconds(flap.within), quiet: milliseconds(flap.quiet) },
  }
}

/** Every field, lists by identity: what nothing happened to is the same. */
function isSame(one: AlertGroup, other: AlertGroup): boolean {
  return (Object.keys(one) as (keyof AlertGroup)[]).every((key) => one[key] === other[key])
}

/** Silences that are over: they are closed once every group has told of it. */
export function overdue(silences: readonly Silence[], now: number): Silence[] {
  return silences
    .filter((silence) => silence.from <= now && !isActive(silence, now))
    .map((silence) => ({ ...silence, closed: true }))
}

/** What is shown anew of a changed group besides its message: new notes, and escalations, which say how it goes on. */
export function showsOf({ group, before }: Evaluated, now: number): Effect[] {
  if (group.shownAt === null) return []
  const show = (message: string): Effect => ({ do: 'show', message, at: now })
  const notes = group.notes.filter(({ n }) => n > (before?.noted ?? 0))
  const moved = group.state !== before?.state || group.acknowledged !== before.acknowledged
  const steps = [
    ...new Set(
      [...group.escalated, ...(before?.escalated ?? [])].flatMap(({ step, channel }) => (channel ? [step] : [])),
    ),
  ]
  return [
    ...notes.map(({ n }) => show(`alert-note:${group.id}:${n}`)),
    ...(moved || group.escalated !== before?.escalated
      ? steps.map((step) => show(`alert-escalation:${group.id}:${step}`))
      : []),
  ]
}
