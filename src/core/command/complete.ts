import { UserError } from '../../errors.ts'
import { words } from '../text.ts'
import type { Argument } from './arguments.ts'
import { bareWords, type Catalog, type Entry, longestMatch } from './catalog.ts'

/** What the last word of an unfinished line may become (after a space: what may come next). Empty when anything may. */
export function complete(catalog: Catalog, partialLine: string): string[] {
  const end = partialLine.search(/\S*$/)
  const [before, last] = [partialLine.slice(0, end), partialLine.slice(end)]
  const typed = bareWords(before)
  const afterHelp = typed[0]?.text.toLowerCase() === 'help'
  const path = (afterHelp ? typed.slice(1) : typed).map(({ text }) => text.toLowerCase())
  const match = afterHelp ? null : longestMatch(catalog, typed)
  const names = nextWords(catalog, path)
  const start = typed.length === 0 ? ['help'] : []
  const found = match ? argumentWords(match.entry, before.slice(match.end), last) : []
  const all = [...new Set([...names, ...start, ...found])]
  return all.filter((word) => word.toLowerCase().startsWith(last.toLowerCase())).toSorted()
}

/** The words that continue a name. */
function nextWords(catalog: Catalog, path: readonly string[]): string[] {
  return [...catalog.entries.keys()]
    .map((name) => name.split(' '))
    .filter((name) => name.length > path.length && path.every((word, index) => word === name[index]))
    .flatMap((name) => name[path.length] ?? [])
}

function argumentWords(entry: Entry, before: string, last: string): readonly string[] {
  const typed = readable(before)
  const flags = entry.arguments.filter(({ flag }) => flag)
  const known = [...flags, ...entry.arguments.flatMap((one) => (one.alias ? [{ ...one, flag: one.alias }] : []))]
  const inline = flags.find(({ flag }) => last.startsWith(`${flag}=`))
  if (inline) return (inline.choices ?? []).map((choice) => `${inline.flag}=${choice}`)
  const open = known.find(({ flag, kind }) => flag === typed.at(-1) && kind !== 'boolean')
  if (open) return valuesOf(open)
  const unused = flags.flatMap(({ flag }) => (typed.some((word) => word.split('=')[0] === flag) ? [] : (flag ?? [])))
  const positional = entry.arguments.filter(({ flag }) => !flag)[positionalsIn(typed, known)]
  return [...(positional ? valuesOf(positional) : []), ...unused, ...(typed.length === 0 ? ['--help'] : [])]
}

function valuesOf(argument: Argument): readonly string[] {
  if (argument.choices) return argument.choices
  return argument.default === undefined ? [] : [String(argument.default)]
}

function positionalsIn(typed: readonly string[], flags: readonly Argument[]): number {
  const takesNext = (word: string | undefined) => flags.some(({ flag, kind }) => flag === word && kind !== 'boolean')
  return typed.filter((word, index) => !word.startsWith('-') && !takesNext(typed[index - 1])).length
}

/** An unfinished line may have an open quote: then nothing is known about it. */
function readable(text: string): string[] {
  try {
    return words(text).map((word) => word.text)
  } catch (error) {
    if (error instanceof UserError) return []
    throw error
  }
}
