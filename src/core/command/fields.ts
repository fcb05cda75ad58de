import { UserError } from '../../errors.ts'
import { refuseControl, shown, tidy } from '../text.ts'
import { type Argument, labelOf } from './arguments.ts'
import type { Catalog, Entry } from './catalog.ts'
import { type CommandError, FieldErrors, UnknownCommand, UsageError } from './errors.ts'
import { finish, LONGEST_LINE, type ParsedCommand, read } from './line.ts'
import type { Reading } from './value.ts'

/** What a form gives back, by argument; empty text counts as not given, as a form cannot say the difference. */
export type FormFields = Readonly<Record<string, string | boolean | null | undefined>>

type Right = Extract<Reading, { ok: true }>

/** The same checks as for a line, for the values of a form. Throws `FieldErrors`, one message per field. */
export function parseFields(catalog: Catalog, name: string, fields: FormFields): ParsedCommand {
  const entry = catalog.entries.get(name)
  if (!entry) throw new UnknownCommand(`${shown(name)} is no command.`, { received: name, suggestions: [] })
  const errors = new Map<string, string>(unknownFields(entry, fields))
  const given = new Map<string, Right>()
  for (const argument of entry.arguments) {
    const reading = readField(entry, argument, fields)
    if (typeof reading === 'string') errors.set(argument.name, plain(reading))
    else if (reading) given.set(argument.name, reading)
  }
  if (errors.size) throw new FieldErrors(name, Object.fromEntries(errors))
  return finished(entry, given)
}

/** The value, a message that says what is wrong with it, or null for a field that was left out. */
function readField(entry: Entry, argument: Argument, fields: FormFields): Right | string | null {
  const field = Object.hasOwn(fields, argument.name) ? fields[argument.name] : undefined
  const text = tidy(String(field ?? '')).trim()
  if (text === '') return argument.required ? `Needed: ${argument.expected}.` : null
  if (text.length > LONGEST_LINE) return `${text.length} characters; at most ${LONGEST_LINE} are read.`
  try {
    refuseControl(text)
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
  const reading = read(entry, argument.name, text)
  return reading.ok ? reading : reading.message
}

/** What is wrong with all of them together is shown at the field it is about, or at the first one. */
function finished(entry: Entry, given: ReadonlyMap<string, Right>): ParsedCommand {
  try {
    return finish(entry, given)
  } catch (error) {
    const first = entry.arguments[0]?.name
    if (!(error instanceof UserError) || first === undefined) throw error
    const named = error instanceof UsageError ? error.argument : undefined
    throw new FieldErrors(entry.name, { [named ?? first]: plain((error as CommandError).message) })
  }
}

function unknownFields(entry: Entry, fields: FormFields): [string, string][] {
  const known = entry.arguments.map((argument) => argument.name)
  const labels = entry.arguments.map(labelOf).join(', ')
  return Object.keys(fields)
    .filter((name) => !known.includes(name))
    .map((name) => [name, `${entry.name} has no such argument. It has: ${labels || 'none'}.`])
}

/** A form shows its errors as plain text. */
function plain(message: string): string {
  return message.replaceAll('`', '')
}
