import type { Intent, Posted, Wish } from '../engine/outbox.ts'
import { LeaseLost } from '../engine/outbox.ts'
import type { Importance, Method } from './call.ts'
import { Later, make, spend } from './call.ts'
import { undone } from './faults.ts'
import { find, remove } from './find.ts'
import type { PosterParts } from './parts.ts'

/** Where a message is wanted, and in whose thread. */
export type Place = { readonly channel: string; readonly thread?: string }

/** Something that must stand there once. By its `mark` it is known again: it has to be in what `send` sends. */
export type Sending = {
  readonly place: Place
  readonly mark: string
  readonly method: Method
  readonly importance: Importance
  readonly send: () => Promise<{ readonly channel: string; readonly ts: string }>
}

/** `found`: an earlier try had arrived, so that what stands there may show an earlier state. */
export type Sent = { readonly channel: string; readonly ts: string; readonly found: boolean }

const MOST_MARKS = 30

/**
 * Sends, unless an earlier try arrived: that one is looked for first. What is about to be sent is stored before, so that whoever comes
 * after a crash knows what to look for.
 */
export async function sendOnce(parts: PosterParts, wish: Wish, sending: Sending): Promise<Sent> {
  const { outbox } = parts
  const earlier = await outbox.intent(wish.name)
  const [arrived] = (earlier && (await find(parts, earlier))) ?? []
  if (earlier && arrived) return { channel: earlier.channel, ts: arrived, found: true }
  const call = { method: sending.method, channel: sending.place.channel, importance: sending.importance }
  await spend(parts, call)
  await outbox.intend(wish, intentOf(sending, earlier, parts.now()))
  try {
    return { ...(await make(parts, call, sending.send)), found: false }
  } catch (error) {
    if (error instanceof Later || undone(error)) await outbox.intend(wish, earlier)
    throw error
  }
}

/** Remembers what stands there now. Whoever lost the name meanwhile takes his own copy back, if another stands for it. */
export async function rememberSent(parts: PosterParts, wish: Wish, posted: Posted): Promise<void> {
  const { outbox, pace } = parts
  const intent = await outbox.intent(wish.name)
  // Its first mark is of a try before this one: that may still arrive.
  if (intent && intent.marks.length > 1) {
    await outbox.distrust(wish.name, { until: parts.now() + pace.doubt, intent })
  }
  try {
    await outbox.remember(wish, posted)
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error
    const stands = await outbox.posted(wish.name)
    // A file is remembered by the message whose thread it is in.
    if (stands && stands.ts !== posted.ts && wish.lane !== 'files') await remove(parts, posted)
    else if (!stands && intent) await outbox.distrust(wish.name, { until: parts.now() + pace.doubt, intent })
    throw error
  }
}

/** Marks of earlier tries in the same place are kept: one of them may arrive late. */
function intentOf({ place, mark }: Sending, earlier: Intent | null, now: number): Intent {
  const same = earlier?.channel === place.channel && earlier.thread === place.thread
  const marks = [...(same ? earlier.marks : []), mark].slice(-MOST_MARKS)
  const { channel, thread } = place
  return { channel, ...(thread ? { thread } : {}), at: same ? earlier.at : now, marks }
}
