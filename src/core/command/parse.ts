import { refuseControl, shown, type Word, wordAt } from '../text.ts'
import type { Argument } from './arguments.ts'
import { bareWords, type Catalog, type Entry, longestMatch } from './catalog.ts'
import { CommandError } from './errors.ts'
import { checkLength, finish, type ParsedCommand, read } from './line.ts'
import { extraWord, flagWithoutValue, repeatedFlag, unknownFlag, wrongValue } from './refusals.ts'
import { asksForHelp, type HelpRequest, isHelp, requestHelp, unknownCommand } from './topic.ts'
import type { Reading } from './value.ts'

export type Parsed = ParsedCommand | HelpRequest

/**
 * One line of plain text -> a command with checked arguments, or a request for help. Everything else is thrown as a
 * `CommandError`. Text from a person goes through `plainText` first; a stored canonical line does not.
 */
export function parseLine(catalog: Catalog, text: string): Parsed {
  checkLength(text)
  refuseControl(text)
  const typed = bareWords(text)
  if (typed.length === 0 || isHelp(typed[0]?.text)) return requestHelp(catalog, typed.slice(1))
  const match = longestMatch(catalog, typed)
  if (!match) return unknownCommand(catalog, typed)
  if (asksForHelp(match.entry, text.slice(match.end))) return { kind: 'help', topic: match.entry.name }
  const texts = split(match.entry, text, match.end)
  return texts ? finish(match.entry, checked(match.entry, texts)) : { kind: 'help', topic: match.entry.name }
}

/** The command of a line that is known to be one: an example, a schedule, a stored line. */
export function parseCommand(catalog: Catalog, text: string): ParsedCommand {
  const parsed = parseLine(catalog, text)
  if (parsed.kind === 'command') return parsed
  throw new CommandError(`${shown(text)} asks for help; write a command that can be run.`)
}

type Cursor = { readonly entry: Entry; readonly text: string; readonly given: Map<string, string> }

/** Words -> text by argument, or null where help was asked for. The rest of a line is taken unread. */
function split(entry: Entry, text: string, from: number): Map<string, string> | null {
  const cursor: Cursor = { entry, text, given: new Map() }
  const positionals = entry.arguments.filter(({ flag }) => !flag)
  let flagsEnded = false
  let at = from
  for (let word = wordAt(text, at); word; word = wordAt(text, at)) {
    const positional = positionals.find(({ name }) => !cursor.given.has(name))
    at = word.end
    if (!flagsEnded && !word.quoted && word.text === '--') {
      flagsEnded = true
    } else if (!flagsEnded && looksLikeFlag(word, positional)) {
      if (isHelp(word.text)) return null
      at = readFlag(cursor, word)
    } else if (!positional) {
      throw extraWord(entry, word.text, cursor.given)
    } else {
      const isRest = positional.kind === 'rest'
      cursor.given.set(positional.name, isRest ? restOf(text, word) : word.text)
      if (isRest) return cursor.given
    }
  }
  return cursor.given
}

/** Reads one flag with its value; answers where the next word begins. */
function readFlag({ entry, text, given }: Cursor, word: Word): number {
  const equals = word.text.indexOf('=')
  const flag = equals < 0 ? word.text : word.text.slice(0, equals)
  const argument = entry.arguments.find((one) => (one.flag ?? one.alias) === flag)
  if (!argument) throw unknownFlag(entry, flag)
  if (given.has(argument.name)) throw repeatedFlag(entry, argument)
  if (equals >= 0) {
    if (text.slice(word.start, word.end) === `${flag}=`) throw flagWithoutValue(entry, argument)
    given.set(argument.name, word.text.slice(equals + 1))
    return word.end
  }
  if (argument.kind === 'boolean') {
    given.set(argument.name, 'true')
    return word.end
  }
  const value = wordAt(text, word.end)
  if (!value || looksLikeFlag(value, argument)) throw flagWithoutValue(entry, argument, value?.text)
  given.set(argument.name, value.text)
  return value.end
}

/** A quoted word is a value, and so is `-5` where a number is expected. */
function looksLikeFlag(word: Word, expected: Argument | undefined): boolean {
  if (word.quoted || !word.text.startsWith('-')) return false
  return !(expected?.kind === 'number' && /^-\d/.test(word.text))
}

/** As typed; only quotes around all of it are taken off. */
function restOf(text: string, first: Word): string {
  const rest = text.slice(first.start).trimEnd()
  return first.quoted && first.end - first.start === rest.length ? first.text : rest
}

function checked(entry: Entry, texts: ReadonlyMap<string, string>) {
  const right = new Map<string, Extract<Reading, { ok: true }>>()
  for (const [name, text] of texts) {
    const reading = read(entry, name, text)
    if (!reading.ok) throw wrongValue(entry, { argument: name, text, reading })
    right.set(name, reading)
  }
  return right
}
