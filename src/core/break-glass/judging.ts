import type { Actor } from '../actor.ts'
import { nameOf } from '../actor.ts'
import type { Gate } from '../judgment.ts'
import { refusalToJudge, rolesText } from '../judgment.ts'
import type { UnderGlass } from './glass.ts'

/** `own`: the roles that somebody has without break glass; `roles`: with it. */
export type RolesOf = { readonly roles: readonly string[]; readonly own: readonly string[] }

type AskedFor = Pick<Gate, 'askers'> & { readonly glass?: readonly UnderGlass[] }

/**
 * What was asked for under break glass is approved only by somebody who has the role himself: two who raise their rights are still one team.
 * So is what nobody in Slack asked for: from a shell, or by a commit, it may have been the same person who raised his rights to approve it.
 */
export function rolesToJudge(asked: AskedFor, { roles, own }: RolesOf) {
  return isUnderGlass(asked) || !isBySomebodyKnown(asked) ? own : roles
}

/** Why this person may not judge what was asked for so, or null when he may. */
export function refusalToJudgeWith(asked: Gate & AskedFor, actor: Actor, rights: RolesOf): string | null {
  const refusal = refusalToJudge(asked, actor, rolesToJudge(asked, rights))
  if (!refusal || refusalToJudge(asked, actor, rights.roles)) return refusal
  const ids = (asked.glass ?? []).map(({ id }) => `\`${id}\``).join(', ')
  const why = isUnderGlass(asked)
    ? `It was asked for under break glass (${ids})`
    : 'It is not known which person in Slack asked for it'
  return `${why}, so that only somebody who has ${rolesText(asked.approvers)} himself may judge it; ${nameOf(actor)} has it by break glass.`
}

function isUnderGlass({ glass = [] }: AskedFor): boolean {
  return glass.length > 0
}

/** What acts by itself acts for those who stand beside it; somebody has to, and all of them as people in Slack. */
function isBySomebodyKnown({ askers }: AskedFor): boolean {
  const people = askers.filter((id) => !/^(schedule|lifetime|webhook|trigger|breakglass):/.test(id))
  return people.length > 0 && people.every((id) => /^[^:/]+\/[^:/]+$/.test(id))
}
