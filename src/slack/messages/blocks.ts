import type { ActionsBlock, Button, ContextBlock, KnownBlock, SectionBlock, StaticSelect } from '@slack/types'
import type { Message } from '../limits.ts'
import { fit } from '../limits.ts'

/** Lines of mrkdwn, already escaped. `verbatim`: Slack makes no links and mentions of its own out of them. */
export function section(...lines: readonly string[]): SectionBlock {
  return { type: 'section', text: { type: 'mrkdwn', text: lines.join('\n'), verbatim: true } }
}

/** The same in small print. */
export function context(...lines: readonly string[]): ContextBlock {
  return { type: 'context', elements: [{ type: 'mrkdwn', text: lines.join('\n'), verbatim: true }] }
}

/** No block at all where there is no button. */
export function actions(buttons: readonly (Button | StaticSelect)[]): ActionsBlock[] {
  return buttons.length > 0 ? [{ type: 'actions', elements: [...buttons] }] : []
}

/** Within Slack's limits, each block with an id of its own: `first` for the first one, the others counted after `prefix`. */
export function finished(message: Message, { first, prefix }: { first: string; prefix: string }): Message {
  const { text, blocks } = fit(message)
  return {
    text,
    blocks: blocks.map((block, at): KnownBlock => ({ ...block, block_id: at ? `${prefix}-${at}` : first })),
  }
}

/** The first of a list as lines, and how many more there are. */
export function listed(lines: readonly string[], most: number, alreadyLeftOut = 0): string[] {
  const left = Math.max(lines.length - most, 0) + alreadyLeftOut
  return left > 0 ? [...lines.slice(0, most), `… +${left} more`] : [...lines]
}
