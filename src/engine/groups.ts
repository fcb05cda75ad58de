import type { Redis } from 'ioredis'
import type { Groups } from '../core/access.ts'
import type { Keys } from './keys.ts'

/**
 * Bots ask Slack every minute and write what it said; workers, which do not speak with Slack, believe that until the next time should
 * have come, and then nobody is in the group.
 */
const BELIEVED_MS = 90_000

export async function writeGroup(
  redis: Redis,
  keys: Keys,
  group: string,
  users: readonly string[],
  at: number,
): Promise<void> {
  await redis.hset(keys.groups, group, JSON.stringify({ users, at }))
}

/** Slack could not say who is in it: from now on nobody is, for workers too. */
export async function forgetGroup(redis: Redis, keys: Keys, group: string): Promise<void> {
  await redis.hdel(keys.groups, group)
}

/** Members of the user groups as the bots last saw them; one that was not seen lately is left out, which gives nobody its roles. */
export async function readGroups(redis: Redis, keys: Keys, now: number): Promise<Groups> {
  const stored = await redis.hgetall(keys.groups)
  const groups = new Map<string, ReadonlySet<string>>()
  for (const [group, text] of Object.entries(stored)) {
    const { users, at } = JSON.parse(text) as { users: string[]; at: number }
    if (now - at <= BELIEVED_MS) groups.set(group, new Set(users))
  }
  return groups
}
