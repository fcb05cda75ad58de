import type { Message } from '../../src/slack/limits.ts'

type Text = { type: string; text: string; verbatim?: boolean }
type Dialog = { title: Text; text: Text; confirm: Text; deny: Text }
type Element = Text & {
  action_id?: string
  value?: string
  accessibility_label?: string
  confirm?: Dialog
}
type Block = { type: string; block_id?: string; text?: Text; fields?: Text[]; elements?: Element[] }

/** What Slack would refuse or misread in a message, by its documented limits; written apart from the code under test. */
export function complaints(message: Message): string[] {
  const blocks = message.blocks as unknown as Block[]
  const found = [...about('text', message.text, 4000)]
  if (blocks.length === 0 || blocks.length > 50) found.push(`${blocks.length} blocks`)
  const ids = blocks.flatMap(({ block_id }) => (block_id ? [block_id] : []))
  if (new Set(ids).size !== ids.length) found.push(`block ids are not unique: ${ids}`)
  if (ids.some((id) => id.length > 255)) found.push('a block id is too long')
  for (const block of blocks) found.push(...aboutBlock(block))
  const whole = blocks.flatMap(textsOf).reduce((sum, text) => sum + text.length, 0)
  if (whole > 13_000) found.push(`${whole} characters in all`)
  return found
}

function aboutBlock(block: Block): string[] {
  const { type, text, fields = [], elements = [] } = block
  if (type === 'section') {
    const few = fields.length > 10 ? [`${fields.length} fields`] : []
    if (!text && fields.length === 0) return ['an empty section']
    return [
      ...few,
      ...(text ? marked('section', text, 3000) : []),
      ...fields.flatMap((each) => marked('field', each, 2000)),
    ]
  }
  if (type === 'header') return about('header', text?.text, 150)
  if (type === 'divider') return []
  if (type === 'context') {
    const count = elements.length < 1 || elements.length > 10 ? [`${elements.length} context elements`] : []
    return [...count, ...elements.flatMap((each) => marked('context', each, 3000))]
  }
  if (type !== 'actions') return [`a block of the type ${type}`]
  const actions = elements.map(({ action_id }) => action_id)
  return [
    ...(elements.length < 1 || elements.length > 25 ? [`${elements.length} buttons in a block`] : []),
    ...(new Set(actions).size !== actions.length ? [`action ids are not unique: ${actions}`] : []),
    ...elements.flatMap((each) => ('options' in each ? aboutList(each as unknown as List) : aboutButton(each))),
  ]
}

type List = Pick<Element, 'confirm' | 'action_id'> & {
  readonly placeholder: Text
  readonly options: readonly { readonly text: Text; readonly value: string }[]
}

function aboutList({ placeholder, options, confirm, action_id }: List): string[] {
  const count = options.length < 1 || options.length > 100 ? [`${options.length} options`] : []
  return [
    ...count,
    ...about('action id', action_id, 255),
    ...about('placeholder', placeholder.text, 150),
    ...options.flatMap(({ text, value }) => [...about('option', text.text, 75), ...about('value', value, 150)]),
    ...(confirm ? about('question', confirm.text.text, 300) : []),
  ]
}

function aboutButton({ text, value, accessibility_label, confirm, action_id }: Element): string[] {
  const label = text as unknown as Text
  return [
    ...about('button', label.text, 75),
    ...about('value', value, 2000),
    ...about('action id', action_id, 255),
    ...about('accessibility label', accessibility_label, 75),
    ...(confirm
      ? [
          ...about('title', confirm.title.text, 100),
          ...about('question', confirm.text.text, 300),
          ...about('yes', confirm.confirm.text, 30),
          ...about('no', confirm.deny.text, 30),
        ]
      : []),
  ]
}

function marked(what: string, text: Text, most: number): string[] {
  const verbatim = text.type === 'mrkdwn' && text.verbatim !== true ? [`${what} lets Slack make links`] : []
  return [...verbatim, ...about(what, text.text, most)]
}

function about(what: string, text: string | undefined, most: number): string[] {
  if (!text?.trim()) return [`${what} is empty`]
  const found: string[] = []
  if (text.length > most) found.push(`${what} has ${text.length} characters`)
  if (!text.isWellFormed()) found.push(`${what} holds half a character`)
  if (/<!/.test(text)) found.push(`${what} pings: ${text}`)
  if (/&(?!amp;|lt;|gt;)/.test(text)) found.push(`${what} holds a bare or cut entity: ${text.slice(-80)}`)
  if (/[<>]/.test(text.replace(/<@[UW][A-Z0-9]+>|<https:\/\/example\.slack\.com\/[^<>|]*\|[^<>|]*>/g, ''))) {
    found.push(`${what} holds something else between < and >: ${text}`)
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  if (/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u200B-\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/.test(text)) {
    found.push(`${what} holds invisible characters`)
  }
  // A whole block of code, as a table is, may go over lines; one that is cut leaves its fence.
  const open = text
    .replace(/```[^`]*```/g, '')
    .split('\n')
    .filter((line) => line.split('`').length % 2 === 0)
  if (open.length > 0) found.push(`${what} leaves code open: ${open[0]?.slice(-80)}`)
  return found
}

/** Every text that people see, buttons and their questions included. */
export function textsOf(block: Block | object): string[] {
  return Object.entries(block).flatMap(([key, value]): string[] => {
    if (key === 'text' && typeof value === 'string') return [value]
    return typeof value === 'object' && value !== null ? textsOf(value) : []
  })
}
