import type { Actor } from './actor.ts'
import { nameOf } from './actor.ts'
import type { EnvironmentRecord } from './environment.ts'
import type { Effect } from './event.ts'
import { dayAndClock } from './judgment.ts'
import { shown } from './text.ts'

/** Nothing new is changed until then. It stays in the record once it was ended, with who did. */
export type Freeze = {
  readonly by: Actor
  readonly at: number
  readonly until: number
  readonly why: string
  readonly ended?: { readonly by: Actor; readonly at: number }
}

type Altered = { readonly environment: EnvironmentRecord; readonly effects: readonly Effect[] }

/** The freeze that holds now, or null. */
export function freezeOf({ freeze }: Pick<EnvironmentRecord, 'freeze'>, now: number): Freeze | null {
  return freeze && !freeze.ended && now < freeze.until ? freeze : null
}

/** A freeze from now on; a newer one takes the place of an older one. What was started before it ends. */
export function frozen(environment: EnvironmentRecord, freeze: Freeze): Altered {
  const changed = { ...environment, freeze }
  return { environment: changed, effects: [...heard(environment, freeze.at), ...heard(environment, freeze.until)] }
}

/** The freeze is ended before its time; null where there is none. */
export function unfrozen(environment: EnvironmentRecord, by: Actor, now: number): Altered | null {
  const freeze = freezeOf(environment, now)
  if (!freeze) return null
  return {
    environment: { ...environment, freeze: { ...freeze, ended: { by, at: now } } },
    effects: heard(environment, now),
  }
}

/** `is frozen until 2026-11-24 00:00 UTC by @U02BOB: quarter end`. */
export function freezeText({ by, until, why }: Freeze): string {
  return `is frozen until ${dayAndClock(until)} by ${nameOf(by)}: ${shown(why, 300)}`
}

/** Whoever holds the lock, or lent it to what is part of it, looks again whether it may go on; who waits for the lock is drawn anew. */
function heard({ lock, queue }: EnvironmentRecord, at: number): Effect[] {
  const held: Effect[] = []
  for (let claim = lock; claim; claim = claim.lender ?? null)
    held.push({ do: 'tell', execution: claim.execution, event: { type: 'hold.due' }, at })
  return [...held, ...queue.map(({ execution }): Effect => ({ do: 'show', message: `execution:${execution}`, at }))]
}
