import { WebClient } from '@slack/web-api'
import type { Wish } from '../engine/outbox.ts'
import { messageOf } from '../errors.ts'
import type { PosterParts } from './deliver.ts'
import { show } from './show.ts'

/** A client that tells us of every limit at once: waiting is the poster's business, which knows what may wait. */
export function postingClient(token: string, slackApiUrl: string): WebClient {
  return new WebClient(token, {
    slackApiUrl,
    timeout: 10_000,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  })
}

const AT_ONCE = 8
const LOOK_EVERY_MS = 1_000
const LATER_MS = 1_000

/**
 * Keeps Slack showing what is stored. It is driven by state, not by events: a name on the outbox means "look at this again", the
 * latest state is drawn, and it is taken off only if nothing changed meanwhile. After an outage everything catches up by itself.
 */
export function createPoster(parts: PosterParts) {
  const { outbox, log } = parts
  let working: Promise<void> | null = null
  let kicked = false

  async function work(): Promise<void> {
    do {
      kicked = false
      const wishes = (await outbox.claim(AT_ONCE)).sort((a, b) => rank(a.name) - rank(b.name))
      await Promise.all(wishes.map(fulfil))
      if (wishes.length === AT_ONCE) kicked = true
    } while (kicked)
  }

  async function fulfil(wish: Wish): Promise<void> {
    try {
      const again = await outbox.hold(wish, () => show(parts, wish.name))
      await (again ? outbox.postpone(wish, parts.now() + LATER_MS) : outbox.settle(wish))
    } catch (error) {
      const wait = waitOf(error)
      log.warn({ message: wish.name, error: messageOf(error), wait }, 'message not shown yet')
      await outbox.postpone(wish, parts.now() + wait)
    }
  }

  function kick(): void {
    kicked = true
    working ??= work()
      .catch((error) => log.warn({ error: messageOf(error) }, 'outbox not read'))
      .finally(() => {
        working = null
      })
  }

  const timer = setInterval(kick, LOOK_EVERY_MS)
  return {
    kick,
    /** Slack forgets nothing, but a fresh local-slack does: every open message is looked at again. */
    async openAnew(): Promise<void> {
      for (const { id } of await parts.store.list({ limit: 1000, open: true })) {
        const name = `execution:${id}`
        const before = await outbox.posted(name)
        if (before) await outbox.remember(name, { ...before, digest: 'look again' })
        await outbox.want(name)
      }
    },
    async stop() {
      clearInterval(timer)
      await working
    },
  }
}

/** People's results before everything else, files last. */
function rank(name: string): number {
  return ['closing', 'warning', 'execution', 'file'].indexOf(name.split(':')[0] ?? '')
}

/** As long as Slack says, or a few seconds. */
function waitOf(error: unknown): number {
  const { retryAfter } = error as { retryAfter?: number }
  return typeof retryAfter === 'number' ? retryAfter * 1000 : 3_000
}
