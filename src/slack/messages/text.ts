import { clean } from '../../core/clean.ts'

export { clean }

/** A whole mention, link, entity or character: what a cut must never divide. */
const PIECE = /<[^<>\n]*>|&(?:amp|lt|gt);|[\s\S]/gu

/** Room for how a cut text ends. */
const ENDING = 40

/** Nothing in it can mention, link or ping any more. Formatting (`*bold*`, `code`) stays: for texts that we wrote ourselves. */
// biome-ignore lint/suspicious/noShadowRestrictedNames: the global of this name is deprecated and nothing else says it as well
export function escape(text: string): string {
  return clean(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** Untrusted text on one line, between backticks that it cannot leave. */
export function code(text: string, most = 200): string {
  const flat = oneLine(text).replaceAll('`', 'ʼ')
  return `\`${escape(shorten(flat, most)) || '""'}\``
}

/** Untrusted text on one line that stays just text: it formats nothing. */
export function plain(text: string, most = 300): string {
  const flat = oneLine(text).replaceAll('`', 'ʼ').replaceAll('*', '∗').replaceAll('~', '∼')
  return escape(shorten(flat, most))
}

/** A text that we wrote, escaped; `@U01ALICE`, as `nameOf` writes people, becomes a mention where it is not in code. */
export function people(text: string): string {
  const parts = escape(text).split(/(`[^`\n]*`)/)
  return parts.map((part, index) => (index % 2 ? part : part.replace(PERSON, '<@$1>'))).join('')
}

const PERSON = /(?<![\w@./&;-])@([UW][A-Z0-9]{2,20})(?![\w@])/g

/** A link, or only its label where the address is none that may be shown. */
export function link(url: string | undefined, label: string): string {
  if (!url || !/^https?:\/\/[^\s<>|`"]+$/.test(url)) return plain(label)
  return `<${url.replace(/&(?!amp;)/g, '&amp;')}|${plain(label).replaceAll('|', '∣')}>`
}

/** The first characters of a text that is not escaped yet. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text
  const end = Math.max(most - 1, 0)
  return `${text.slice(0, end).replace(/[\uD800-\uDBFF]$/, '')}…`
}

/**
 * Escaped text, cut where it is too long: after a line where that keeps enough of it, else after a character; never inside a
 * mention, a link, an entity or a character, and never with code left open. It says how much is missing.
 */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text
  if (most < 3 * ENDING) return `${closed(head(text, most - 2))}…`
  const kept = head(text, most - ENDING)
  const lines = kept.slice(0, Math.max(kept.lastIndexOf('\n'), 0))
  if (lines.length * 2 > kept.length)
    return `${closed(lines)}\n… +${count(rest(text, lines).split('\n').length, 'line')}`
  return `${closed(kept)}… +${count([...rest(text, kept).matchAll(PIECE)].length, 'character')}`
}

function rest(text: string, kept: string): string {
  return text.slice(kept.length).replace(/^\n/, '')
}

function count(times: number, what: string): string {
  return `${times} more ${what}${times === 1 ? '' : 's'}`
}

/** As many whole pieces as there is room for. */
function head(text: string, room: number): string {
  let length = 0
  for (const [piece] of text.slice(0, Math.max(room, 0) + longest(text, room)).matchAll(PIECE)) {
    if (length + piece.length > room) break
    length += piece.length
  }
  return text.slice(0, length)
}

/** How far to read on behind the cut, to see whether it falls into a mention or a link. */
function longest(text: string, room: number): number {
  const end = text.indexOf('>', Math.max(room, 0))
  return end < 0 ? 5 : Math.max(5, end - room + 1)
}

function closed(text: string): string {
  const last = text.slice(text.lastIndexOf('\n') + 1)
  if (last.split('`').length % 2 === 1) return text
  return text.endsWith('`') ? text.slice(0, -1) : `${text}\``
}

function oneLine(text: string): string {
  return clean(text).replace(/\s+/g, ' ').trim()
}
