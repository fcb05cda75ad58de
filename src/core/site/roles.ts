import { z } from 'zod'
import { name } from './words.ts'

/**
 * `U01ALICE`, `T01TEAM/U01ALICE` (a person of another workspace), `shell:ann` or `shell:*` (who runs the CLI on this host),
 * `webhook:ci` (a webhook of this site), `trigger:ready` (one of its triggers).
 */
const member = z
  .string()
  .regex(/^((T[A-Z0-9]+\/)?[UW][A-Z0-9]+|shell:([a-z_][a-z0-9_-]*|\*)|(webhook|trigger):[a-z][a-z0-9_-]*)$/, {
    error: 'expected a Slack user id (U01ALICE, never a name), shell:<unix user>, webhook:<name> or trigger:<name>',
  })

/** What a role may do: commands by pattern (`loadtest *`), and where given only in these environments, with these values. */
export const permission = z.strictObject({
  commands: z.array(z.string().min(1)).min(1),
  environments: z.array(name).optional(),
  args: z.record(z.string(), z.array(z.string())).optional(),
})

export const role = z.strictObject({
  members: z.array(member).default([]),
  user_groups: z
    .array(z.string().regex(/^S[A-Z0-9]+$/, { error: 'expected the id of a Slack user group (S01ENG)' }))
    .default([]),
  may: z.array(permission).default([]),
})
