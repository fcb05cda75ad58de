import { UserError } from '../errors.ts'

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&' }

/** Zero-width and direction characters: they change how a line looks, never what it says. */
const INVISIBLE = /[\u00AD\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E007F}]/gu

/** Quoted text (left alone), or a run of dashes with a typographic one in it at the start of a word. */
const DASHES =
  /"(?:[^"\\]|\\["\\]|\\(?!["\\]))*"|(?<![\p{L}\p{N}])'[^']*'|(?<before>^|\s)(?<dashes>-*[\u2012-\u2015\u2212][\u2012-\u2015\u2212-]*)(?=(?<next>.?))/gsu

/** Tab and line breaks separate words like any space; no other control character has a meaning here. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]/

/** Text as Slack really sends it -> what the person meant. Only for text straight from a person: entities are decoded once. */
export function plainText(raw: string): string {
  const text = raw.replace(/<([^<>|]*)(?:\|([^<>]*))?>/g, unmarked)
  return straightDashes(tidy(text.replace(/&(lt|gt|amp);/g, (whole, name) => ENTITIES[name] ?? whole))).trim()
}

/** Straight quotes, plain spaces and nothing invisible: the part of `plainText` that also holds for text from a modal's field. */
export function tidy(text: string): string {
  return text
    .toWellFormed()
    .replace(INVISIBLE, '')
    .replace(/[\s\u2028\u2029]/g, ' ')
    .replace(/[\u201C-\u201F\u2033\u00AB\u00BB]/g, '"')
    .replace(/[\u2018-\u201B\u2032]/g, "'")
    .replace(/[\u2010\u2011]/g, '-')
}

/** One word of a line, and where it stands in it. A quoted word is always a value, never a flag. */
export type Word = { readonly text: string; readonly quoted: boolean; readonly start: number; readonly end: number }

/** The words of a line: quotes group, `\"` and `\\` stand for themselves in double quotes, `don't` is one word. */
export function words(text: string): Word[] {
  refuseControl(text)
  const found: Word[] = []
  for (let word = wordAt(text, 0); word; word = wordAt(text, word.end)) found.push(word)
  return found
}

/** The next word at or after a place, or null at the end. What follows it is not looked at, so it may be anything. */
export function wordAt(text: string, from: number): Word | null {
  const offset = text.slice(from).search(/\S/)
  if (offset < 0) return null
  const start = from + offset
  let value = ''
  let at = start
  while (at < text.length && !/\s/.test(text.charAt(at))) {
    const part = opensQuote(text, at) ? quotedPart(text, at) : { value: text.charAt(at), end: at + 1 }
    value += part.value
    at = part.end
  }
  return { text: value, quoted: opensQuote(text, start), start, end: at }
}

/** A value written so that it is read back as one word and as nothing else, also after Slack's own editing. */
export function quoted(value: string): string {
  if (/^[^\s"'\\\u2010-\u2015\u2212-][^\s"'\\]*$/u.test(value)) return value
  if (!/["\\]/.test(value)) return `"${value}"`
  if (!value.includes("'")) return `'${value}'`
  return `"${value.replace(/["\\]/g, '\\$&')}"`
}

export function refuseControl(text: string): void {
  const found = CONTROL.exec(text)
  if (!found) return
  const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  throw new UserError(
    `Character ${found.index + 1} of the text is the control character U+${code}. Type the text anew, without it.`,
  )
}

/** What somebody typed, short and safe to stand between backticks in a message. */
export function shown(text: string, most = 80): string {
  const flat = text.replaceAll('`', "'").replace(/\s+/g, ' ')
  return flat.length > most ? `\`${flat.slice(0, most - 1)}…\`` : `\`${flat || '""'}\``
}

function unmarked(whole: string, target: string, label: string | undefined): string {
  const person = /^@([UWB][A-Z0-9]+)$/.exec(target) ?? /^#([CGD][A-Z0-9]+)$/.exec(target)
  const id = person?.[1] ?? /^!subteam\^(S[A-Z0-9]+)$/.exec(target)?.[1]
  if (id) return id
  if (/^!(here|channel|everyone)$/.test(target)) return `@${target.slice(1)}`
  if (target.startsWith('!date^') && label !== undefined) return label
  if (/^mailto:/i.test(target)) return target.slice('mailto:'.length)
  if (/^tel:/i.test(target)) return label ?? target.slice('tel:'.length)
  return /^[a-z][a-z0-9+.-]*:\S+$/i.test(target) ? target : whole
}

/** Keyboards turn `--` into one dash. A minus before a digit is a negative number, and a dash inside a word is a dash. */
function straightDashes(text: string): string {
  return text.replace(DASHES, (whole: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as { before?: string; dashes?: string; next?: string }
    if (groups.dashes === undefined) return whole
    const negative = /^[\u2212\u2013]$/.test(groups.dashes) && /\d/.test(groups.next ?? '')
    return `${groups.before ?? ''}${negative ? '-' : '--'}`
  })
}

/** An apostrophe inside a word (`don't`) opens nothing. */
function opensQuote(text: string, at: number): boolean {
  if (text[at] === '"') return true
  return text[at] === "'" && !/[\p{L}\p{N}]/u.test(text[at - 1] ?? '')
}

function quotedPart(text: string, from: number): { value: string; end: number } {
  const quote = text[from]
  let value = ''
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === quote) return { value, end: at + 1 }
    const escaped = quote === '"' && text[at] === '\\' && /["\\]/.test(text[at + 1] ?? '')
    if (escaped) at++
    value += text.charAt(at)
  }
  throw new UserError(
    `The quote ${quote} at character ${from + 1} (${shown(text.slice(from, from + 24))}) is never closed. Close it, or leave it out.`,
  )
}

/** A line that others wrote, between backticks, with none left in it. */
export function asCode(line: string): string {
  return `\`${line.replaceAll('`', 'ʼ')}\``
}
