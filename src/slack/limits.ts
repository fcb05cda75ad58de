import type { ActionsBlock, Button, ConfirmationDialog, ContextBlock, KnownBlock, SectionBlock } from '@slack/types'
import { cut, shorten } from './messages/text.ts'

export { clean, code, cut, escape, link, people, plain, shorten } from './messages/text.ts'

/** A message as it is posted: `text` is what a notification and a screen reader say. */
export type Message = { readonly text: string; readonly blocks: KnownBlock[] }

/** What Slack refuses to exceed, in characters or in number. `whole` is not documented: it refuses somewhat above it. */
export const SLACK = {
  blocks: 50,
  section: 3000,
  field: 2000,
  fields: 10,
  contextElements: 10,
  contextText: 2000,
  actions: 25,
  button: 75,
  value: 2000,
  confirmTitle: 100,
  confirmText: 300,
  confirmButton: 30,
  header: 150,
  id: 255,
  text: 4000,
  whole: 13_000,
  modalTitle: 24,
  label: 2000,
  placeholder: 150,
  options: 100,
  option: 75,
  input: 3000,
  metadata: 3000,
} as const

export type Limits = { readonly [limit in keyof typeof SLACK]: number }

type TextObject = NonNullable<SectionBlock['text']>

/** The message as Slack takes it: what is too long is shortened and says so, what is empty is left out, no button is ever lost. */
export function fit(message: Message, limits: Partial<Limits> = {}): Message {
  const all: Limits = { ...SLACK, ...limits }
  const blocks = fewer(
    message.blocks.flatMap((block) => fitBlock(block, all)),
    all.blocks,
  )
  const text = cut(message.text, all.text) || '…'
  const room = all.whole - text.length - fixedLength(blocks)
  const most = shareOf(lengths(blocks), room)
  return { text, blocks: blocks.map((block) => withTexts(block, (each) => cut(each, most))) }
}

function fitBlock(block: KnownBlock, limits: Limits): KnownBlock[] {
  if (block.type === 'section') return fitSection(block, limits)
  if (block.type === 'context') return fitContext(block, limits)
  if (block.type === 'actions') return fitActions(block, limits)
  if (block.type === 'header')
    return block.text.text.trim() ? [withTexts(block, (text) => cut(text, limits.header))] : []
  return [block]
}

function fitSection(block: SectionBlock, limits: Limits): KnownBlock[] {
  const { text, fields = [], ...bare } = block
  const said = fields.filter((field) => field.text.trim())
  const most = said.length > limits.fields ? limits.fields - 1 : limits.fields
  const shown = said.slice(0, most).map((field) => shorter(field, limits.field))
  const left = said.length - shown.length
  if (left > 0) shown.push(more(left))
  if (!text?.text.trim() && shown.length === 0) return []
  return [
    {
      ...bare,
      ...(text?.text.trim() && { text: shorter(text, limits.section) }),
      ...(shown.length > 0 && { fields: shown }),
    },
  ]
}

function fitContext(block: ContextBlock, limits: Limits): KnownBlock[] {
  const said = block.elements.filter((element) => element.type === 'image' || element.text.trim())
  if (said.length === 0) return []
  const most = said.length > limits.contextElements ? limits.contextElements - 1 : limits.contextElements
  const elements = said
    .slice(0, most)
    .map((element) => (element.type === 'image' ? element : shorter(element, limits.contextText)))
  const left = said.length - elements.length
  return [{ ...block, elements: left > 0 ? [...elements, more(left)] : elements }]
}

/** Too many buttons for one block become several blocks. */
function fitActions(block: ActionsBlock, limits: Limits): KnownBlock[] {
  const elements = block.elements.map((element) => (element.type === 'button' ? fitButton(element, limits) : element))
  const blocks: ActionsBlock[] = []
  for (let from = 0; from < elements.length; from += limits.actions) {
    const id = block.block_id && from > 0 ? { block_id: `${block.block_id}-${from}` } : {}
    blocks.push({ ...block, ...id, elements: elements.slice(from, from + limits.actions) })
  }
  return blocks
}

function fitButton(button: Button, limits: Limits): Button {
  const { value, accessibility_label: label, confirm } = button
  return {
    ...button,
    text: shorter(button.text, limits.button),
    ...(value !== undefined && { value: value.slice(0, limits.value) }),
    ...(label !== undefined && { accessibility_label: shorten(label, limits.button) }),
    ...(confirm && { confirm: fitConfirm(confirm, limits) }),
  }
}

function fitConfirm(dialog: ConfirmationDialog, limits: Limits): ConfirmationDialog {
  const { title, text, confirm, deny } = dialog
  return {
    ...dialog,
    text: shorter(text, limits.confirmText),
    ...(title && { title: shorter(title, limits.confirmTitle) }),
    ...(confirm && { confirm: shorter(confirm, limits.confirmButton) }),
    ...(deny && { deny: shorter(deny, limits.confirmButton) }),
  }
}

/** Drops from the end what is no button, and says where how much is missing. */
function fewer(blocks: KnownBlock[], most: number): KnownBlock[] {
  if (blocks.length <= most) return blocks
  const room = most - 1 - blocks.filter(({ type }) => type === 'actions').length
  const droppable = blocks.filter(({ type }) => type !== 'actions')
  const dropped = new Set(droppable.slice(Math.max(room, 0)))
  const [first] = dropped
  return blocks.flatMap((block) => {
    if (block === first) return [{ type: 'context', elements: [more(dropped.size)] } satisfies ContextBlock]
    return dropped.has(block) ? [] : [block]
  })
}

/** The most that each text may have so that all of them fit: short ones stay whole, long ones share what is left. */
function shareOf(lengths: readonly number[], room: number): number {
  const sorted = lengths.toSorted((one, other) => one - other)
  let left = room
  for (const [index, length] of sorted.entries()) {
    const share = Math.floor(left / (sorted.length - index))
    if (length > share) return Math.max(share, 2)
    left -= length
  }
  return Number.POSITIVE_INFINITY
}

function lengths(blocks: readonly KnownBlock[]): number[] {
  const found: number[] = []
  for (const block of blocks) {
    withTexts(block, (text) => {
      found.push(text.length)
      return text
    })
  }
  return found
}

/** What is never shortened further: the labels and questions of buttons. */
function fixedLength(blocks: readonly KnownBlock[]): number {
  const buttons = blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []))
  const texts = buttons.flatMap((button) => {
    if (button.type !== 'button') return []
    const { title, text, confirm, deny } = button.confirm ?? {}
    return [button.text, title, text, confirm, deny]
  })
  return texts.reduce((sum, object) => sum + (object?.text.length ?? 0), 0)
}

/** The block with every text in it that may be shortened put through `change`. */
function withTexts(block: KnownBlock, change: (text: string) => string): KnownBlock {
  const put = <Text extends TextObject>(object: Text): Text => ({ ...object, text: change(object.text) })
  if (block.type === 'header') return { ...block, text: put(block.text) }
  if (block.type === 'context') {
    return { ...block, elements: block.elements.map((element) => (element.type === 'image' ? element : put(element))) }
  }
  if (block.type !== 'section') return block
  return {
    ...block,
    ...(block.text && { text: put(block.text) }),
    ...(block.fields && { fields: block.fields.map(put) }),
  }
}

function shorter<Text extends TextObject>(object: Text, most: number): Text {
  return { ...object, text: cut(object.text, most) }
}

function more(left: number): TextObject {
  return { type: 'mrkdwn', text: `… +${left} more`, verbatim: true }
}
