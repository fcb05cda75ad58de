import { idOf } from '../actor.ts'
import type { Execution, StageRun } from '../execution.ts'
import { digestOf } from '../settle.ts'
import type { Site } from '../site.ts'
import { approvalsOf, asApproval, standingOf } from './count.ts'
import { delegatedBy } from './delegate.ts'
import { ownersOf } from './owners.ts'
import { approversIn, requirementOf } from './settings.ts'

/** More people than these are not mentioned one by one. */
const MOST_NAMES = 10

/**
 * Slack ids of those whom a reminder mentions: the user groups of the roles that are still missing; the members of a role that has no
 * group. Never who asked, who handed it over, or who approved already, but where people chose differently: they can agree.
 */
export function remindedOf(site: Site, execution: Execution, stage: StageRun): string[] {
  const given = approvalsOf(execution.judgments, stage.id, digestOf(execution, stage))
  const { groups } = standingOf(requirementOf(stage.input), given.map(asApproval))
  const approvers = approversIn(stage.input)
  const owners = ownersOf(execution, stage)
  const own = owners && typeof owners !== 'string' ? owners : null
  const names = groups.length > 0 ? groups.map(({ role }) => role) : (own?.roles ?? approvers)
  const roles = names.flatMap((name) => (Object.hasOwn(site.roles, name) ? (site.roles[name] ?? []) : []))
  const agree = new Set(given.map(({ choice }) => choice)).size <= 1
  const done = new Set([...execution.askers, ...(agree ? given.map(({ by }) => idOf(by)) : [])])
  const free = (user: string) => {
    const actor = { kind: 'slack', team: site.slack.team, user } as const
    return !done.has(idOf(actor)) && !delegatedBy(execution, stage, actor)
  }
  const members = roles
    .filter(({ user_groups }) => user_groups.length === 0)
    .flatMap(({ members }) => members.map((member) => member.replace(`${site.slack.team}/`, '')))
    .filter((member) => /^[UW][A-Z0-9]+$/.test(member) && free(member))
  const handed = (execution.delegations ?? [])
    .filter(({ stage: id, attempt, to }) => id === stage.id && attempt === stage.attempt && !done.has(idOf(to)))
    .flatMap(({ to }) => (to.kind === 'slack' ? [to.user] : []))
  const owning = (own?.people ?? []).filter((id) => !done.has(id)).map((id) => id.slice(id.indexOf('/') + 1))
  const people = [...new Set([...members, ...owning, ...handed])]
  return [...new Set(roles.flatMap(({ user_groups }) => user_groups)), ...people.slice(0, MOST_NAMES)]
}
