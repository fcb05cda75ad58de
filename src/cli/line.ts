import { plainText } from '../core/text.ts'
import { lineOf } from './options.ts'

/** Words of a command line -> the line as the person meant it. */
export function typedLine(words: readonly string[]): string {
  return asTyped(lineOf(words))
}

/** One line as a person types it, also as it is typed in Slack (`/loadtest up small`, `/crew help`, `@groundcrew help`). */
export function asTyped(raw: string): string {
  return plainText(raw).replace(/^(?:\/crew(?!\S)|@groundcrew(?!\S)|\/(?=[a-z]))\s*/i, '')
}

/** `list`, `show` and `cancel` for the commands that a person runs most. */
export const SHORTHANDS: ReadonlyMap<string, string> = new Map([
  ['list', 'runs list'],
  ['show', 'runs show'],
  ['cancel', 'runs cancel'],
])
