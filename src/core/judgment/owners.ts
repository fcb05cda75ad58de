import { z } from 'zod'
import type { Actor } from '../actor.ts'
import { idOf, nameOf, nameOfId } from '../actor.ts'
import type { Execution, StageRun } from '../execution.ts'
import { outputOf } from '../execution.ts'
import { rolesText } from '../judgment.ts'
import type { Fields } from '../workflow.ts'

/** Who is who in CODEOWNERS: teams by the role of this site, people by their id in Slack. Fixed when the execution is planned. */
export const ownerNames = z.strictObject({
  team: z.string(),
  teams: z.record(z.string(), z.string()),
  users: z.record(z.string(), z.string()),
})

/** The owners that the site knows: roles, and ids of people. */
export type Owners = { readonly path: string; readonly roles: readonly string[]; readonly people: readonly string[] }

const seen = z.looseObject({ owners: z.array(z.string()), ownersOf: z.string() })

export function needsOwner(input: Fields): boolean {
  return input.codeowners !== undefined
}

/** The owners of a judgment's stack, as its plan found them; a text says why there are none, and then nobody may approve. */
export function ownersOf(execution: Execution, stage: StageRun): Owners | string | null {
  if (!needsOwner(stage.input)) return null
  const names = ownerNames.safeParse(stage.input.codeowners).data
  const { show } = stage.input
  const plan = typeof show === 'string' ? outputOf(execution, show) : null
  const found = seen.safeParse(plan).data
  if (!names || !found) {
    const why = typeof plan?.ownersWhy === 'string' ? plan.ownersWhy : 'The plan found no CODEOWNERS file.'
    return `${why} Nobody could approve this.`
  }
  const roles = found.owners.flatMap((owner) => own(names.teams, owner) ?? [])
  const people = found.owners.flatMap((owner) => own(names.users, owner) ?? /^@slack:(.+)$/.exec(owner)?.[1] ?? [])
  if (roles.length + people.length > 0)
    return {
      path: found.ownersOf,
      roles: [...new Set(roles)],
      people: [...new Set(people.map((user) => `${names.team}/${user}`))],
    }
  const listed = found.owners.map((owner) => `\`${owner}\``).join(', ')
  const what = listed ? `names ${listed}, whom this site does not know (\`codeowners\`)` : 'names no owner'
  return `CODEOWNERS ${what} for \`${found.ownersOf}\`. Nobody could approve this.`
}

function own(names: Readonly<Record<string, string>>, owner: string): string | undefined {
  const found = Object.entries(names).find(([name]) => name.toLowerCase() === owner.toLowerCase())
  return found?.[1]
}

/** Why somebody who approves here may not judge this one, or null: he has to own the stack as well. */
export function refusalOfOwner(
  execution: Execution,
  stage: StageRun,
  actor: Actor,
  roles: readonly string[],
): string | null {
  const owners = ownersOf(execution, stage)
  if (owners === null) return null
  if (typeof owners === 'string') return owners
  if (owners.people.includes(idOf(actor)) || owners.roles.some((role) => roles.includes(role))) return null
  return `${nameOf(actor)} does not own \`${owners.path}\`: ${ownersText(owners)} may judge this (CODEOWNERS).`
}

export function ownersText({ roles, people }: Owners): string {
  return [...(roles.length > 0 ? [rolesText(roles)] : []), ...people.map(nameOfId)].join(', ')
}
