import { UserError } from '../errors.ts'
import type { Actor } from './actor.ts'
import { idOf } from './actor.ts'
import type { UnderGlass } from './break-glass/glass.ts'
import type { Cost } from './cost.ts'
import { milliseconds, spoken } from './duration.ts'
import type { Freeze } from './freeze.ts'
import { dayAndClock } from './judgment.ts'
import type { Variables } from './site.ts'
import type { NamedEnvironment } from './workflow.ts'

/** Who waits for the lock or holds it. */
export type Claim = {
  readonly execution: string
  readonly line: string
  readonly actor: Actor
  readonly since: number
  /** The execution that it is part of, which may lend it the lock. */
  readonly under?: string
  /** The claim of whoever lent it the lock, and gets it back. */
  readonly lender?: Claim
}

/**
 * How long an environment may live: from the first apply, until `endsAt`. Its id changes with every extension, so that
 * a wake-up set for an earlier end does nothing.
 */
export type Lifetime = {
  readonly id: string
  readonly execution: string
  readonly channel: string | null
  readonly startedAt: number
  readonly endsAt: number
  /** No extension goes past this; absent in records of before there was such a limit. */
  readonly latest?: number
  /** Whoever asked for it or extended it: they cannot approve what happens when it ends. */
  readonly askers: readonly string[]
  /** The break glasses under which it was asked for: what happens at its end is approved as if it was asked for so, too. */
  readonly glass?: readonly UnderGlass[]
  readonly approvers: readonly string[]
  /** Lineage of the Terraform state it was approved for; null while nobody has seen one. */
  readonly lineage: string | null
  readonly warned: boolean
  /** The execution that takes the environment down, once it was begun. */
  readonly ending: string | null
  readonly extendedBy: readonly Actor[]
  /** The lifetime that this one took the place of; it runs on should the apply turn out to have never begun. */
  readonly replaced?: Lifetime
}

/** The last time that somebody took the lock from an execution that was over or stood at unknown: by whom, why, by which rule. */
export type Steal = {
  readonly from: Claim
  readonly by: Actor
  readonly at: number
  readonly why: string
  readonly rule: string
}

/** What is stored of one environment, compared and set by `version` together with the executions that touch it. */
export type EnvironmentRecord = {
  readonly name: string
  readonly version: number
  readonly lock: Claim | null
  readonly queue: readonly Claim[]
  readonly lifetime: Lifetime | null
  /** What the last apply that ended left behind, for `status`. */
  readonly last: Last | null
  /** Absent where nobody ever stole the lock. */
  readonly stolen?: Steal
  /** The last freeze; absent where there never was one. */
  readonly freeze?: Freeze
  /** What runs there; absent in records of before it was kept. */
  readonly live?: Live | null
  /** What it has cost since it came up; absent in records of before it was counted. */
  readonly cost?: Cost | null
}

export type Last = {
  readonly execution: string
  readonly line: string
  readonly at: number
  readonly up: boolean
  /** What people had chosen and what went with the environment: whoever brings it up again is told that it is not kept. */
  readonly dropped?: Variables
}

/**
 * What the last apply that succeeded made live. `size` is the one it was given; `kept` are the variables that somebody chose and that
 * later plans keep (the version that was deployed, the count it was scaled to); `variables` are all of them.
 */
export type Live = {
  readonly size: string | null
  readonly kept: Variables
  readonly variables: Variables
  readonly execution: string
  readonly at: number
  /** Since when something is up. */
  readonly since: number
}

export function newEnvironment(name: string): EnvironmentRecord {
  return { name, version: 0, lock: null, queue: [], lifetime: null, last: null }
}

/** Takes the lock, or a place in the queue; `first` is for the end of a lifetime, which waits for nobody who only waits. */
export function claim(environment: EnvironmentRecord, wanted: Claim, first = false): EnvironmentRecord {
  if (!environment.lock && environment.queue.length === 0) return { ...environment, lock: wanted }
  if (environment.lock && environment.lock.execution === wanted.under)
    return { ...environment, lock: { ...wanted, lender: environment.lock } }
  const queue = first ? [wanted, ...environment.queue] : [...environment.queue, wanted]
  return { ...environment, queue }
}

/** Gives back the lock or the place; the next in the queue then holds the lock. */
export function release(environment: EnvironmentRecord, execution: string, now: number): EnvironmentRecord {
  const queue = environment.queue.filter((claim) => claim.execution !== execution)
  if (environment.lock?.execution !== execution) return { ...environment, queue }
  const { lender } = environment.lock
  if (lender) return { ...environment, ...lentOn(lender, queue, now) }
  const next = queue[0]
  return { ...environment, lock: next ? { ...next, since: now } : null, queue: queue.slice(1) }
}

/** It goes back to whoever lent it, and on to another one that is part of that and waits. */
function lentOn(lender: Claim, queue: readonly Claim[], now: number): Pick<EnvironmentRecord, 'lock' | 'queue'> {
  const next = queue.find(({ under }) => under === lender.execution)
  if (!next) return { lock: lender, queue }
  return { lock: { ...next, since: now, lender }, queue: queue.filter((claim) => claim !== next) }
}

/** Whether an execution holds the lock, or lent it to what is part of it. */
export function holds({ lock }: EnvironmentRecord, execution: string): boolean {
  for (let claim = lock; claim; claim = claim.lender ?? null) if (claim.execution === execution) return true
  return false
}

/** Place in the queue, from 1; 0 when it does not wait. */
export function placeOf(environment: EnvironmentRecord, execution: string): number {
  return environment.queue.findIndex((claim) => claim.execution === execution) + 1
}

/**
 * The lifetime with `extend` more, never past `max` after it began. Throws a `UserError` when there is nothing to extend,
 * when it is already being taken down, or when it stands at the maximum.
 */
export function extended(
  environment: EnvironmentRecord,
  settings: NamedEnvironment,
  by: Actor,
  now: number,
): EnvironmentRecord {
  const lifetime = environment.lifetime
  if (!lifetime) throw new UserError(`${environment.name} has no time limit now, so there is nothing to extend.`)
  if (lifetime.ending) {
    throw new UserError(
      `${environment.name} is already being taken down (\`runs show ${lifetime.ending}\`), so its time cannot be extended.`,
    )
  }
  const latest = lifetime.startedAt + milliseconds(settings.lifetime.max)
  const endsAt = Math.min(Math.max(lifetime.endsAt, now) + milliseconds(settings.lifetime.extend), latest)
  if (endsAt <= lifetime.endsAt) {
    const limit = `${spoken(milliseconds(settings.lifetime.max))} after it began`
    throw new UserError(
      `${environment.name} already stays up until ${dayAndClock(lifetime.endsAt)}, the most this site allows (${limit}).`,
    )
  }
  return { ...environment, lifetime: prolonged(lifetime, endsAt, by) }
}

/** Whether there is still time to be had; a button that would only be refused is not drawn. */
export function mayExtend({ ending, endsAt, latest = Number.POSITIVE_INFINITY }: Lifetime): boolean {
  return !ending && endsAt < latest
}

/** The lifetime with a later end; whoever asks for that counts as an asker from now on. */
export function prolonged(lifetime: Lifetime, endsAt: number, by: Actor): Lifetime {
  const [execution, count] = [lifetime.execution, lifetime.extendedBy.length + 1]
  return {
    ...lifetime,
    id: `${execution}-x${count}`,
    endsAt,
    warned: false,
    askers: [...new Set([...lifetime.askers, idOf(by)])],
    extendedBy: [...lifetime.extendedBy, by],
  }
}
