import type { Actor } from '../actor.ts'
import { idOf } from '../actor.ts'
import type { Site } from '../site.ts'

/** A person in Slack: nobody else raises his rights, since he has to be known by more than a terminal. */
export type Holder = { readonly kind: 'slack'; readonly team: string; readonly user: string }

/** A look for drift after the end: the execution that looks, or why none does. */
export type Look = { readonly target: string; readonly execution: string | null; readonly why: string | null }

/**
 * Rights that somebody raised for a while. Compared and set by `version`. Times are milliseconds since 1970 by the clock of Redis, which
 * is the same for all: `until` ends it even where no process is there to say so.
 */
export type Glass = {
  readonly id: string
  readonly version: number
  /** The request that began it, by which a second delivery is known. */
  readonly request: string
  /** Its name under `break_glass`. */
  readonly role: string
  /** The roles that it gave when it began; what the site takes away since counts as well. */
  readonly gives: readonly string[]
  readonly by: Holder
  readonly why: string
  /** Where it was asked for. */
  readonly channel: string | null
  /** Names of the channels that are told. */
  readonly announce: readonly string[]
  readonly from: number
  readonly until: number
  /** `by` is null where its time was over. */
  readonly ended: { readonly at: number; readonly by: Actor | null } | null
  /** Null until it is known what it changed. */
  readonly looks: readonly Look[] | null
  /** How looks and executions stood when the summary was drawn last. */
  readonly seen: string
  /** When the summary was complete: from then on it stays as it is. */
  readonly summedAt: number | null
}

/** The current break glass of one person and one name: so that there is one at a time. */
export type GlassSlot = { readonly id: string; readonly version: number; readonly glass: string }

/** Under which break glass something was asked for, and whose that is (`idOf`). */
export type UnderGlass = { readonly id: string; readonly by: string }

export function holds({ ended, until }: Glass, now: number): boolean {
  return ended === null && now < until
}

export function isTurnedOn({ break_glass }: Site): boolean {
  return Object.keys(break_glass).length > 0
}

/** Of those that hold, the ones that count for a person: his own, while the site has them and he still has one of the roles of `who`. */
export function countingFor(site: Site, actor: Actor, own: readonly string[], glasses: readonly Glass[]): Glass[] {
  return glasses.filter(({ by, role }) => {
    const settings = Object.hasOwn(site.break_glass, role) ? site.break_glass[role] : undefined
    return idOf(by) === idOf(actor) && settings?.who.some((each) => own.includes(each)) === true
  })
}

/** The roles that they give, as far as the site still has and gives them. */
export function rolesGiven(site: Site, glasses: readonly Glass[]): string[] {
  const given = glasses.flatMap(({ role, gives }) =>
    gives.filter((each) => Object.hasOwn(site.roles, each) && site.break_glass[role]?.gives.includes(each)),
  )
  return [...new Set(given)]
}

/** Own roles with those that are given, each once, in their order. */
export function withGiven(own: readonly string[], given: readonly string[]): string[] {
  return [...new Set([...own, ...given])]
}

/** What somebody asks for under these, besides what others asked for under theirs. */
export function underGlass(
  ids: readonly string[] | undefined,
  actor: Actor,
  before: readonly UnderGlass[] = [],
): { glass: UnderGlass[] } | Record<string, never> {
  const mine = (ids ?? []).map((id) => ({ id, by: idOf(actor) }))
  const all = [...before, ...mine.filter(({ id }) => !before.some((each) => each.id === id))]
  return all.length > 0 ? { glass: all } : {}
}

/** Several ids in the one field of an audit line. */
export function idsText(...ids: readonly (readonly string[] | undefined)[]): string {
  return [...new Set(ids.flatMap((each) => each ?? []))].join(' ')
}
