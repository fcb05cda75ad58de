import { clean } from '../core/clean.ts'

/** A piece of a page. Only the template below makes one, so that no text of anybody becomes markup by accident. */
export type Html = { readonly [MARKUP]: string }

const MARKUP: unique symbol = Symbol('markup')

type Part = Html | string | number | null | undefined | false | readonly Part[]

/** `html\`<b>\${text}</b>\``: every value is escaped, unless it is such a piece itself; null and false are nothing, lists are joined. */
export function html(texts: TemplateStringsArray, ...values: readonly Part[]): Html {
  const markup = texts.map((text, at) => text + (at < values.length ? shown(values[at]) : '')).join('')
  return { [MARKUP]: markup }
}

/** The text of a piece, for sending. */
export function textOf(piece: Html): string {
  return piece[MARKUP]
}

function shown(value: Part): string {
  if (value === null || value === undefined || value === false) return ''
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return escaped(value)
  return MARKUP in value ? value[MARKUP] : value.map(shown).join('')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Also without what cannot be seen (control and direction characters), which would make a text look like another one. */
function escaped(text: string): string {
  return clean(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
