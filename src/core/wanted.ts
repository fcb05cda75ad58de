import type { Wanted } from './access.ts'
import type { ParsedCommand } from './command.ts'
import type { Site } from './site.ts'
import { imageTarget } from './target.ts'

/** What a command line wants, as far as rights are concerned. Throws a `UserError` where it does not say on what, and there are several. */
export function wantedOf({ name, command, args }: ParsedCommand, site: Site): Wanted {
  const { environment, image } = command
  if (image) return { command: name, allow: command.allow, args, environment: imageTarget(image(args)) }
  const named = typeof environment === 'function' ? environment(args, site) : (environment ?? null)
  return { command: name, allow: command.allow, args, environment: named }
}
