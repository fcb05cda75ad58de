import type { WebClient } from '@slack/web-api'
import type { Posted } from '../engine/outbox.ts'

const MOST = 1_000

/** Links to messages, asked for once each: where a message stands never changes. Undefined while Slack does not say. */
export function createPermalinks(client: WebClient): (posted: Posted) => Promise<string | undefined> {
  const known = new Map<string, string>()
  return async ({ channel, ts }) => {
    const key = `${channel}/${ts}`
    const link = known.get(key)
    if (link) return link
    // A message without the link is better than none.
    const answer = await client.chat.getPermalink({ channel, message_ts: ts }).catch(() => null)
    if (known.size >= MOST) known.clear()
    if (answer?.permalink) known.set(key, answer.permalink)
    return answer?.permalink
  }
}
