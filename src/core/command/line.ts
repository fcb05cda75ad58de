import type { z } from 'zod'
import { quoted, shown } from '../text.ts'
import { type Argument, labelOf } from './arguments.ts'
import type { Entry } from './catalog.ts'
import type { Args } from './definition.ts'
import { CommandError, MissingArguments, UsageError } from './errors.ts'
import { inOrder, lesson, usageOf } from './usage.ts'
import { type Reading, readValue } from './value.ts'

/** The longest line that is read. Slack allows more; nobody types more. */
export const LONGEST_LINE = 2000

export type ParsedCommand = {
  readonly kind: 'command'
  readonly name: string
  readonly command: Entry['command']
  readonly args: Args
  /** The canonical text: it is read as the same command with the same arguments. */
  readonly line: string
}

type Right = Extract<Reading, { ok: true }>

/** One argument's text, checked. */
export function read(entry: Entry, name: string, text: string): Reading {
  const argument = entry.arguments.find((one) => one.name === name)
  if (!argument) throw new CommandError(`\`${entry.name}\` has no argument ${shown(name)}.`)
  return readValue(argument, entry.command.args.shape[name] as z.ZodType, text)
}

/** The values of a line or a form, each right by itself, become a command that can be run. */
export function finish(entry: Entry, given: ReadonlyMap<string, Right>): ParsedCommand {
  const missing = entry.arguments.filter(({ name, required }) => required && !given.has(name))
  if (missing.length)
    throw missingArguments(
      entry,
      given,
      missing.map(({ name }) => name),
    )
  checkDefaults(entry, given)
  const checked = entry.command.args.safeParse(inputs(given))
  if (!checked.success) throw wrongCombination(entry, checked.error)
  const line = canonical(entry, given)
  checkLength(line)
  return { kind: 'command', name: entry.name, command: entry.command, args: checked.data, line }
}

export function checkLength(line: string): void {
  if (line.length <= LONGEST_LINE) return
  throw new CommandError(`This line has ${line.length} characters; at most ${LONGEST_LINE} are read. Make it shorter.`)
}

function inputs(given: ReadonlyMap<string, Right>): Args {
  return Object.fromEntries([...given].map(([name, { input }]) => [name, input]))
}

function missingArguments(entry: Entry, given: ReadonlyMap<string, Right>, missing: readonly string[]) {
  const wanted = entry.arguments.filter(({ name }) => missing.includes(name))
  const list = wanted.map((argument) => `\`${labelOf(argument)}\`${explained(argument)}`).join(' and ')
  return new MissingArguments(`\`${entry.name}\` needs ${list}.${lesson(entry)}`, {
    command: entry.name,
    given: Object.fromEntries([...given].map(([name, { value }]) => [name, value])),
    missing,
    usage: usageOf(entry),
  })
}

function explained({ description, kind, expected }: Argument): string {
  const parts = [description, kind === 'text' ? '' : expected].filter(Boolean)
  return parts.length ? ` (${parts.join('; ')})` : ''
}

/** A default stands in the command file and its choices in the site: only here do they meet. */
function checkDefaults(entry: Entry, given: ReadonlyMap<string, Right>): void {
  const { arguments: list } = entry
  for (const argument of list.filter(({ name, default: standard }) => standard !== undefined && !given.has(name))) {
    const reading = read(entry, argument.name, String(argument.default))
    if (reading.ok) continue
    const received = String(argument.default)
    const message = `The default of \`${labelOf(argument)}\` does not fit this site. ${reading.message}${lesson(entry)}`
    throw new UsageError(message, {
      problem: 'wrong value',
      command: entry.name,
      argument: argument.name,
      expected: argument.expected,
      received,
      usage: usageOf(entry),
    })
  }
}

function wrongCombination(entry: Entry, error: z.ZodError): UsageError {
  const said = error.issues.map(({ path, message }) => [...path.map(String), message].join(': ')).join('; ')
  return new UsageError(`These values do not go together: ${said}.${lesson(entry)}`, {
    problem: 'wrong combination',
    command: entry.name,
    received: said,
    usage: usageOf(entry),
  })
}

function canonical(entry: Entry, given: ReadonlyMap<string, Right>): string {
  const pieces = inOrder(entry.arguments).flatMap((argument) => {
    const right = given.get(argument.name)
    return right && right.value !== argument.default ? pieceOf(argument, right.text) : []
  })
  return [entry.name, ...pieces].join(' ')
}

function pieceOf(argument: Argument, text: string): string {
  if (argument.kind === 'rest') return verbatim(text)
  if (!argument.flag) return argument.kind === 'number' ? text : quoted(text)
  if (argument.kind === 'boolean') return text === 'true' ? argument.flag : `${argument.flag}=false`
  return `${argument.flag} ${argument.kind === 'number' ? text : quoted(text)}`
}

/** The rest of a line stands as it is, unless its beginning would be read as a flag or as a quote. */
function verbatim(text: string): string {
  const plain = text === text.trim() && /^[^\s"'\u2010-\u2015\u2212-][^\s"']*(\s|$)/.test(text)
  return plain ? text : quoted(text)
}
