import { mayEver, rolesOf } from '../../core/access.ts'
import { bareWords, longestMatch } from '../../core/command/catalog.ts'
import type { TriggerSettings } from '../../core/trigger/settings.ts'
import type { TriggerStanding } from '../../core/trigger/standing.ts'
import type { CrewParts } from '../parts.ts'

/** Every trigger of the site: what it may, and what became of what happened. */
export async function triggersOf(parts: CrewParts): Promise<TriggerStanding[]> {
  return Promise.all(Object.entries(parts.site.triggers).map(([name, settings]) => standing(parts, name, settings)))
}

async function standing(parts: CrewParts, name: string, settings: TriggerSettings): Promise<TriggerStanding> {
  const { site, store, catalog } = parts
  const notes = await store.triggers.of(name)
  // A trigger is in no group of Slack.
  const roles = rolesOf(site, { kind: 'trigger', name }, new Map())
  const entry = longestMatch(catalog, bareWords(settings.line))?.entry
  const { allow = [] } = entry?.command ?? {}
  const command = entry?.name ?? ''
  const fired = notes.fired.map(async (each) => ({ ...each, run: await store.execution(each.execution) }))
  return {
    ...notes,
    ...{ name, settings, roles },
    fired: await Promise.all(fired),
    may: { command, allowed: mayEver(site, roles, command, allow), roles: allow },
  }
}
