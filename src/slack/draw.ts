import type { ContextBlock, KnownBlock } from '@slack/types'
import type { Message } from './limits.ts'
import { clean } from './messages/text.ts'

/** A button as the shell offers it, in the order of its number. */
export type DrawnButton = { readonly label: string; readonly actionId: string; readonly value: string }

export type Drawing = { readonly text: string; readonly buttons: readonly DrawnButton[] }

const RULE = '────────'

const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' }

/** The same message for a terminal: plain text, and buttons by number. */
export function drawMessage(message: Message): Drawing {
  const buttons: DrawnButton[] = []
  const parts = message.blocks.map((block) => drawBlock(block, buttons)).filter(Boolean)
  return { text: parts.length > 0 ? parts.join('\n') : plainly(message.text), buttons }
}

function drawBlock(block: KnownBlock, buttons: DrawnButton[]): string {
  switch (block.type) {
    case 'section':
      return [block.text, ...(block.fields ?? [])].flatMap((text) => (text ? [drawText(text)] : [])).join('\n')
    case 'header':
      return drawText(block.text)
    case 'context':
      return block.elements.map(drawElement).filter(Boolean).join('  ')
    case 'divider':
      return RULE
    case 'actions':
      return block.elements.flatMap((element) => drawButton(element, buttons)).join('  ')
    default:
      return ''
  }
}

function drawElement(element: ContextBlock['elements'][number]): string {
  return element.type === 'image' ? element.alt_text : drawText(element)
}

type Element = Extract<KnownBlock, { type: 'actions' }>['elements'][number]

function drawButton(element: Element, buttons: DrawnButton[]): string[] {
  if (element.type !== 'button') return []
  const label = clean(element.text.text)
  buttons.push({ label, actionId: element.action_id ?? '', value: element.value ?? '' })
  return [`[${buttons.length}] ${label}`]
}

function drawText({ type, text }: { type: 'mrkdwn' | 'plain_text'; text: string }): string {
  return type === 'mrkdwn' ? plainly(text) : clean(text)
}

/** Slack's marks taken off; what stands in code is left as it is. */
function plainly(mrkdwn: string): string {
  const parts = clean(mrkdwn).split(/`([^`\n]*)`/)
  return parts.map((part, at) => decoded(at % 2 ? part : unmarked(part))).join('')
}

function unmarked(text: string): string {
  return text
    .replace(/<([@#])([A-Z0-9]+)(?:\|[^<>]*)?>/g, '$1$2')
    .replace(/<!(?:subteam\^)?([^<>|^]+)(?:\|[^<>]*)?>/g, '@$1')
    .replace(/<([^<>|\s]+)\|([^<>]+)>/g, '$2 ($1)')
    .replace(/<([^<>|\s]+)>/g, '$1')
    .replace(/(^|[^\p{L}\p{N}*])\*([^*\n]+)\*(?![\p{L}\p{N}*])/gu, '$1$2')
    .replace(/(^|[^\p{L}\p{N}_])_([^_\n]+)_(?![\p{L}\p{N}_])/gu, '$1$2')
}

function decoded(text: string): string {
  return text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity] ?? entity)
}
