import { createHash } from 'node:crypto'
import type { WebClient } from '@slack/web-api'
import type { Site } from '../core/site.ts'
import type { ArtifactStore } from '../engine/artifacts.ts'
import type { Outbox, Posted, Progress } from '../engine/outbox.ts'
import type { Store } from '../engine/store.ts'
import type { Log } from '../log.ts'
import type { Message } from './limits.ts'

export type PosterParts = {
  readonly client: WebClient
  readonly outbox: Outbox
  readonly store: Store
  readonly site: Site
  readonly artifacts: ArtifactStore
  readonly progressOf: (execution: string) => Promise<Progress | null>
  readonly now: () => number
  readonly log: Log
}

/** Where a message is wanted, and in whose thread. */
export type Place = { readonly channel: string; readonly thread?: string }
export type Wanted = { readonly message: Message; readonly place: Place }

/** Posts or edits, if what is shown differs. A message that somebody deleted, or that Slack lost, is posted anew. */
export async function put(parts: PosterParts, name: string, { message, place }: Wanted): Promise<void> {
  const digest = digestOf(message)
  const before = await parts.outbox.posted(name)
  if (before?.digest === digest) return
  if (before && (await edited(parts, before, message))) {
    await parts.outbox.remember(name, { ...before, digest })
    return
  }
  const posted = await post(parts, message, place)
  await parts.outbox.remember(name, { ...posted, digest })
}

async function edited({ client }: PosterParts, { channel, ts }: Posted, message: Message): Promise<boolean> {
  try {
    await client.chat.update({ channel, ts, ...message })
    return true
  } catch (error) {
    if (['message_not_found', 'cant_update_message', 'channel_not_found'].includes(codeOf(error))) return false
    throw error
  }
}

const CLOSED = ['not_in_channel', 'channel_not_found', 'is_archived', 'restricted_action', 'no_permission']

/** Where the bot may not speak, it speaks in the channel for operations instead: no answer is lost because nobody invited it. */
async function post(parts: PosterParts, message: Message, place: Place): Promise<{ channel: string; ts: string }> {
  const say = async ({ channel, thread }: Place) => {
    const { ts = '', channel: where = channel } = await parts.client.chat.postMessage({
      channel,
      ...message,
      ...(thread ? { thread_ts: thread } : {}),
      unfurl_links: false,
    })
    return { channel: where, ts }
  }
  try {
    return await say(place)
  } catch (error) {
    const other = fallback(parts.site)
    if (!CLOSED.includes(codeOf(error)) || !other || other === place.channel) throw error
    return say({ channel: other })
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

function codeOf(error: unknown): string {
  return (error as { data?: { error?: string } }).data?.error ?? ''
}
