import type { WebClient } from '@slack/web-api'
import type { Posted } from '../engine/outbox.ts'

const MOST = 1_000
const ASK_AGAIN_MS = 30_000

/**
 * Links to messages, asked for once each: where a message stands never changes. Undefined while Slack does not say; a message without
 * the link is better than one that waits for it.
 */
export function createPermalinks(client: WebClient, now: () => number) {
  const known = new Map<string, { readonly link: string | undefined; readonly at: number }>()
  return async ({ channel, ts }: Posted): Promise<string | undefined> => {
    const key = `${channel}/${ts}`
    const before = known.get(key)
    if (before && (before.link || now() - before.at < ASK_AGAIN_MS)) return before.link
    const answer = await client.chat.getPermalink({ channel, message_ts: ts }).catch(() => null)
    if (known.size >= MOST) known.clear()
    known.set(key, { link: answer?.permalink, at: now() })
    return answer?.permalink
  }
}
