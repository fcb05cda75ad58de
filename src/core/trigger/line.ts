import { ConfigError, UserError } from '../../errors.ts'
import { bareWords, longestMatch } from '../command/catalog.ts'
import { type Catalog, parseCommand } from '../command.ts'
import type { Site } from '../site.ts'
import { filled, takenBy } from '../webhook/settings.ts'
import type { TriggerSettings } from './settings.ts'

/** One word of a command line, whoever registered it in Consul: no space, no quote, no brace, no flag. */
const WORD = /^[A-Za-z0-9_][\w.:-]{0,127}$/

/** A trigger starts an execution: its line begins with a command that has one. Throws a `ConfigError`. */
export function checkTriggerLines({ triggers }: Pick<Site, 'triggers'>, catalog: Catalog): void {
  for (const [name, { line }] of Object.entries(triggers)) {
    const found = longestMatch(catalog, bareWords(line))?.entry
    if (!found) throw new ConfigError(`triggers.${name}.line: \`${line}\` begins with no command.`)
    if (found.command.answer)
      throw new ConfigError(`triggers.${name}.line: \`${found.name}\` only answers; a trigger starts executions.`)
  }
}

/**
 * The line of the site with the values of what happened. Only those that it takes are looked at. Throws a `UserError` where one is no plain
 * word or does not fit its pattern, and where it would make another command of the line.
 */
export function triggerLine(
  catalog: Catalog,
  { line, on }: Pick<TriggerSettings, 'line' | 'on'>,
  values: Readonly<Record<string, string>>,
): string {
  for (const name of takenBy(line)) {
    const value = values[name] ?? ''
    if (!WORD.test(value))
      throw new UserError(`{${name}} is no plain word and goes into no command line: ${quoted(value)}.`)
  }
  const { payload } = 'payload' in on ? on : {}
  if (payload !== undefined && !new RegExp(`^(?:${payload})$`).test(values.payload ?? ''))
    throw new UserError(`What came with the event does not fit what the site allows for it (${payload}).`)
  const text = filled(line, values)
  const meant = longestMatch(catalog, bareWords(line))?.entry.name
  const { name, command } = parseCommand(catalog, text)
  if (name !== meant || command.answer) throw new UserError(`It would make another command of the line: \`${name}\`.`)
  return text
}

function quoted(value: string): string {
  return value === '' ? 'it is empty' : JSON.stringify(value.slice(0, 60))
}
