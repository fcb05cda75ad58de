import { MOST_NOTES } from '../core/consul/watch.ts'
import { noteName, watchName } from '../engine/consul/watch-records.ts'
import type { Wish } from '../engine/outbox.ts'
import type { Importance } from './call.ts'
import { Later } from './call.ts'
import { fallback, put, tidy } from './deliver.ts'
import { watchMessage, watchNoteMessage } from './messages/watch.ts'
import type { PosterParts } from './parts.ts'

/** A reply waits this long for the message whose thread it belongs to, and for the reply before it. */
const PARENT_MS = 1_000
const BEFORE_MS = 200

/** A reply waits no longer than this for the one before it: that may never come. */
const IN_ORDER_MS = 5_000

/** Shows how a followed service stands, or one change of it. Gives the time when it has to be looked at again, or null. */
export async function showWatch(parts: PosterParts, wish: Wish): Promise<number | null> {
  const [kind, id = '', n = ''] = wish.name.split(':')
  return kind === 'consul-watch' ? showMain(parts, wish, id) : showNote(parts, wish, id, Number(n))
}

async function showMain(parts: PosterParts, wish: Wish, id: string): Promise<number | null> {
  const { store, site, outbox } = parts
  const watch = await store.watches.find(id)
  if (!watch) return null
  const channel = watch.channel ?? fallback(site)
  if (!channel) throw new Error('The site names no channel: give it `channels: { ops: C... }`.')
  const state = watch.ended ? 'over' : 'open'
  const importance: Importance = (await outbox.posted(wish.name))?.state === state ? 'state' : 'alert'
  return put(parts, wish, { message: watchMessage(watch), place: { channel }, importance, state })
}

async function showNote(parts: PosterParts, wish: Wish, id: string, n: number): Promise<number | null> {
  const { store, outbox, now } = parts
  if (await outbox.posted(wish.name)) return tidy(parts, wish)
  const watch = await store.watches.find(id)
  const note = watch?.notes.find((each) => each.n === n)
  if (!watch || !note) {
    await outbox.intend(wish, null)
    return null
  }
  const main = await outbox.posted(watchName(id))
  if (!main) throw new Later(PARENT_MS, 'alert')
  const before = n <= MOST_NOTES ? watch.notes.find((each) => each.n === n - 1) : undefined
  const waits = before && now() - before.at < IN_ORDER_MS
  if (waits && !(await outbox.posted(noteName(id, before.n)))) throw new Later(BEFORE_MS, 'alert')
  const place = { channel: main.channel, thread: main.ts }
  return put(parts, wish, { message: watchNoteMessage(watch, note), place, importance: 'alert' })
}
