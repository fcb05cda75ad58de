import { z } from 'zod'
import { name } from './words.ts'

const login = z
  .string()
  .regex(/^(@[\w.-]+|[^\s@]+@[^\s@]+)$/, { error: 'expected @user or an address, as in CODEOWNERS' })
const team = z.string().regex(/^@[\w.-]+\/[\w.-]+$/, { error: 'expected @organization/team, as in CODEOWNERS' })
const user = z.string().regex(/^[UW][A-Z0-9]+$/, { error: 'expected a Slack user id (U01ALICE)' })

/** Who the owners of CODEOWNERS files are here. `@slack:U01ALICE` in such a file needs no entry. */
export const codeownersSettings = z.strictObject({
  teams: z.record(team, name).default({}),
  users: z.record(login, user).default({}),
})

/** Roles that teams stand for have to be there. */
export function checkCodeowners(
  { codeowners, roles }: { codeowners?: z.infer<typeof codeownersSettings> | undefined; roles: object },
  context: z.RefinementCtx,
): void {
  for (const [team, role] of Object.entries(codeowners?.teams ?? {}))
    if (!Object.hasOwn(roles, role))
      context.addIssue({
        code: 'custom',
        path: ['codeowners', 'teams', team],
        message: `names the role ${role}, which is not under roles`,
      })
}
