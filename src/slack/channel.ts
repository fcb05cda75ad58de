import type { Execution } from '../core/execution.ts'
import type { Site } from '../core/site.ts'
import { channelOf } from '../core/target.ts'
import { fallback } from './deliver.ts'

/** Where an execution is shown: where it was asked for, or where the site says. */
export function channelFor(site: Site, { origin, environment }: Pick<Execution, 'origin' | 'environment'>): string {
  const channel = origin.channel ?? channelOf(site, environment) ?? fallback(site)
  if (!channel) throw new Error('The site names no channel: give it `channels: { ops: C... }`.')
  return channel
}
