import { UserError } from '../../errors.ts'
import { rolesText } from '../judgment.ts'
import type { Site } from '../site.ts'
import type { Requirement } from './settings.ts'

type Gate = { readonly site: Site; readonly approvers: readonly string[]; readonly name: string }

/**
 * Throws a `UserError` where nobody could ever fulfil what a judgment needs, and where a command asks people whom the site does not let
 * approve here: a command can only ask for more than the site does.
 */
export function checkRequirement({ count, groups }: Requirement, { site, approvers, name }: Gate): void {
  const roles = groups.map(({ role }) => role)
  const wrong = roles.find((role) => !approvers.includes(role))
  if (wrong !== undefined)
    throw new UserError(
      `This judgment needs \`${wrong}\`, which does not approve in ${name}. The site lets ${rolesText(approvers)} (\`approvers\` of ${name}).`,
    )
  if (new Set(roles).size !== roles.length) throw new UserError('This judgment names the same role in two groups.')
  const seats = groups.reduce((sum, group) => sum + group.count, 0)
  if (count < seats) throw new UserError(`This judgment asks for ${count} people, and its groups alone for ${seats}.`)
  for (const { role, count } of groups) checkEnough(site, [role], count)
  checkEnough(site, approvers, count)
}

/** Members of user groups are not known here, so that only roles without any can be counted. */
function checkEnough(site: Site, names: readonly string[], count: number): void {
  if (count <= 1) return
  const roles = names.flatMap((name) => site.roles[name] ?? [])
  if (roles.some(({ user_groups }) => user_groups.length > 0)) return
  const people = new Set(
    roles.flatMap(({ members }) => members.filter((member) => !/^(shell|webhook|trigger):/.test(member))),
  )
  if (people.size < count)
    throw new UserError(`This judgment needs ${count} people of ${rolesText(names)}, and the site has ${people.size}.`)
}
