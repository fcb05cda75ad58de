import { drawMessage } from '../../src/slack/draw.ts'
import type { Message } from '../../src/slack/limits.ts'

/** Looking into messages; and the text that must not do anything in them. */
export const HOSTILE = '`<!channel> <@U03CAROL> <https://evil.example|ok> @U03CAROL *x* & \u202Eltr\u200B ```\n> quoted'

export type Button = { label: string; actionId: string; value: string }

export function drawn(message: Message): string {
  return drawMessage(message).text
}

export function buttons(message: Message): Button[] {
  return [...drawMessage(message).buttons]
}

export function actionsOf(message: Message): string[] {
  return buttons(message).map(({ actionId }) => actionId)
}

export function confirmOf(message: Message, action: string): string | undefined {
  const elements = message.blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []))
  const button = elements.find((element) => element.type === 'button' && element.action_id === action)
  return button?.type === 'button' ? button.confirm?.text.text : undefined
}
