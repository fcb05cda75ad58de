import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'
import { CLAIM, FENCED, POSTPONE, SETTLE, TRUST, WANT } from './outbox-scripts.ts'

/** What Slack was last told under a name, and where it stands there. `state`: which state of things it showed, in a word. */
export type Posted = {
  readonly channel: string
  readonly ts: string
  readonly digest: string
  readonly state?: string
}

/**
 * Somebody is about to post under a name, or was when he died: where, since when, and by which marks (first block ids, titles of
 * files, ids of errors) a copy that arrived is known there.
 */
export type Intent = {
  readonly channel: string
  readonly thread?: string
  readonly at: number
  readonly marks: readonly string[]
}

/**
 * What has to be looked at again from a time on: `intent`, whether a copy arrived late; `edit`, whether a late edit went over a newer
 * one; `look`, whether somebody deleted it.
 */
export type Doubt = {
  readonly until: number
  readonly intent?: Intent
  readonly edit?: boolean
  readonly look?: boolean
}

/** Kinds of calls, each with room of its own. */
export type Lane = 'posts' | 'edits' | 'files'
export type Wish = { readonly name: string; readonly wanted: string; readonly lease: string; readonly lane: Lane }

/** Somebody else holds the name by now: nothing may be written about it any more. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

/** Whoever dies while he shows something keeps it from the others for this long at most. */
const LEASE_MS = 5_000
const HOLD_EVERY_MS = 1_000
/** A line of the audit is shown once and never again; where it stands is remembered for as long as it could be doubted. */
const AUDIT_LINE_MS = 7 * 24 * 3_600_000
const ROOM: Readonly<Record<Lane, number>> = { posts: 1_000, edits: 1_000, files: 1_000 }

/**
 * The messages whose state in Slack may differ from what is wanted. A name stands in it once, however often it changed: the latest
 * state wins. Whoever claims one holds it for a lease; who dies with it leaves it to the next, and whoever lost it writes no more.
 */
export function createOutbox(redis: Redis, keys: Keys, now: () => number) {
  const part = (name: string) => `${keys.outbox}:${name}`
  const [wanted, held, holders, progress] = [part('wanted'), part('held'), part('holders'), part('progress')]
  const [count, tries, intents, doubts] = [part('count'), part('tries'), part('intents'), part('doubts')]
  const since = keys.outboxSince

  async function fenced({ name, lease }: Wish, ...commands: readonly (string | number)[][]): Promise<void> {
    const done = await redis.eval(FENCED, 1, holders, name, lease, JSON.stringify(commands))
    if (done !== 1) throw new LeaseLost(`Somebody else shows ${name} by now.`)
  }
  const read = async <T>(hash: string, name: string) => parsed<T>(await redis.hget(hash, name))
  const hold = (wish: Wish) => fenced(wish, ['ZADD', held, now() + LEASE_MS, wish.name])

  async function want(name: string, at = now()): Promise<void> {
    const later = at > now() ? '1' : ''
    await redis.eval(WANT, 6, keys.outbox, wanted, keys.feed, count, progress, since, name, at, later)
  }

  return {
    /** `at`: not before then, so that progress is shown in steps and not line by line; it gives way to everything else. */
    want,
    async claim(limit: number, room = ROOM): Promise<Wish[]> {
      const names = [keys.outbox, wanted, held, holders, progress, count]
      const given = [now(), now() + LEASE_MS, limit, keys.message(''), room.posts, room.edits, room.files]
      const found = (await redis.eval(CLAIM, names.length, ...names, ...given)) as string[]
      return Array.from({ length: found.length / 4 }, (_, index) => wishOf(found.slice(index * 4)))
    },
    async settle({ name, lease, wanted: number }: Wish): Promise<void> {
      await redis.eval(SETTLE, 7, keys.outbox, wanted, held, holders, progress, tries, since, name, lease, number)
    },
    /** Keeps a claimed name from everybody else for as long as the work on it takes. */
    async keep<T>(wish: Wish, work: () => Promise<T>): Promise<T> {
      // Failing to say it once does no harm: the next second says it again; who lost it hears so before he writes.
      const timer = setInterval(() => void hold(wish).catch(() => {}), HOLD_EVERY_MS)
      try {
        return await work()
      } finally {
        clearInterval(timer)
      }
    },
    /** Throws `LeaseLost` where the name is somebody else's by now; else it is ours for another lease. */
    hold,
    /** It could not be shown now; it is tried again then. `progress`: as what gives way to everything else. */
    async postpone({ name, lease, wanted: number }: Wish, at: number, as: { progress?: boolean } = {}): Promise<void> {
      const given = [name, lease, number, at, as.progress ? '1' : '']
      await redis.eval(POSTPONE, 5, keys.outbox, wanted, held, holders, progress, ...given)
    },
    /** How often in a row it was tried in vain, this time included. */
    failed: ({ name }: Wish, more = 1): Promise<number> => redis.hincrby(tries, name, more),

    posted: async (name: string) => parsed<Posted>(await redis.get(keys.message(name))),
    async remember(wish: Wish, posted: Posted): Promise<void> {
      const { name } = wish
      const lapses = name.startsWith('audit:') ? ['PX', AUDIT_LINE_MS] : []
      const stored = ['SET', keys.message(name), JSON.stringify(posted), ...lapses]
      await fenced(wish, stored, ['HDEL', intents, name], ['HDEL', tries, name])
    },
    /**
     * An edit is about to be sent: from then on nobody knows what is shown, until the new one is remembered. Whoever comes after a crash
     * between the two edits again, also where the state went back to what was remembered before.
     */
    edits: (wish: Wish, posted: Posted) =>
      fenced(wish, ['SET', keys.message(wish.name), JSON.stringify({ ...posted, digest: '' })]),
    forget: (wish: Wish) => fenced(wish, ['DEL', keys.message(wish.name)]),

    intent: (name: string) => read<Intent>(intents, name),
    /** Stored before a post; null once it is known that nothing was posted. */
    async intend(wish: Wish, intent: Intent | null): Promise<void> {
      const { name } = wish
      const about = /^(?:file|reminder):([^:]+):/.exec(name)?.[1] ?? /^warning:(.+?)(?:-x\d+)?$/.exec(name)?.[1]
      const known = about ? [['SADD', keys.messagesOf(about), name]] : []
      if (intent) await fenced(wish, ['HSET', intents, name, JSON.stringify(intent)], ...known)
      else await fenced(wish, ['HDEL', intents, name])
    },

    doubt: (name: string) => read<Doubt>(doubts, name),
    /** May be told by anybody. It is added to what was doubted before. */
    async distrust(name: string, doubt: Doubt): Promise<void> {
      const before = await read<Doubt>(doubts, name)
      const until = Math.max(doubt.until, before?.until ?? 0)
      await redis.hset(doubts, name, JSON.stringify({ ...before, ...doubt, until }))
      await want(name, until)
    },
    async trust(name: string, doubt: Doubt): Promise<void> {
      await redis.eval(TRUST, 1, doubts, name, JSON.stringify(doubt))
    },
    /** True for one of all bots in so many milliseconds. */
    async turn(what: string, ms: number): Promise<boolean> {
      return (await redis.set(part(`turn:${what}`), '-', 'PX', ms, 'NX')) === 'OK'
    },
  }
}

export type Outbox = ReturnType<typeof createOutbox>

function wishOf([name = '', wanted = '0', lease = '', lane = 'edits']: string[]): Wish {
  return { name, wanted, lease, lane: lane as Lane }
}

function parsed<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T)
}
