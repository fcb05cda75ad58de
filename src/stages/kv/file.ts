import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml'
import type { Tree } from '../../core/kv/source.ts'
import { messageOf, UserError } from '../../errors.ts'

/**
 * A YAML or JSON file as a tree of texts. A number or a yes-or-no stands as it was written (`1.10` stays `1.10`). Two keys of the same
 * name, tags and aliases are refused: what they come to depends on who reads them. Throws a `UserError` that names the file.
 */
export function treeOf(file: string, bytes: Uint8Array): Tree {
  const text = decoded(file, bytes)
  if (file.endsWith('.json')) checkJson(file, text)
  const lineCounter = new LineCounter()
  // `uniqueKeys` compares each key with all before it: for 10,000 keys in one map that takes seconds.
  const document = parseDocument(text, { uniqueKeys: false, version: '1.2', schema: 'core', merge: false, lineCounter })
  const broken = document.errors[0] ?? document.warnings[0]
  if (broken) throw new UserError(`\`${file}\` cannot be read: ${faultOf(broken)}.`)
  const twice = keyTwice(document.contents, lineCounter)
  if (twice !== null) throw new UserError(`\`${file}\` cannot be read: Map keys must be unique at ${twice}.`)
  if (document.contents === null) return { map: [] }
  return treeAt(document.contents)
}

/** What is wrong and where. What the parser quotes of the file is left out: a secret may stand there. */
function faultOf({ message, linePos }: YAMLError): string {
  const what = message.split(/ at line \d|\n/)[0]?.replace(/((?<=\w):|(?<=escape sequence)) .*/, '')
  const [place] = linePos ?? []
  return place ? `${what} at line ${place.line}, column ${place.col}` : `${what}`
}

/** Where a map has a key for the second time: `line 3, column 5`. */
function keyTwice(contents: unknown, lines: LineCounter): string | null {
  let found: string | null = null
  visit(contents as Node | null, {
    Map(_, { items }) {
      const names = new Set<unknown>()
      for (const { key } of items) {
        const name = isScalar(key) ? nameOf(key) : key
        if (names.has(name)) {
          const { line, col } = lines.linePos(isScalar(key) ? (key.range?.[0] ?? 0) : 0)
          found = `line ${line}, column ${col}`
          return visit.BREAK
        }
        names.add(name)
      }
    },
  })
  return found
}

function decoded(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new UserError(`\`${file}\` is not valid UTF-8.`, { cause })
  }
}

function checkJson(file: string, text: string): void {
  try {
    JSON.parse(text)
  } catch (cause) {
    // Of what it says only the place: it quotes the file, in which secrets may stand.
    const place = /position \d+ \(line (\d+) column (\d+)\)/.exec(messageOf(cause))
    const where = place ? `: look at line ${place[1]}, column ${place[2]}` : ''
    throw new UserError(`\`${file}\` is not JSON${where}.`)
  }
}

function treeAt(node: unknown): Tree {
  if (isAlias(node)) return { wrong: 'is an alias of YAML (`*name`), which is not followed: write the value' }
  if (isMap(node)) return { map: node.items.map((pair) => [nameOf(pair.key), treeAt(pair.value)] as const) }
  if (isSeq(node)) return { list: node.items.map((each) => (isPair(each) ? { wrong: 'is no value' } : treeAt(each))) }
  if (!isScalar(node)) return { wrong: 'has no value: write `""` for an empty one' }
  const { value, source } = node
  if (typeof value === 'string') return { text: value }
  if (value === null || value === undefined) return { wrong: 'has no value: write `""` for an empty one' }
  return { text: source ?? String(value) }
}

/** A name that is no plain text gives a key that cannot be. */
function nameOf(key: unknown): string {
  if (!isScalar(key)) return '\0'
  return typeof key.value === 'string' ? key.value : (key.source ?? '\0')
}
