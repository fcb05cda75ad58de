import { createHash } from 'node:crypto'
import type { HomeView } from '@slack/types'
import type { Actor } from '../core/actor.ts'
import type { Homes } from '../engine/homes.ts'
import { messageOf } from '../errors.ts'
import type { Desk } from './desk.ts'
import type { HomeData } from './home.ts'
import { homeView, readHomeData } from './home.ts'

/** Several changes shortly after each other are shown at once. */
const DEBOUNCE_MS = 1_500
/** Ages that a home shows grow by themselves: only by so much is that a change. */
const AGE_STEP_MS = 10 * 60_000

export type HomeParts = {
  readonly desk: Desk
  readonly homes: Homes
  publish(user: string, view: HomeView): Promise<void>
}

/** Keeps the homes that people opened lately up to date: each is drawn anew when something happened, and sent where it is another one. */
export function createHomeWatch({ desk, homes, publish }: HomeParts) {
  const { parts, log } = desk
  let timer: NodeJS.Timeout | null = null
  let working: Promise<void> = Promise.resolve()

  const actorOf = (user: string): Actor => ({ kind: 'slack', team: parts.site.slack.team, user })

  /** What it shows, as a text that ages alone do not change. */
  const digestOf = async (user: string, data: HomeData) => {
    const step = Math.floor(parts.now() / AGE_STEP_MS) * AGE_STEP_MS
    const view = await homeView(desk, actorOf(user), data, step)
    return createHash('sha256').update(JSON.stringify(view)).digest('base64url')
  }

  async function refresh(): Promise<void> {
    const people = await homes.people()
    if (people.length === 0) return
    const data = await readHomeData(desk)
    for (const user of people) {
      const digest = await digestOf(user, data)
      if (!(await homes.isNew(user, digest))) continue
      await publish(user, await homeView(desk, actorOf(user), data)).catch(async (error: unknown) => {
        log.warn({ error: messageOf(error) }, 'home not shown, it is tried again with the next change')
        await homes.forget(user)
      })
    }
  }

  return {
    /** Somebody of this workspace opened his, which was just shown. */
    async opened(actor: Actor): Promise<void> {
      if (actor.kind !== 'slack' || actor.team !== parts.site.slack.team) return
      await homes.opened(actor.user, await digestOf(actor.user, await readHomeData(desk)))
    },
    /** Something changed. */
    kick(): void {
      timer ??= setTimeout(() => {
        timer = null
        working = working
          .then(refresh)
          .catch((error: unknown) => log.warn({ error: messageOf(error) }, 'homes not looked at'))
      }, DEBOUNCE_MS)
    },
    async stop(): Promise<void> {
      if (timer) clearTimeout(timer)
      await working
    },
  }
}

export type HomeWatch = ReturnType<typeof createHomeWatch>
