import type { Wanted } from './access.ts'
import type { ParsedCommand } from './command.ts'

/** What a command line wants, as far as rights are concerned. */
export function wantedOf({ name, command, args }: ParsedCommand): Wanted {
  const environment =
    typeof command.environment === 'function' ? command.environment(args) : (command.environment ?? null)
  return { command: name, allow: command.allow, args, environment }
}
