import type { Site } from '../../../src/core/site.ts'
import { siteSchema } from '../../../src/core/site.ts'
import { written } from '../sample-site.ts'

/** The site of the tests, with other members of its approvers. */
export function settingsOf({ approvers }: { approvers: string[] }): Site {
  const roles = { ...written.roles, approvers: { ...written.roles.approvers, members: approvers } }
  return siteSchema.parse({ ...written, roles })
}
