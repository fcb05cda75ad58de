import { UserError } from '../../errors.ts'
import type { Site } from '../site.ts'
import type { ScriptSettings } from './settings.ts'

/** The settings of a script. Throws a `UserError` that names those there are. */
export function scriptNamed(site: Site, name: string): ScriptSettings {
  const settings = Object.hasOwn(site.scripts, name) ? site.scripts[name] : undefined
  if (settings) return settings
  throw new UserError(
    `There is no script \`${name}\` in the site; there are ${Object.keys(site.scripts).join(', ') || 'none'}.`,
  )
}
