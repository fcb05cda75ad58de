import { idOf, nameOf } from '../core/actor.ts'
import { rolesText } from '../core/judgment.ts'
import type { Schedule } from '../core/schedule.ts'
import type { Site } from '../core/site.ts'
import { approversOf } from '../core/target.ts'
import type { Asked } from '../core/workflow.ts'
import { UserError } from '../errors.ts'

/** Why somebody may not change a schedule, or null: its owner may, and whoever approves what it does. */
export function refusalToChange(site: Site, schedule: Schedule, { actor, roles }: Asked): string | null {
  const { id, owner, environment } = schedule
  if (idOf(actor) === idOf(owner)) return null
  const approvers = approversHere(site, environment)
  if (approvers.some((role) => roles.includes(role))) return null
  return `\`${id}\` belongs to ${nameOf(owner)}. Only its owner and ${rolesText(approvers) || 'an approver'} may change it.`
}

/** The approvers of what it works on; of everything where it works on nothing, or that is gone from the site. */
function approversHere(site: Site, environment: string | null): readonly string[] {
  try {
    const own = approversOf(site, environment)
    if (own.length > 0) return own
  } catch (error) {
    if (!(error instanceof UserError)) throw error
  }
  return [...new Set(Object.values(site.environments).flatMap(({ approvers }) => approvers))]
}
