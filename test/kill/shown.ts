import type { SlackMessage } from '../../examples/demo/slack-control.ts'
import { wordsOf } from '../e2e/talk.ts'

/** The message of one execution: its id, the word of its first line, and all its words. */
export type Shown = { readonly id: string; readonly word: string; readonly message: SlackMessage }

export function shownIn(messages: readonly SlackMessage[]): Shown[] {
  return messages.flatMap((message) => {
    const id = /^execution-([a-z0-9]+)-v/.exec(message.blocks?.[0]?.block_id ?? '')?.[1]
    return id ? [{ id, message, word: /\*([^*]+)\*/.exec(wordsOf(message))?.[1] ?? '' }] : []
  })
}
