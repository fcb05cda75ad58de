/**
 * Replaces every secret by `***`, over a whole document: a secret may span lines, so never mask line by line. Every occurrence is
 * found first and what overlaps is hidden together, so that no part of one secret is left beside another. Besides the secret as
 * it is, its JSON, HCL, URL, HTML and base64 forms are hidden, and each long line of one with several lines (a key in an indented
 * heredoc).
 *
 * Not masked: values shorter than four characters, `true`, `false`, `null` and integers of up to four digits. They occur in every
 * text, so hiding them would make all of it unreadable and protect nothing (one could tell from the gaps what they are).
 */
export function createMask(secrets: Iterable<string>): (text: string) => string {
  const forms = new Set<string>()
  for (const secret of secrets) for (const form of formsOf(text(secret))) forms.add(form)
  const needles = [...forms].sort((a, b) => b.length - a.length)
  return (document) => hide(text(document), needles)
}

const REPLACEMENT = '***'
const SHORTEST = 4
/** Lines and pieces of base64 say less than the whole: they count from this length on. */
const SHORTEST_PART = 8

function text(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
}

function hide(document: string, needles: readonly string[]): string {
  const spans = needles.flatMap((needle) => occurrences(document, needle)).sort((a, b) => a[0] - b[0])
  let result = ''
  let end = 0
  for (const [from, to] of spans) {
    if (from >= end) result += document.slice(end, from) + REPLACEMENT
    end = Math.max(end, to)
  }
  return result + document.slice(end)
}

function occurrences(document: string, needle: string): [number, number][] {
  const spans: [number, number][] = []
  for (let at = document.indexOf(needle); at >= 0; at = document.indexOf(needle, at + 1)) {
    spans.push([at, at + needle.length])
  }
  return spans
}

function formsOf(secret: string): string[] {
  const whole = [secret, secret.trim(), secret.replaceAll('\r\n', '\n')].filter((value) => !isTrivial(value))
  const lines = secret.includes('\n') ? secret.split(/\r?\n/).map((line) => line.trim()) : []
  const parts = lines.filter((line) => line.length >= SHORTEST_PART && !/^-----(BEGIN|END) .*-----$/.test(line))
  return [...whole, ...parts].flatMap(encodings).filter((form) => form.length >= SHORTEST)
}

function isTrivial(value: string): boolean {
  const bare = value.trim()
  return bare.length < SHORTEST || /^(true|false|null|[+-]?\d{1,4})$/i.test(bare)
}

function encodings(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1)
  const url = encodeURIComponent(value.toWellFormed())
  const html = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return [
    value,
    json,
    JSON.stringify(json).slice(1, -1),
    json.replaceAll('&', '\\u0026').replaceAll('<', '\\u003c').replaceAll('>', '\\u003e'),
    json.replaceAll('${', '$${').replaceAll('%{', '%%{'),
    html,
    html.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
    ...urlForms(url),
    ...base64Forms(Buffer.from(value)),
  ]
}

function urlForms(url: string): string[] {
  const strict = url.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
  return [url, strict].flatMap((form) => {
    const plus = form.replaceAll('%20', '+')
    return [form, plus, form.replace(/%../g, lower), plus.replace(/%../g, lower)]
  })
}

function lower(code: string): string {
  return code.toLowerCase()
}

/** Base64 on its own, and as the middle of something longer (`user:password`), where it starts at any of three offsets. */
function base64Forms(bytes: Buffer): string[] {
  const whole = bytes.toString('base64')
  const inner = [0, 1, 2].map((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const last = (offset + bytes.length) % 3 === 0 ? undefined : -1
    return shifted.slice(offset === 0 ? 0 : offset + 1, last)
  })
  const standard = [whole, whole.replace(/=+$/, ''), ...inner.filter((form) => form.length >= SHORTEST_PART)]
  return standard.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')])
}
