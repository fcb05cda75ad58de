import { createHash } from 'node:crypto'
import type { Site } from '../core/site.ts'
import type { Doubt, Posted, Wish } from '../engine/outbox.ts'
import { LeaseLost } from '../engine/outbox.ts'
import type { Importance } from './call.ts'
import { Later, make, spend } from './call.ts'
import { codeOf, faultOf, undone } from './faults.ts'
import { faultId, removeCopies } from './find.ts'
import type { Message } from './limits.ts'
import { cut } from './limits.ts'
import type { Place, Sent } from './once.ts'
import { rememberSent, sendOnce } from './once.ts'
import type { PosterParts } from './parts.ts'

/** `state`: which state of things the message shows; an edit that changes nothing of it is only progress. */
export type Wanted = {
  readonly message: Message
  readonly place: Place
  readonly importance: Importance
  readonly state?: string
}

/**
 * Posts or edits, if what is shown differs or is in doubt. A message that somebody deleted, or that Slack lost, is posted anew.
 * Gives the time when it has to be looked at again, or null.
 */
export async function put(parts: PosterParts, wish: Wish, wanted: Wanted): Promise<number | null> {
  const { outbox } = parts
  const before = await outbox.posted(wish.name)
  const doubt = await dueDoubt(parts, wish.name)
  if (!before) await post(parts, wish, wanted)
  else if (!(await stands(parts, wish, { before, wanted, doubt }))) {
    await outbox.forget(wish)
    await post(parts, wish, wanted)
  }
  return tidy(parts, wish, doubt)
}

/** Takes back what arrived late, when it is time for that. Gives the time when that is, or null. */
export async function tidy(parts: PosterParts, wish: Wish, due?: Doubt | null): Promise<number | null> {
  const { outbox } = parts
  const doubt = due === undefined ? await dueDoubt(parts, wish.name) : due
  const posted = doubt?.intent ? await outbox.posted(wish.name) : null
  if (doubt?.intent && posted) await removeCopies(parts, wish, posted, doubt.intent)
  if (doubt) await outbox.trust(wish.name, doubt)
  return (await outbox.doubt(wish.name))?.until ?? null
}

async function dueDoubt({ outbox, now }: PosterParts, name: string): Promise<Doubt | null> {
  const doubt = await outbox.doubt(name)
  return doubt && doubt.until <= now() ? doubt : null
}

type Standing = { readonly before: Posted; readonly wanted: Wanted; readonly doubt: Doubt | null }

/** False: it is gone. */
async function stands(parts: PosterParts, wish: Wish, standing: Standing): Promise<boolean> {
  const { before, wanted, doubt } = standing
  const digest = digestOf(wanted.message)
  if (before.digest !== digest || doubt?.edit) return edit(parts, wish, { ...standing, digest })
  if (!doubt?.look) return true
  const { channel, ts } = before
  // Not known is not gone: it is looked for again soon.
  return existing(() => parts.clients.lookups.chat.getPermalink({ channel, message_ts: ts })).catch(() => true)
}

const GONE = ['message_not_found', 'cant_update_message', 'channel_not_found', 'is_inactive']

async function existing(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (GONE.includes(codeOf(error))) return false
    throw error
  }
}

async function edit(
  parts: PosterParts,
  wish: Wish,
  { before, wanted, digest }: Standing & { digest: string },
): Promise<boolean> {
  const { channel, ts } = before
  const { importance, state } = wanted
  const call = { method: 'chat.update', channel, importance } as const
  await spend(parts, call)
  // Whoever was so slow that somebody else took over stops here.
  await parts.outbox.hold(wish)
  await parts.outbox.edits(wish, before)
  const update = (message: Message) =>
    make(parts, call, () => parts.clients.edits.chat.update({ channel, ts, ...message }))
  try {
    if (!(await existing(() => orPlain(parts, wish, wanted.message, update)))) return false
    await parts.outbox.remember(wish, { channel, ts, digest, ...(state === undefined ? {} : { state }) })
    return true
  } catch (error) {
    if (!(error instanceof Later)) await doubtEdit(parts, wish.name, error)
    throw error
  }
}

/** An edit that was given up may yet arrive, and one that came too late has: over what somebody else showed meanwhile. */
async function doubtEdit({ outbox, now, pace }: PosterParts, name: string, error: unknown): Promise<void> {
  if (error instanceof LeaseLost) await outbox.distrust(name, { until: now(), edit: true })
  else if (!undone(error)) await outbox.distrust(name, { until: now() + pace.doubt, edit: true })
}

const CLOSED = ['not_in_channel', 'channel_not_found', 'is_archived', 'restricted_action', 'no_permission']
const NO_THREAD = ['thread_not_found', 'cannot_reply_to_message', 'restricted_action_thread_locked']

/** Where the bot may not speak, it speaks in the channel for operations instead: no answer is lost because nobody invited it. */
async function post(parts: PosterParts, wish: Wish, wanted: Wanted): Promise<void> {
  const sent = await say(parts, wish, wanted).catch((error: unknown) => {
    const { channel, thread } = wanted.place
    const other = fallback(parts.site)
    if (thread && NO_THREAD.includes(codeOf(error))) return say(parts, wish, { ...wanted, place: { channel } })
    if (!CLOSED.includes(codeOf(error)) || !other || other === channel) throw error
    return say(parts, wish, { ...wanted, place: { channel: other } })
  })
  const { channel, ts, found } = sent
  const { state } = wanted
  const digest = found ? '' : digestOf(wanted.message)
  await rememberSent(parts, wish, { channel, ts, digest, ...(state === undefined || found ? {} : { state }) })
  if (found) await put(parts, wish, wanted)
}

async function say(parts: PosterParts, wish: Wish, { message, place, importance }: Wanted): Promise<Sent> {
  const { channel, thread } = place
  const attempt = (said: Partial<Message> & { text: string }, mark: string) => {
    const send = async () => {
      const answer = await parts.clients.posts.chat.postMessage({
        channel,
        ...said,
        ...(thread ? { thread_ts: thread } : {}),
        unfurl_links: false,
      })
      return { channel: answer.channel ?? channel, ts: answer.ts ?? '' }
    }
    return sendOnce(parts, wish, { place, mark, method: 'chat.postMessage', importance, send })
  }
  return orPlain(parts, wish, message, (said, id) =>
    attempt(id ? { text: said.text } : said, id ?? said.blocks[0]?.block_id ?? wish.name),
  )
}

/** What Slack refuses to show as it is, and always will, is said in plain words: the state, and an id that is in the log. */
async function orPlain<T>(
  { log, random }: PosterParts,
  { name }: Wish,
  message: Message,
  work: (message: Message, id?: string) => Promise<T>,
): Promise<T> {
  try {
    return await work(message)
  } catch (error) {
    if (faultOf(error).kind !== 'unfit') throw error
    const id = faultId(random)
    log.error({ message: name, code: codeOf(error), id, refused: message }, 'message refused, said in plain words')
    return work({ text: `${cut(message.text, 1000)}\n(Slack refused the full message; error ${id})`, blocks: [] }, id)
  }
}

/** The channel for operations, or the first that the site names. */
export function fallback(site: Site): string | undefined {
  return site.channels.ops ?? Object.values(site.channels)[0]
}

/** `block_id`s are new in every version; they alone make no difference to what is shown. */
function digestOf({ text, blocks }: Message): string {
  const shown = JSON.stringify([text, blocks], (key, value: unknown) => (key === 'block_id' ? undefined : value))
  return createHash('sha256').update(shown).digest('hex')
}
