import { UserError } from '../../errors.ts'
import type { Site } from '../site.ts'
import type { JenkinsSettings } from './settings.ts'

/** The settings of a job. Throws a `UserError` that names those there are. */
export function jobNamed(site: Pick<Site, 'jenkins'>, name: string): JenkinsSettings {
  const settings = Object.hasOwn(site.jenkins, name) ? site.jenkins[name] : undefined
  if (settings) return settings
  const known = Object.keys(site.jenkins).join(', ') || 'none'
  throw new UserError(`There is no job \`${name}\` under \`jenkins\` in the site; there are ${known}.`)
}
