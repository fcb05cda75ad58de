import { distance } from 'fastest-levenshtein'
import { idOf } from '../../core/actor.ts'
import type { AlertGroup, AlertSettings } from '../../core/alert.ts'
import type { AuditEntry, AuditKind } from '../../core/audit.ts'
import { shown } from '../../core/text.ts'
import type { Asked } from '../../core/workflow.ts'
import { UserError } from '../../errors.ts'
import type { CrewParts } from '../parts.ts'

/** A conflict means that somebody else moved first; each try reads anew. */
export const MOST_TRIES = 50
export const MOST_SEARCHED = 2_000

/** By its id, or a beginning of it that fits only one. Throws a `UserError` with near ones. */
export async function findGroup({ store }: CrewParts, typed: string): Promise<AlertGroup> {
  const wanted = typed.trim().toLowerCase()
  const exactly = await store.alerts.group(wanted)
  if (exactly) return exactly
  const ids = await store.alerts.ids(MOST_SEARCHED)
  const starting = wanted.length >= 3 ? ids.filter((id) => id.startsWith(wanted)) : []
  const [only] = starting
  const found = only !== undefined && starting.length === 1 ? await store.alerts.group(only) : null
  if (found) return found
  const near = starting.length > 0 ? starting : ids.filter((id) => distance(id, wanted) <= 2)
  const names = near.slice(0, 3).map((id) => `\`${id}\``)
  const hint = names.length > 0 ? `Did you mean ${names.join(' or ')}?` : 'See `alerts list`, or `alerts list --all`.'
  throw new UserError(`There is no alert ${shown(typed)}. ${hint}`)
}

/** What is recorded of a deed. */
export function recordOf({ actor, channel }: Asked, kind: AuditKind, what: string): AuditEntry {
  return { kind, who: idOf(actor), what, ...(channel ? { channel } : {}) }
}

/** Throws a `UserError` where the site has no alerts. */
export function settingsOf({ site }: CrewParts): AlertSettings {
  if (site.alerts) return site.alerts
  throw new UserError('This site has no alerts: give groundcrew.yml a section `alerts`; docs/alerts.md says how.')
}
