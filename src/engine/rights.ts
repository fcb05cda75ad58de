import { rolesOf } from '../core/access.ts'
import type { Actor } from '../core/actor.ts'
import { countingFor, isTurnedOn, rolesGiven, withGiven } from '../core/break-glass/glass.ts'
import type { Execution } from '../core/execution.ts'
import type { Lent } from '../core/recheck.ts'
import type { Asked } from '../core/workflow.ts'
import { unavailable } from './audit/unavailable.ts'
import type { CrewParts } from './parts.ts'
import type { Store } from './store.ts'

/** What somebody may be just now: his own roles, those with break glass, and the ids of what he holds of that. */
export type Rights = { readonly own: string[]; readonly roles: string[]; readonly glass: string[] }

/**
 * The roles of an actor as they are at this moment, by Slack's groups and by what Redis says that he holds. Only a person in Slack has any
 * by break glass: what runs by the clock has the rights that its owner has without it. Throws `AuditUnavailable` while Redis, which alone
 * knows, cannot be asked: nothing could be recorded then either.
 */
export async function rightsOf(
  { site, store, groups }: Pick<CrewParts, 'site' | 'store' | 'groups'>,
  actor: Actor,
): Promise<Rights> {
  const own = rolesOf(site, actor, await groups())
  if (actor.kind !== 'slack' || !isTurnedOn(site)) return { own, roles: own, glass: [] }
  const { glasses } = await store.glasses.look().catch((error: unknown) => {
    throw unavailable(error, '')
  })
  const mine = countingFor(site, actor, own, glasses)
  return { own, roles: withGiven(own, rolesGiven(site, mine)), glass: mine.map(({ id }) => id) }
}

/** The break glasses under which somebody does something, as an event has them: it counts only where they still hold when it is stored. */
export function underOf({ glass }: Pick<Asked, 'glass'>): { readonly glass?: readonly string[] } {
  return glass?.length ? { glass } : {}
}

/** What counts for a worker that is about to start a stage: the asker has to hold it now, and whoever judged held it when he did. */
export async function lentFor(
  { site, store }: { readonly site: CrewParts['site']; readonly store: Pick<Store, 'glasses'> },
  { judgments }: Execution,
): Promise<Lent> {
  if (!isTurnedOn(site)) return { asker: [], judges: [] }
  const ids = [...new Set(judgments.flatMap(({ glass = [] }) => glass))]
  const [{ glasses }, ...found] = await Promise.all([store.glasses.look(), ...ids.map((id) => store.glasses.find(id))])
  return { asker: glasses, judges: found.filter((each) => each !== null) }
}
