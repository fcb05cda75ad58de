import { asCode, quoted, shown } from '../text.ts'
import type { Answer, AnswerFile } from '../workflow.ts'
import type { KvEntry } from './asking.ts'
import { count } from './describe.ts'
import { freshLine, troubleLines } from './freshness.ts'
import { levelOf, type ShownValue } from './keys.ts'
import type { Everywhere } from './rows.ts'
import { rowsOf } from './rows.ts'

/** Longer values, and those of more lines, are read in a file. Slack takes 3000 characters together, where `&`, `<` and `>` are four or five. */
const MOST_SHOWN = 2_000
const MOST_LINES = 25

type Row = KvEntry & { readonly dc: string }

/** A value in each datacenter that has it. Large ones and those that are no text go into a file; masked ones never. */
export function describeKey(key: string, answer: Everywhere<readonly KvEntry[]>): Answer {
  const rows = rowsOf(answer)
  const lines = rows.flatMap(({ dc, index, flags, locked, value }) => [
    `*${dc}*: ${sizeText(value)}, index ${index}${flags === 0 ? '' : `, flags ${flags}`}${locked ? ', held as a lock' : ''}`,
    ...valueLines(value),
  ])
  const file = fileOf(key, rows)
  const left = file && file.lacks.length > 0 ? [leftText(file.lacks)] : []
  const same = rows.length > 1 ? [sameText(rows.map(({ value }) => value))] : []
  const text = [asCode(key), ...troubleLines(answer), freshLine(answer), ...same, ...lines, ...left].join('\n')
  return { text, ...(file ? { file: { name: file.name, content: file.content } } : {}) }
}

function leftText(lacks: readonly string[]): string {
  return `The file has not that of ${lacks.map(asCode).join(', ')}; \`--dc\` asks for one datacenter.`
}

function sizeText(value: ShownValue): string {
  const size = count(value.bytes, 'byte')
  if (value.kind === 'masked') return `${size}, *masked*`
  if (value.kind === 'binary') return `${size}, no text`
  return value.bytes === 0 ? 'empty' : size
}

function valueLines(value: ShownValue): string[] {
  if (value.kind === 'masked')
    return [
      `      the rules of the site hide the value; its digest is ${asCode(value.digest)}, the same for the same value`,
    ]
  if (value.kind === 'binary') return [`      digest ${asCode(value.digest)}`]
  const lines = linesOf(value.text)
  if (isLong(value))
    return lines
      .slice(0, 3)
      .map((line) => `      ${asCode(line.slice(0, 200))}`)
      .concat('      …')
  return lines.map((line) => `      ${asCode(line)}`)
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)
}

function isLong(value: ShownValue): boolean {
  if (value.kind !== 'text') return false
  return value.text.replace(/[&<>]/g, '&amp;').length > MOST_SHOWN || linesOf(value.text).length > MOST_LINES
}

function sameText(values: readonly ShownValue[]): string {
  // By their digests: two texts may look alike where a password is hidden in them.
  return new Set(values.map(({ digest }) => digest)).size === 1
    ? 'The same in all of them.'
    : '⚠️ *Not the same* in all of them.'
}

/** One file: bytes of the first datacenter that has them, else all texts after each other, each under its name, or one where they are the same. */
function fileOf(key: string, rows: readonly Row[]): (AnswerFile & { readonly lacks: readonly string[] }) | null {
  const long = rows.filter(({ value }) => value.kind === 'binary' || isLong(value))
  const [first] = long
  if (!first) return null
  const name = fileNameOf(key)
  const without = (those: readonly Row[]) => long.filter((row) => !those.includes(row)).map(({ dc }) => dc)
  if (first.value.kind === 'binary') {
    const lacks = without(long.filter(({ value }) => value.kind === 'binary' && value.digest === digestOf(first)))
    return { name: `${name}-${first.dc}.bin`, content: first.value.content, lacks }
  }
  const texts = long.flatMap((row) => (row.value.kind === 'text' ? [{ row, dc: row.dc, text: row.value.text }] : []))
  const lacks = without(texts.map(({ row }) => row))
  const same = new Set(texts.map(({ text }) => text)).size === 1
  const content = same ? (texts[0]?.text ?? '') : texts.map(({ dc, text }) => `### ${dc}\n${text}\n`).join('\n')
  return { name: `${name}.txt`, content, lacks }
}

const digestOf = ({ value }: Row) => (value.kind === 'text' ? null : value.digest)

/** The last part of the key, as a name that every system takes. */
function fileNameOf(key: string): string {
  const last = key.replace(/\/+$/, '').split('/').at(-1) ?? ''
  return (
    last
      .replace(/[^\w.-]+/g, '_')
      .replace(/^[.-]+/, '')
      .slice(0, 80) || 'value'
  )
}

/** One level below a prefix. */
export function describeKeys(
  prefix: string,
  answer: Everywhere<readonly string[]>,
  isMasked: (key: string) => boolean,
): string[] {
  const keys = rowsOf({
    ...answer,
    datacenters: answer.datacenters.map((each) =>
      each.trouble === undefined ? { ...each, rows: each.rows.map((key) => ({ key })) } : each,
    ),
  })
  const dcs = answer.datacenters.filter(({ trouble }) => trouble === undefined).length
  const all = [...new Set(keys.map(({ key }) => key))]
  const whereOf = Map.groupBy(keys, ({ key }) => key)
  const lines = levelOf(all, prefix).map(({ name, keys: inside }) => {
    const shownAs = asCode(name)
    if (inside !== null) return `📁 ${shownAs} (${count(inside, 'key')})`
    const where = (whereOf.get(name) ?? []).map(({ dc }) => dc)
    const only = where.length < dcs ? `, only in ${where.map(asCode).join(', ')}` : ''
    return `• ${shownAs}${isMasked(name) ? ' (masked)' : ''}${only}`
  })
  const first =
    prefix === '' ? `*${count(all.length, 'key')}*` : `*${count(all.length, 'key')}* below ${asCode(prefix)}`
  return [first, ...troubleLines(answer), freshLine(answer), ...lines]
}

/** What to type where somebody took a folder for a key. */
export function folderHint(key: string, keys: readonly string[]): string | null {
  const folder = key.endsWith('/') ? key : `${key}/`
  const inside = new Set(keys.filter((each) => each.startsWith(folder))).size
  if (inside === 0) return null
  return `${shown(key)} is no key but a folder of ${count(inside, 'key')}: \`consul kv ls ${quoted(folder)}\` lists them.`
}
