import { z } from 'zod'
import type { LoadSettings } from '../../core/load/settings.ts'
import { reference } from '../../core/reference.ts'
import type { Site } from '../../core/site.ts'
import { UserError } from '../../errors.ts'

/** The settings of a load test. Throws a `UserError` that names those there are. */
export function planNamed(site: Site, name: string): LoadSettings {
  const settings = site.loadtests[name]
  if (settings) return settings
  throw new UserError(
    `There is no load test \`${name}\` in the site; there are ${Object.keys(site.loadtests).join(', ') || 'none'}.`,
  )
}

/**
 * Where the load goes, as `load.target` finds it when it runs: a retry of what needs it looks there again, and so loads anew with all
 * generators.
 */
export const urls = z.union([reference, z.array(z.string())])

/** The same once the stage has started. */
export const foundUrls = z.array(z.string())

/** What one of so many generators gets of a whole: the first ones get what is left over. */
export function shareOf(whole: number, share: number, of: number): number {
  return Math.floor(whole / of) + (share <= whole % of ? 1 : 0)
}
