import type { ImageRelease, ImageVersion } from '../catalogue.ts'
import type { EnvironmentRecord } from '../environment.ts'
import type { ServiceSettings } from './settings.ts'

/** What the site and the store know of the place of a release; null where the site does not name the service any more. */
export type PlaceOfRelease = {
  readonly record: EnvironmentRecord
  readonly variables: ServiceSettings['variables'] | null
}

/**
 * The entry as things stand. The catalogue hears only of releases; an environment also goes down, or gets other variables by an apply
 * that is no release. What that ended is not live any more, whatever is recorded.
 */
export function asItStands(entry: ImageVersion, placeOf: (release: ImageRelease) => PlaceOfRelease): ImageVersion {
  const releases = entry.releases.map((each) =>
    each.until === null ? { ...each, until: endOf(each, entry, placeOf(each)) } : each,
  )
  return { ...entry, releases }
}

function endOf(release: ImageRelease, { version, releases }: ImageVersion, place: PlaceOfRelease): number | null {
  const { live, last } = place.record
  const again = releases.find((each) => isSamePlace(each, release) && each.since > release.since)
  if (again) return again.since
  const at = (time: number) => Math.max(time, release.since)
  if (!live) return last?.up === false ? at(last.at) : null
  if (!place.variables) return null
  const there = [place.variables.live, place.variables.next].map((name) => String(live.variables[name] ?? ''))
  return there.includes(version) ? null : at(live.at)
}

function isSamePlace(one: ImageRelease, other: ImageRelease): boolean {
  return one.service === other.service && one.environment === other.environment && one.healthy
}
