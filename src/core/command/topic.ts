import { UserError } from '../../errors.ts'
import { shown, wordAt } from '../text.ts'
import {
  type BareWord,
  type Catalog,
  type Entry,
  entriesUnder,
  groupOf,
  joined,
  longestMatch,
  topics,
} from './catalog.ts'
import { CommandGroup, UnknownCommand } from './errors.ts'
import { didYouMean, nearestCommands } from './suggest.ts'
import { usageOf } from './usage.ts'

/** `topic` is a command's name, the first words of several, or empty for all of them. */
export type HelpRequest = { readonly kind: 'help'; readonly topic: string }

const HELP = ['help', '--help', '-h']
const HINT = 'Write `help` to see what there is.'

export function isHelp(word: string | undefined): boolean {
  return HELP.includes(word?.toLowerCase() ?? '')
}

/** `--help` anywhere among the arguments, even among wrong ones; what a command takes as the rest of its line is not its own. */
export function asksForHelp(entry: Entry, text: string): boolean {
  const takesRest = entry.arguments.some(({ kind }) => kind === 'rest')
  const typed = readableWords(text)
  const own = takesRest ? typed.slice(0, 1) : typed.slice(0, typed.includes('--') ? typed.indexOf('--') : undefined)
  return own.some((word) => word === '--help' || word === '-h')
}

/** `help`, `help loadtest up`. */
export function requestHelp(catalog: Catalog, typed: readonly BareWord[]): HelpRequest {
  const words = isHelp(typed.at(-1)?.text) ? typed.slice(0, -1) : typed
  const topic = joined(words)
  if (topics(catalog).includes(topic) || topic === '') return { kind: 'help', topic }
  const match = longestMatch(catalog, words)?.entry.name
  const near = match ? [match] : nearest(catalog, words)
  const suggestions = near.map((name) => `help ${name}`)
  const received = `help ${words.map(({ text }) => text).join(' ')}`
  const hint = suggestions.length ? '' : ` ${HINT}`
  throw new UnknownCommand(`\`help\` knows no command ${shown(topic)}.${didYouMean(suggestions)}${hint}`, {
    received,
    suggestions,
  })
}

/** The line names no command: help for a group (`loadtest help`), or an error that says what was probably meant. */
export function unknownCommand(catalog: Catalog, typed: readonly BareWord[]): HelpRequest {
  const group = groupOf(catalog, typed)
  if (!group) throw unknown(catalog, typed, 1)
  const behind = typed.slice(group.count)
  if (isHelp(behind[0]?.text)) return requestHelp(catalog, [...typed.slice(0, group.count), ...behind.slice(1)])
  if (behind.length > 0) throw unknown(catalog, typed, group.count + 1)
  const entries = entriesUnder(catalog, group.group)
  const commands = entries.map(({ name }) => name)
  const list = entries.map((entry) => `\n• \`${usageOf(entry)}\`: ${entry.command.summary}`).join('')
  throw new CommandGroup(`\`${group.group}\` alone is no command. It is the beginning of:${list}`, {
    group: group.group,
    commands,
  })
}

function unknown(catalog: Catalog, typed: readonly BareWord[], count: number): UnknownCommand {
  const suggestions = nearest(catalog, typed)
  const received = typed
    .slice(0, count)
    .map(({ text }) => text)
    .join(' ')
  const group = groupOf(catalog, typed)?.group
  const under = group && !suggestions.length ? entriesUnder(catalog, group).map(({ name }) => `\`${name}\``) : []
  const list = under.length ? ` There is ${under.join(', ')}.` : ''
  const message = `${shown(received)} is no command.${didYouMean(suggestions)}${list} ${HINT}`
  return new UnknownCommand(message, { received, suggestions })
}

/** Commands first; the beginning of a group only where no command is near. A group that was typed right is no news. */
function nearest(catalog: Catalog, typed: readonly BareWord[]): string[] {
  const words = typed.map(({ text }) => text)
  const commands = nearestCommands(words, [...catalog.entries.keys(), 'help'])
  if (commands.length || groupOf(catalog, typed)) return commands
  return nearestCommands(words.slice(0, 1), topics(catalog))
}

/** The unquoted words, as far as the line can be read: who asks for help may have left a quote open. */
function readableWords(text: string): string[] {
  const found: string[] = []
  try {
    for (let word = wordAt(text, 0); word; word = wordAt(text, word.end)) {
      if (!word.quoted) found.push(word.text)
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
  }
  return found
}
