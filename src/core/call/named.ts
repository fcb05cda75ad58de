import { UserError } from '../../errors.ts'
import type { Site } from '../site.ts'
import type { CallSettings } from './settings.ts'

/** The settings of a call. Throws a `UserError` that names those there are. */
export function callNamed(site: Pick<Site, 'calls'>, name: string): CallSettings {
  const settings = Object.hasOwn(site.calls, name) ? site.calls[name] : undefined
  if (settings) return settings
  const known = Object.keys(site.calls).join(', ') || 'none'
  throw new UserError(`There is no call \`${name}\` in the site; there are ${known}.`)
}
