import { setTimeout as sleep } from 'node:timers/promises'
import type { WebClient } from '@slack/web-api'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'

const KEPT_MS = 3_600_000
/** Slack is away, or the app was installed without `users:read`: asked again after so long. */
const AGAIN_MS = 60_000
/** A page waits no longer for names; they are there at its next drawing. */
const WAIT_MS = 1_000
const MOST = 1_000
/** As Slack has names of people, so that none of them is markup or a sentence. */
const NAME = /^[\p{L}\p{N}._-]{1,80}$/u

export type Names = (users: Iterable<string>) => Promise<ReadonlyMap<string, string>>

type Options = { readonly client: WebClient; readonly log: Log; readonly now: () => number }
type Known = { readonly name: string | null; readonly until: number }

/**
 * What people are called in Slack, by their ids: the name that is unique in a workspace, not the one that anybody gives himself. Who cannot be
 * looked up is not in the answer. Never throws.
 */
export function createNames({ client, log, now }: Options): Names {
  const known = new Map<string, Known>()
  const asked = new Map<string, Promise<void>>()
  let failed = false

  async function lookUp(user: string): Promise<void> {
    try {
      const { user: found } = await client.users.info({ user })
      remember(user, found?.name && NAME.test(found.name) ? found.name : null, KEPT_MS)
      failed = false
    } catch (error) {
      if (!failed) log.warn({ error: messageOf(error) }, 'names of people not looked up: pages have their ids')
      failed = true
      remember(user, known.get(user)?.name ?? null, AGAIN_MS)
    }
  }

  function remember(user: string, name: string | null, lasts: number): void {
    known.delete(user)
    known.set(user, { name, until: now() + lasts })
    for (const oldest of known.keys()) {
      if (known.size <= MOST) break
      known.delete(oldest)
    }
  }

  function ask(user: string): Promise<void> {
    const looking = asked.get(user) ?? lookUp(user).finally(() => asked.delete(user))
    asked.set(user, looking)
    return looking
  }

  return async (users) => {
    const wanted = [...new Set(users)].slice(0, MOST)
    const old = wanted.filter((user) => now() >= (known.get(user)?.until ?? 0))
    if (old.length > 0) await Promise.race([Promise.all(old.map(ask)), sleep(WAIT_MS, undefined, { ref: false })])
    return new Map(
      wanted.flatMap((user) => {
        const name = known.get(user)?.name
        return name ? [[user, name] as const] : []
      }),
    )
  }
}
