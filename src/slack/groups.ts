import type { WebClient } from '@slack/web-api'
import type { Groups } from '../core/access.ts'
import type { Site } from '../core/site.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'

const KEPT_MS = 60_000

type Seen = { readonly users: ReadonlySet<string>; readonly at: number }
type Options = {
  readonly client: WebClient
  readonly site: Site
  readonly log: Log
  readonly now: () => number
  readonly save: (group: string, users: string[], at: number) => Promise<void>
  readonly forget: (group: string) => Promise<void>
}

/**
 * Members of the user groups that the site's roles name, asked of Slack and kept for a minute. A group that can not be looked up is
 * left out of the answer, which gives nobody its roles: no answer means no.
 */
export function createGroups({ client, site, log, now, save, forget }: Options): () => Promise<Groups> {
  const names = [...new Set(Object.values(site.roles).flatMap((role) => role.user_groups))]
  const seen = new Map<string, Seen>()

  async function lookUp(group: string): Promise<void> {
    if (now() - (seen.get(group)?.at ?? 0) < KEPT_MS) return
    seen.delete(group)
    try {
      const { users = [] } = await client.usergroups.users.list({ usergroup: group })
      seen.set(group, { users: new Set(users), at: now() })
      await save(group, users, now())
    } catch (error) {
      log.error({ group, error: messageOf(error) }, 'user group not looked up: it gives nobody a role')
      await forget(group).catch(() => {}) // with Redis away too: what it has lapses by itself
    }
  }

  return async () => {
    await Promise.all(names.map(lookUp))
    return new Map([...seen].map(([group, { users }]) => [group, users]))
  }
}
