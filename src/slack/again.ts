import type { Wish } from '../engine/outbox.ts'
import { LeaseLost } from '../engine/outbox.ts'
import { messageOf, UserError } from '../errors.ts'
import { Later } from './call.ts'
import { faultOf } from './faults.ts'
import type { PosterParts } from './parts.ts'

/** A file is no result: one that Slack refuses so often is left out. Its execution's message says the rest. */
const MOST_TRIES_OF_FILES = 100

/** An outage is nobody's no, however long it lasts: of its tries no more than these are counted. */
const MOST_COUNTED = 20
const MOST_AUTH = 10

/** When what could not be shown is tried again. */
export function createRetry(parts: PosterParts) {
  const { outbox, log, now, random, pace } = parts
  let refusedTokens = 0
  let quietUntil = 0

  /** Half of it for sure, the rest by chance. */
  const jittered = (ms: number) => Math.ceil(ms * (0.5 + random() / 2))
  const doubled = (first: number, times: number, most: number) => Math.min(first * 2 ** Math.min(times, 30), most)

  /** Nothing works with this token: nothing is tried for a while, by this bot. */
  function rest(code: string): number {
    if (!quiet()) {
      const wait = doubled(pace.auth, refusedTokens++, pace.auth * MOST_AUTH)
      quietUntil = now() + wait
      log.error({ code, wait }, 'Slack refuses the token; nothing can be posted. Check SLACK_BOT_TOKEN and the app')
    }
    return quietUntil - now()
  }

  const quiet = () => now() < quietUntil

  async function failure(wish: Wish, error: unknown): Promise<number> {
    const fault = faultOf(error)
    if (fault.kind === 'auth') return rest(fault.code)
    // What it should show is gone, or does not open: it never will.
    if (error instanceof UserError && wish.lane === 'files') return Number.POSITIVE_INFINITY
    const refused = fault.kind === 'refused' || fault.kind === 'unfit'
    const tries = await outbox.failed(wish)
    if (!refused && tries > MOST_COUNTED) await outbox.failed(wish, -1)
    const most = refused ? pace.refused : pace.most
    const wait = jittered(doubled(pace.first, tries - 1, most))
    log.warn({ message: wish.name, error: messageOf(error), fault: fault.kind, tries, wait }, 'message not shown yet')
    return refused && wish.lane === 'files' && tries >= MOST_TRIES_OF_FILES ? Number.POSITIVE_INFINITY : wait
  }

  return {
    quiet,
    /** A call worked: the token is good. */
    worked(): void {
      refusedTokens = 0
    },
    /** Puts it off, and gives the milliseconds until it is tried again. */
    async later(wish: Wish, error: unknown): Promise<number> {
      if (error instanceof LeaseLost) {
        log.info({ message: wish.name }, 'somebody else shows it')
        return pace.first
      }
      const limited = error instanceof Later
      const wait = limited ? error.wait : await failure(wish, error)
      if (wait === Number.POSITIVE_INFINITY) {
        log.error({ message: wish.name, error: messageOf(error) }, 'file left out')
        await outbox.settle(wish)
        return pace.most
      }
      const progress = limited && ['progress', 'detail'].includes(error.importance)
      await outbox.postpone(wish, now() + wait, { progress })
      return wait
    },
  }
}
