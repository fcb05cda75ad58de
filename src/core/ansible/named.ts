import { UserError } from '../../errors.ts'
import type { Site } from '../site.ts'
import type { PlaybookSettings } from './settings.ts'

/** The settings of a playbook. Throws a `UserError` that names those there are. */
export function playbookNamed(site: Pick<Site, 'playbooks'>, name: string): PlaybookSettings {
  const settings = Object.hasOwn(site.playbooks, name) ? site.playbooks[name] : undefined
  if (settings) return settings
  const known = Object.keys(site.playbooks).join(', ') || 'none'
  throw new UserError(`There is no playbook \`${name}\` in the site; there are ${known}.`)
}
