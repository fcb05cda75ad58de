import { ConfigError, UserError } from '../../errors.ts'
import { bareWords, longestMatch } from '../command/catalog.ts'
import { type Catalog, parseCommand } from '../command.ts'
import { fitsAll } from '../pattern.ts'
import type { Site } from '../site.ts'
import { shown } from '../text.ts'
import { filled, takenBy } from '../webhook/settings.ts'
import { isOnJenkins, isOnService, type TriggerOn } from './on.ts'
import type { TriggerSettings } from './settings.ts'

/** One word of a command line, whoever registered it in Consul: no space, no quote, no brace, no flag. */
const WORD = /^[A-Za-z0-9_][\w.:-]{0,127}$/

/** What the site has a pattern for may be a little more, such as a branch or a version with a build number. */
const HELD_WORD = /^[A-Za-z0-9_][\w.:/@+-]{0,199}$/

/** No pattern is tried on more than this: what an event may carry is far less. */
const LONGEST = 4_096

/** A trigger starts an execution: its line begins with a command that has one, and is a whole one where it takes no value. Throws a `ConfigError`. */
export function checkTriggerLines({ triggers }: Pick<Site, 'triggers'>, catalog: Catalog): void {
  for (const [name, { line }] of Object.entries(triggers)) {
    const found = longestMatch(catalog, bareWords(line))?.entry
    if (!found) throw new ConfigError(`triggers.${name}.line: \`${line}\` begins with no command.`)
    if (found.command.answer)
      throw new ConfigError(`triggers.${name}.line: \`${found.name}\` only answers; a trigger starts executions.`)
    if (takenBy(line).length === 0) checkWhole(catalog, name, line)
  }
}

function checkWhole(catalog: Catalog, name: string, line: string): void {
  try {
    parseCommand(catalog, line)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new ConfigError(`triggers.${name}.line: ${error.message}`, { cause: error })
  }
}

/**
 * The line of the site with the values of what happened. Only those that it takes or has a pattern for are looked at. Throws a `UserError`
 * where one is no plain word or does not fit its pattern, and where it would make another command of the line.
 */
export function triggerLine(
  catalog: Catalog,
  { line, on }: Pick<TriggerSettings, 'line' | 'on'>,
  values: Readonly<Record<string, string>>,
): string {
  const patterns = patternsOf(on)
  for (const name of takenBy(line)) {
    const value = givenAs(values, name)
    if (!(Object.hasOwn(patterns, name) ? HELD_WORD : WORD).test(value))
      throw new UserError(`{${name}} is no plain word and goes into no command line: ${said(value)}.`)
  }
  for (const [name, pattern] of Object.entries(patterns)) {
    const value = givenAs(values, name)
    if (value.length > LONGEST || !fitsAll(pattern, value))
      throw new UserError(`{${name}} does not fit what the site allows for it (${pattern}): ${said(value)}.`)
  }
  const text = filled(line, values)
  const meant = longestMatch(catalog, bareWords(line))?.entry.name
  const { name, command } = parseCommand(catalog, text)
  if (name !== meant || command.answer) throw new UserError(`It would make another command of the line: \`${name}\`.`)
  return text
}

/** The patterns of the site, by the value that each is for. */
function patternsOf(on: TriggerOn): Readonly<Record<string, string>> {
  if (isOnService(on)) return {}
  if (isOnJenkins(on)) return on.parameters
  return on.payload === undefined ? {} : { payload: on.payload }
}

function givenAs(values: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(values, name) ? (values[name] ?? '') : ''
}

/** Escaped, so that what cannot be seen is seen. */
function said(value: string): string {
  return value === '' ? 'it is empty' : shown(JSON.stringify(value), 60)
}
