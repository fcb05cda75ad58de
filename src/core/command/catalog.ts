import { ConfigError } from '../../errors.ts'
import type { Site } from '../site.ts'
import { type Argument, argumentsOf } from './arguments.ts'
import type { Command } from './definition.ts'

/** A command with its name and its arguments as this site has them. */
export type Entry = { readonly name: string; readonly command: Command; readonly arguments: readonly Argument[] }

/** All commands by name, in the order of the alphabet. */
export type Catalog = { readonly entries: ReadonlyMap<string, Entry>; readonly site: Site }

/** A word of a line before quotes are looked at: names of commands are never quoted. */
export type BareWord = { readonly text: string; readonly end: number }

const NAME = /^[a-z0-9][a-z0-9-]*( [a-z0-9][a-z0-9-]*)*$/

/** Throws a `ConfigError` for a command that could never be typed: a bad name, two of one name, arguments that contradict each other. */
export function createCatalog(commands: readonly { name: string; command: Command }[], site: Site): Catalog {
  const entries = new Map<string, Entry>()
  for (const { name, command } of commands.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    if (!NAME.test(name)) refuse(name, 'a name is made of lower-case words (letters, digits, -)')
    if (entries.has(name)) refuse(name, 'there are two commands of this name')
    entries.set(name, { name, command, arguments: checkedArguments(name, command, site) })
  }
  return { entries, site }
}

export function bareWords(text: string): BareWord[] {
  return [...text.matchAll(/\S+/g)].map((found) => ({ text: found[0], end: found.index + found[0].length }))
}

/** The command with the longest name that the line begins with, and where its arguments start. Phones write `Loadtest`. */
export function longestMatch(catalog: Catalog, typed: readonly BareWord[]): { entry: Entry; end: number } | null {
  for (let count = typed.length; count > 0; count--) {
    const entry = catalog.entries.get(joined(typed.slice(0, count)))
    if (entry) return { entry, end: typed[count - 1]?.end ?? 0 }
  }
  return null
}

/** `loadtest`, where there is `loadtest up` but the line names no command: the longest such beginning, or null. */
export function groupOf(catalog: Catalog, typed: readonly BareWord[]): { group: string; count: number } | null {
  for (let count = typed.length; count > 0; count--) {
    const group = joined(typed.slice(0, count))
    if (entriesUnder(catalog, group).some(({ name }) => name !== group)) return { group, count }
  }
  return null
}

/** The command of this name and those whose names begin with it; all of them for an empty name. */
export function entriesUnder(catalog: Catalog, topic: string): Entry[] {
  return [...catalog.entries.values()].filter(
    ({ name }) => topic === '' || name === topic || name.startsWith(`${topic} `),
  )
}

/** Everything that may stand at the start of a line: names, their groups and `help`. */
export function topics(catalog: Catalog): string[] {
  const names = [...catalog.entries.keys()]
  const groups = names.flatMap((name) => name.split(' ').map((_, index, words) => words.slice(0, index).join(' ')))
  return [...new Set([...names, ...groups.filter(Boolean)])]
}

export function joined(words: readonly { text: string }[]): string {
  return words
    .map(({ text }) => text)
    .join(' ')
    .toLowerCase()
}

function checkedArguments(name: string, command: Command, site: Site): Argument[] {
  const list = argumentsOf(command, site)
  const flags = list.flatMap(({ flag, alias }) => flag ?? alias ?? [])
  const positionals = list.filter(({ flag }) => !flag)
  const optional = positionals.find(({ required }) => !required)
  const rest = list.findIndex(({ kind }) => kind === 'rest')
  if (flags.includes('--help') || list.some((argument) => argument.name === '__proto__')) {
    refuse(name, '`help` and `__proto__` cannot be arguments; `--help` is understood for every command')
  }
  if (new Set(flags).size < flags.length) refuse(name, `two arguments have the same flag (${flags.join(', ')})`)
  if (rest >= 0 && list.slice(rest + 1).some(({ flag }) => !flag)) {
    refuse(name, `\`${list[rest]?.name}\` takes the rest of the line, so no positional can follow it`)
  }
  if (optional && optional !== positionals.at(-1)) {
    refuse(name, `\`${optional.name}\` may be left out, so no positional can follow it`)
  }
  return list
}

function refuse(name: string, why: string): never {
  throw new ConfigError(`The command \`${name}\` cannot be used: ${why}.`)
}
