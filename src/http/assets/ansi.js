/** @typedef {{ bold: boolean, dim: boolean, italic: boolean, under: boolean, inverse: boolean, fore: string, back: string }} Style */

/** @returns {Style} */
export const plain = () => ({
  bold: false,
  dim: false,
  italic: false,
  under: false,
  inverse: false,
  fore: '',
  back: '',
})

const ESC = String.fromCharCode(27)
const SGR = new RegExp(`${ESC}\\[([0-9;:]*)m`, 'g')
/** Every other sequence of a terminal: cursor, title, links. */
const OTHER = new RegExp(`${ESC}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${ESC}\\x07]*(?:\\x07|${ESC}\\\\)?|[@-Z\\\\^_])`, 'g')
/** What cannot be seen and makes a line look like another one: control, direction and zero-width characters, as ranges. */
const RANGES = [
  [0x00, 0x08],
  [0x0b, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xfeff, 0xfeff],
]
const UNSEEN = new RegExp(
  `[${RANGES.map((range) =>
    String.fromCharCode(...range)
      .split('')
      .join('-'),
  ).join('')}]`,
  'g',
)

/**
 * The colours after a line, without drawing it.
 * @param {string} line
 * @param {Style} style
 */
export function styleAfter(line, style) {
  let after = style
  for (const [, codes] of line.matchAll(SGR)) after = applied(codes ?? '', after)
  return after
}

/** What of a line can be read: what it is searched in. @param {string} line */
export function bare(line) {
  return line.includes(ESC) ? line.replace(SGR, '').replace(OTHER, '') : line
}

/**
 * A line as elements. Text only ever becomes text: nothing of it is read as markup.
 * @param {string} raw
 * @param {Style} style
 */
export function drawn(raw, style) {
  // A progress bar writes over itself: what it wrote last is what there is.
  const said = raw.replace(/\r+$/, '')
  const line = said.slice(said.lastIndexOf('\r') + 1)
  const fragment = document.createDocumentFragment()
  let [at, now] = [0, style]
  for (const match of line.matchAll(SGR)) {
    add(fragment, line.slice(at, match.index), now)
    now = applied(match[1] ?? '', now)
    at = match.index + match[0].length
  }
  add(fragment, line.slice(at), now)
  return fragment
}

function add(fragment, raw, style) {
  const text = raw.replace(OTHER, '').replace(UNSEEN, '\ufffd')
  if (text === '') return
  const names = [
    style.bold && 'b',
    style.dim && 'd',
    style.italic && 'i',
    style.under && 'u',
    style.inverse && 'r',
    /^f\d$/.test(style.fore) && style.fore,
    /^g\d$/.test(style.back) && style.back,
  ].filter(Boolean)
  if (names.length === 0 && !style.fore && !style.back) {
    fragment.append(text)
    return
  }
  const span = document.createElement('span')
  span.className = names.join(' ')
  if (style.fore.startsWith('rgb')) span.style.color = style.fore
  if (style.back.startsWith('rgb')) span.style.backgroundColor = style.back
  span.textContent = text
  fragment.append(span)
}

/** Codes that say one thing: which field, and what it is from there on. @type {Record<number, Partial<Style>>} */
const SIMPLE = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { under: true },
  7: { inverse: true },
  21: { under: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { under: false },
  27: { inverse: false },
  39: { fore: '' },
  49: { back: '' },
}

/**
 * Select Graphic Rendition, ECMA-48 8.3.117, with the colours of ISO 8613-6 (38 and 48; 58 is that of underlines, which are drawn in that
 * of the text). `38;2;r;g;b` takes its values from the codes after it, `38:2::r:g:b` has them in itself.
 */
function applied(text, before) {
  const codes = text.split(';')
  let style = { ...before }
  for (let at = 0; at < codes.length; at++) {
    const [code = 0, ...own] = numbers(codes[at])
    if (code === 0) style = plain()
    else if (code === 4 && own[0] === 0) style.under = false
    else if (SIMPLE[code]) style = { ...style, ...SIMPLE[code] }
    else if (code >= 30 && code <= 37) style.fore = `f${code - 30}`
    else if (code >= 90 && code <= 97) style.fore = `f${code - 90}`
    else if (code >= 40 && code <= 47) style.back = `g${code - 40}`
    else if (code >= 100 && code <= 107) style.back = `g${code - 100}`
    else if (code === 38 || code === 48 || code === 58) {
      const values = own.length > 0 ? withoutSpace(own) : codes.slice(at + 1).map((each) => numbers(each)[0] ?? 0)
      const [colour, used] = extended(values, code === 48 ? 'g' : 'f')
      if (code === 38) style.fore = colour
      if (code === 48) style.back = colour
      if (own.length === 0) at += used
    }
  }
  return style
}

const numbers = (text = '') => text.split(':').map((each) => (each === '' ? 0 : Number(each)))

/** With colons a colour space may stand before the three values. */
const withoutSpace = (own) => (own[0] === 2 && own.length > 4 ? [2, ...own.slice(2)] : own)

/** The colour, and how many values say it. */
function extended([kind, ...values], letter) {
  if (kind === 2) return [rgb(values[0], values[1], values[2]), 4]
  if (kind !== 5) return ['', 0]
  const number = values[0] ?? 0
  if (number < 16) return [`${letter}${number % 8}`, 2]
  if (number >= 232) return [rgb(...Array(3).fill(8 + (number - 232) * 10)), 2]
  const level = (step) => (step === 0 ? 0 : 55 + step * 40)
  const cube = number - 16
  return [rgb(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)), 2]
}

const rgb = (...values) => `rgb(${values.map((each) => Math.min(255, Math.max(0, Number(each) || 0))).join(' ')})`
