import type { Catalog } from '../core/command.ts'
import { complete } from '../core/command.ts'
import type { Site } from '../core/site.ts'
import { membersOf } from './places.ts'
import { OWN_WORDS } from './talk.ts'

/** What Tab offers, as readline wants it: the words that may stand there, and the part of the line that they replace. */
export function completer({ catalog, site }: { readonly catalog: Catalog; readonly site: Site }) {
  return (line: string): [string[], string] => {
    const last = /\S*$/.exec(line)?.[0] ?? ''
    const words = found(line).filter((word) => word.startsWith(last))
    return [words.length === 1 ? words.map((word) => `${word} `) : words, last]
  }

  function found(line: string): string[] {
    const before = line.trimStart().split(/\s+/).slice(0, -1)
    if (before.length === 1 && before[0] === 'as') return [...(site.demo ? membersOf(site) : []), 'me']
    const words = complete(catalog, line)
    return before.length === 0 ? [...new Set([...words, ...OWN_WORDS])].toSorted() : words
  }
}
