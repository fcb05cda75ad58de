import { watchName } from '../engine/consul/watch-records.ts'
import type { Lane, Wish } from '../engine/outbox.ts'
import { messageOf } from '../errors.ts'
import { createRetry } from './again.ts'
import type { Pace, PosterParts } from './parts.ts'
import { usual } from './parts.ts'
import { createPermalinks } from './permalinks.ts'
import { show } from './show.ts'

export { createClients } from './clients.ts'

/** How many calls of each kind are under way at once. */
const ROOM: Readonly<Record<Lane, number>> = { posts: 8, edits: 8, files: 2 }
const LOOK_EVERY_MS = 1_000
const MOST_OPEN = 1_000

type Given = Omit<PosterParts, 'permalink' | 'pace' | 'unreadable'> & { readonly pace?: Partial<Pace> }

/**
 * Keeps Slack showing what is stored. It is driven by state, not by events: a name on the outbox means "look at this again", the
 * latest state is drawn, and it is taken off only if nothing changed meanwhile. After an outage everything catches up by itself.
 */
export function createPoster(given: Given) {
  const pace = { ...usual, ...given.pace }
  const permalink = createPermalinks(given.clients.lookups, given.now)
  const parts: PosterParts = { ...given, pace, permalink, unreadable: new Set() }
  const { outbox, log } = parts
  const retry = createRetry(parts)
  const busy: Record<Lane, number> = { posts: 0, edits: 0, files: 0 }
  const running = new Set<Promise<void>>()
  let filling: Promise<void> | null = null
  let kicked = false
  let stopped = false

  async function fill(): Promise<void> {
    do {
      kicked = false
      if (stopped || retry.quiet()) return
      const room = roomBeside(busy)
      const wishes = await outbox.claim(room.posts + room.edits + room.files, room)
      for (const wish of wishes) begin(wish)
    } while (kicked)
  }

  function begin(wish: Wish): void {
    busy[wish.lane]++
    const work = fulfil(wish)
      .catch((error: unknown) => log.warn({ message: wish.name, error: messageOf(error) }, 'outbox not written'))
      .finally(() => {
        busy[wish.lane]--
        running.delete(work)
        kick()
      })
    running.add(work)
  }

  async function fulfil(wish: Wish): Promise<void> {
    try {
      const at = await outbox.keep(wish, () => show(parts, wish))
      await (at === null ? outbox.settle(wish) : outbox.postpone(wish, at, { progress: true }))
      retry.worked()
    } catch (error) {
      const wait = await retry.later(wish, error)
      if (wait < LOOK_EVERY_MS) setTimeout(kick, wait).unref()
    }
  }

  function kick(): void {
    kicked = true
    if (stopped) return
    filling ??= fill()
      .catch((error) => log.warn({ error: messageOf(error) }, 'outbox not read'))
      .finally(() => {
        filling = null
      })
  }

  /** Open messages that somebody deleted, or that a fresh local-slack forgot, are posted anew; whatever else is due comes before. */
  async function look(): Promise<void> {
    for (const { id } of await parts.store.list({ limit: MOST_OPEN, open: true })) {
      await outbox.distrust(`execution:${id}`, { until: parts.now() + 1, look: true })
    }
    for (const { id, shownAt } of await parts.store.alerts.open()) {
      if (shownAt !== null) await outbox.distrust(`alert:${id}`, { until: parts.now() + 1, look: true })
    }
    for (const { id } of await parts.store.watches.open()) {
      await outbox.distrust(watchName(id), { until: parts.now() + 1, look: true })
    }
    for (const { id, announce } of (await parts.store.glasses.look()).glasses) {
      for (const channel of announce)
        await outbox.distrust(`glass:${id}:${channel}`, { until: parts.now() + 1, look: true })
    }
  }

  /** One bot looks for all. */
  async function lookInTurn(): Promise<void> {
    if (await outbox.turn('look', pace.look * 0.9)) await look()
  }

  const timers = [
    setInterval(kick, LOOK_EVERY_MS),
    setInterval(
      () => void lookInTurn().catch((error) => log.warn({ error: messageOf(error) }, 'not looked')),
      pace.look,
    ),
  ]
  return {
    kick,
    /** At the start of a bot: every open message is looked at again, in case it is drawn otherwise now, or gone. Redis may go away just then. */
    openAnew: () => look().catch((error) => log.warn({ error: messageOf(error) }, 'not looked, it is done in turn')),
    async stop() {
      stopped = true
      for (const timer of timers) clearInterval(timer)
      await filling
      let patience: NodeJS.Timeout | undefined
      const enough = new Promise((resolve) => {
        patience = setTimeout(resolve, pace.stop)
      })
      await Promise.race([Promise.all(running), enough])
      clearTimeout(patience)
    },
  }
}

function roomBeside(busy: Readonly<Record<Lane, number>>): Record<Lane, number> {
  const { posts, edits, files } = ROOM
  return { posts: posts - busy.posts, edits: edits - busy.edits, files: files - busy.files }
}
