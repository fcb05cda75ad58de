import type { ImageRelease, ImageVersion } from '../core/catalogue.ts'
import type { RunContext } from '../core/workflow.ts'
import { createCatalogue } from './catalogue.ts'
import type { Groups } from './release-groups.ts'

type Place = Pick<Groups, 'environment' | 'service'>
type Change = (entry: ImageVersion) => ImageVersion

/**
 * Writes what has just come into service, so that the catalogue is never behind what serves. One version is live, never two, whatever it
 * thought before. A second time changes nothing; `stays` is for a version that was in service before, which is live since then.
 */
export async function recordLive(groups: Groups, context: RunContext, stays: boolean): Promise<void> {
  const { image, version, client } = groups
  const catalogue = createCatalogue(client)
  const release = releaseOf(groups, context, { until: null, healthy: true })
  await catalogue.change(image, version, (entry) =>
    stays && entry.releases.some((each) => isOpen(each, groups)) ? entry : opened(entry, release),
  )
  for (const each of await catalogue.list(image)) {
    if (each.version === version || !each.releases.some((one) => isOpen(one, groups))) continue
    await catalogue.change(image, each.version, (entry) => closed(entry, groups, context.now()))
  }
}

/**
 * The old version serves again: it is live from now on where the new one was recorded as live, and the new one is not. It is opened
 * before the other is closed, so that doing it once more after a crash in between ends the same.
 */
export async function recordReturned(groups: Groups, context: RunContext): Promise<void> {
  const { image, version, old, client } = groups
  const catalogue = createCatalogue(client)
  const mine = await catalogue.find(image, version)
  if (!mine?.releases.some((each) => isOpen(each, groups))) return
  const open: Change = (entry) =>
    entry.releases.some((each) => isOpen(each, groups))
      ? entry
      : { ...entry, releases: [...entry.releases, releaseOf(groups, context, { until: null, healthy: true })] }
  if (old !== '' && (await catalogue.find(image, old))) await catalogue.change(image, old, open)
  await catalogue.change(image, version, (entry) => closed(entry, groups, context.now()))
}

/** That this release of it did not hold: nothing to go back to. What an earlier one was stays as it was. */
export async function recordFailure(groups: Groups, context: RunContext): Promise<void> {
  const failure = releaseOf(groups, context, { until: context.now(), healthy: false })
  await createCatalogue(groups.client).change(groups.image, groups.version, (entry) => {
    const mine = (each: ImageRelease) => isSame(each, failure)
    if (!entry.releases.some(mine)) return { ...entry, releases: [...entry.releases, failure] }
    const until = (each: ImageRelease) => each.until ?? failure.until
    const releases = entry.releases.map((each) => (mine(each) ? { ...each, healthy: false, until: until(each) } : each))
    return { ...entry, releases }
  })
}

function releaseOf(
  { environment, service }: Groups,
  { by, execution, now }: RunContext,
  how: Pick<ImageRelease, 'until' | 'healthy'>,
): ImageRelease {
  return { environment, service, since: now(), ...how, by, execution }
}

/** Added once for each execution, however often the stage is started. What was open there before was live until now at most. */
function opened(entry: ImageVersion, release: ImageRelease): ImageVersion {
  if (entry.releases.some((each) => isSame(each, release))) return entry
  const { releases } = closed(entry, release, release.since)
  return { ...entry, releases: [...releases, release] }
}

function isSame(one: ImageRelease, { execution, environment, service }: ImageRelease): boolean {
  return one.execution === execution && one.environment === environment && one.service === service
}

function isOpen({ environment, service, until }: ImageRelease, place: Place): boolean {
  return until === null && environment === place.environment && service === place.service
}

function closed(entry: ImageVersion, place: Place, now: number): ImageVersion {
  const releases = entry.releases.map((each) => (isOpen(each, place) ? { ...each, until: now } : each))
  return { ...entry, releases }
}
