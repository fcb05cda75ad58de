import { type Document, isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml'
import type { Edit } from '../../core/kv/adopt.ts'

/** The text of a source file with edits made in it; comments and what is not touched stay as they are, as far as the format allows. */
export function edited(file: string, text: string, edits: readonly Edit[]): string {
  if (file.endsWith('.json')) return editedJson(text, edits)
  const document = parseDocument(text, { uniqueKeys: false })
  const spliced = splicedText(text, document, edits)
  if (spliced !== null) return spliced
  for (const edit of edits) apply(document, edit)
  return document.toString({ lineWidth: 0, indent: indentOf(text) })
}

/** Only values of one line change: then every other byte stays. */
function splicedText(text: string, document: Document, edits: readonly Edit[], isJson = false): string | null {
  const places: { from: number; to: number; by: string }[] = []
  for (const { section, rest, text: value } of edits) {
    const pair = pairAt(mapOfSection(document, section), rest)
    const node = pair?.value
    if (value === null || !isScalar(node) || !node.range || /[\n\r]/.test(value)) return null
    const [from, to] = node.range
    if (text.slice(from, to).includes('\n') || node.type?.startsWith('BLOCK')) return null
    places.push({ from, to, by: node.type === 'PLAIN' && isBare(value) && !isJson ? value : JSON.stringify(value) })
  }
  let result = text
  for (const { from, to, by } of places.toSorted((a, b) => b.from - a.from))
    result = result.slice(0, from) + by + result.slice(to)
  return result
}

/** What YAML reads as it stands, whatever it takes it for. */
function isBare(value: string): boolean {
  return /^[A-Za-z0-9][\w./-]*$/.test(value) && value.toLowerCase() !== 'null'
}

function mapOfSection(document: Document, section: string | null): YAMLMap | null {
  const node = document.getIn(section === null ? ['common'] : ['local', section])
  return isMap(node) ? node : null
}

/** `db/host` may stand as `db: { host: }` or as `db/host:`. */
function pairAt(map: YAMLMap | null, rest: string): Pair | null {
  for (const pair of map?.items ?? []) {
    const name = nameOf(pair)
    if (name === rest && isScalar(pair.value)) return pair
    if (rest.startsWith(`${name}/`) && isMap(pair.value)) {
      const found = pairAt(pair.value, rest.slice(name.length + 1))
      if (found) return found
    }
  }
  return null
}

function nameOf({ key }: Pair): string {
  return isScalar(key) ? (typeof key.value === 'string' ? key.value : (key.source ?? '')) : ''
}

function apply(document: Document, { section, rest, text }: Edit): void {
  const at = section === null ? ['common'] : ['local', section]
  const map = mapOfSection(document, section)
  const pair = pairAt(map, rest)
  if (text === null) {
    if (map && pair) remove(map, pair)
    return
  }
  if (pair && isScalar(pair.value)) {
    // Only its value: a comment behind it stays.
    Object.assign(pair.value, { value: text, type: undefined, source: undefined })
    return
  }
  document.setIn([...at, ...placeIn(map, rest)], document.createNode(text))
}

/** Where a new key goes: into the maps that are there already. */
function placeIn(map: YAMLMap | null, rest: string): string[] {
  for (const pair of map?.items ?? []) {
    const name = nameOf(pair)
    if (rest.startsWith(`${name}/`) && isMap(pair.value))
      return [name, ...placeIn(pair.value, rest.slice(name.length + 1))]
  }
  return rest.split('/')
}

/** A map that has nothing left goes too. */
function remove(map: YAMLMap, pair: Pair): boolean {
  const at = map.items.indexOf(pair)
  if (at >= 0) {
    map.items.splice(at, 1)
    return true
  }
  for (const each of map.items) {
    if (!isMap(each.value) || !remove(each.value, pair)) continue
    if (each.value.items.length === 0) map.items.splice(map.items.indexOf(each), 1)
    return true
  }
  return false
}

function indentOf(text: string): number {
  const found = /^( +)\S/m.exec(text)?.[1]?.length ?? 2
  return Math.min(Math.max(found, 1), 8)
}

/** JSON is written anew with its indent. */
function editedJson(text: string, edits: readonly Edit[]): string {
  const document = parseDocument(text, { uniqueKeys: false })
  const spliced = splicedText(text, document, edits, true)
  if (spliced !== null) return spliced
  for (const edit of edits) apply(document, edit)
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? 2
  return `${JSON.stringify(document.toJS(), undefined, indent)}${text.endsWith('\n') ? '\n' : ''}`
}
