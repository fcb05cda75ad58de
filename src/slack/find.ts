import type { Intent, Posted, Wish } from '../engine/outbox.ts'
import type { Importance, Method } from './call.ts'
import { make, spend } from './call.ts'
import { codeOf, faultOf } from './faults.ts'
import type { PosterParts } from './parts.ts'

const PAGE = 200
const MOST_PAGES = 10

/** Our clock and Slack's may differ by this much. */
const SKEW_MS = 5 * 60_000

type Seen = {
  readonly ts?: string
  readonly text?: string
  readonly blocks?: readonly { readonly block_id?: string }[]
  readonly files?: readonly { readonly title?: string | null }[]
}

/**
 * What arrived of a post whose answer was lost, oldest first, by its marks. Null: it can not be known, since the history of the
 * channel can not be read; then the promise is at least once.
 */
export async function find(
  parts: PosterParts,
  intent: Intent,
  importance: Importance = 'result',
): Promise<string[] | null> {
  const method = intent.thread ? 'conversations.replies' : 'conversations.history'
  const found: string[] = []
  let cursor: string | undefined
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await readPage(parts, intent, { method, importance, cursor })
    if (!answer) return null
    found.push(...answer.messages.filter((message) => isMarked(message, intent.marks)).map(({ ts = '' }) => ts))
    cursor = answer.next
    if (!cursor) return found.toSorted()
  }
  if (found.length > 0) return found.toSorted()
  return sayUnreadable(parts, intent.channel, `more than ${PAGE * MOST_PAGES} messages`)
}

type Page = { readonly messages: readonly Seen[]; readonly next: string | undefined }
type Reading = { readonly method: Method; readonly importance: Importance; readonly cursor: string | undefined }

async function readPage(parts: PosterParts, intent: Intent, reading: Reading): Promise<Page | null> {
  const { channel, thread } = intent
  const { method, importance, cursor } = reading
  const oldest = String((intent.at - SKEW_MS) / 1000)
  const given = { channel, oldest, limit: PAGE, ...(cursor ? { cursor } : {}) }
  const { conversations } = parts.clients.reads
  const call = { method, channel, importance }
  await spend(parts, call)
  try {
    const { messages = [], response_metadata } = await make(parts, call, () =>
      thread ? conversations.replies({ ...given, ts: thread }) : conversations.history(given),
    )
    return { messages, next: response_metadata?.next_cursor || undefined }
  } catch (error) {
    if (codeOf(error) === 'thread_not_found') return { messages: [], next: undefined }
    if (faultOf(error).kind !== 'refused' || codeOf(error) === '') throw error
    return sayUnreadable(parts, channel, codeOf(error))
  }
}

/** Once for each channel: it will not be otherwise the next time. */
function sayUnreadable({ log, unreadable }: PosterParts, channel: string, why: string): null {
  if (!unreadable.has(channel)) {
    log.warn({ channel, why }, 'history not readable: what was posted without an answer is posted again, at least once')
  }
  unreadable.add(channel)
  return null
}

function isMarked({ text = '', blocks = [], files = [] }: Seen, marks: readonly string[]): boolean {
  const id = blocks[0]?.block_id
  return marks.some(
    (mark) => mark === id || files.some(({ title }) => title === mark) || (isFaultId(mark) && text.includes(mark)),
  )
}

/** A message that Slack refused is posted without blocks; its mark is the id of the error, in its words. */
export const faultId = (random: () => number): string =>
  `E-${Math.floor(random() * 2 ** 40)
    .toString(36)
    .padStart(8, '0')}`

const isFaultId = (mark: string): boolean => /^E-[0-9a-z]{8}$/.test(mark)

/** Copies that arrived late, after it was posted again: the one that is remembered stays. */
export async function removeCopies(parts: PosterParts, wish: Wish, posted: Posted, intent: Intent): Promise<void> {
  const found = (await find(parts, intent, 'detail')) ?? []
  const copies = wish.lane === 'files' ? found.slice(1) : found.filter((ts) => ts !== posted.ts)
  for (const ts of copies) await remove(parts, { channel: intent.channel, ts })
}

/** Takes back a message of ours that stands there a second time. */
export async function remove(parts: PosterParts, { channel, ts }: { channel: string; ts: string }): Promise<void> {
  const call = { method: 'chat.delete', channel, importance: 'detail' } as const
  await spend(parts, call)
  try {
    await make(parts, call, () => parts.clients.edits.chat.delete({ channel, ts }))
    parts.log.info({ channel, ts }, 'late copy of a message taken back')
  } catch (error) {
    if (faultOf(error).kind !== 'refused') throw error
    if (codeOf(error) !== 'message_not_found') parts.log.warn({ channel, ts, code: codeOf(error) }, 'late copy stays')
  }
}
