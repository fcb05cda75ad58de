import { distance } from 'fastest-levenshtein'
import { UserError } from '../../errors.ts'
import { nameOfId } from '../actor.ts'
import type { ImageRelease, ImageVersion } from '../catalogue.ts'
import { isBad, newestFirst } from '../catalogue.ts'
import { dayAndClock } from '../judgment.ts'

/** What a release is about. `live` and `next` are the versions that the stack has now, as its variables say; empty for none. */
export type ReleaseTarget = {
  readonly service: string
  readonly image: string
  readonly environment: string
  readonly live: string
  readonly next: string
  /** Versions with instances in service, as Consul sees them now. */
  readonly inService: readonly string[]
}

/** `version` is null for a rollback that names none. */
export type Choice = { readonly version: string | null; readonly rollback: boolean }

/**
 * `version` comes, `old` goes (empty for none). `live` and `next` are what the stack is given until the old group goes; `needed` is false
 * where all of it stands so already.
 */
export type Chosen = {
  readonly version: string
  readonly old: string
  readonly live: string
  readonly next: string
  readonly needed: boolean
  /** Its group is there already: an earlier release of it did not end. */
  readonly stands: boolean
  /** Whether there is something to go back to when it fails: what serves now, what did so healthily, or the nothing of before. */
  readonly mayReturn: boolean
  readonly entry: ImageVersion
}

/** The version to release, checked against what the catalogue knows. Throws a `UserError` that says what could be released instead. */
export function chooseVersion(target: ReleaseTarget, choice: Choice, versions: readonly ImageVersion[]): Chosen {
  const entry = choice.rollback ? backTo(target, choice.version, versions) : named(target, choice.version, versions)
  const placed = placeOf(target, entry)
  return { ...placed, mayReturn: mayReturn(target, placed, versions) }
}

type Placed = Omit<Chosen, 'mayReturn'>

function placeOf(target: ReleaseTarget, entry: ImageVersion): Placed {
  const { version } = entry
  const stands = version === target.live || version === target.next
  if (isBad(entry)) throw new UserError(`${badText(entry)} It is not released.`)
  // What stands alone beside nothing is the group that counts: a first release that was not finished.
  const [live, next] = target.live === '' ? [target.next, ''] : [target.live, target.next]
  if (next === live || next === '') {
    if (version === live && target.live !== '')
      return { version, old: '', live, next: '', needed: false, stands, entry }
    if (version === live) return { version, old: '', live: '', next: version, needed: true, stands, entry }
    return { version, old: live, live, next: version, needed: true, stands, entry }
  }
  if (version === live || version === next)
    return { version, old: version === live ? next : live, live, next, needed: true, stands, entry }
  throw new UserError(
    `${target.service} in ${target.environment} has \`${live}\` and \`${next}\` side by side: a release of \`${next}\` was not finished. Finish it with \`deploy ${target.service} ${next} --to ${target.environment}\`, or go back with \`deploy ${target.service} ${live} --to ${target.environment}\`; then ask again.`,
  )
}

function named({ image }: ReleaseTarget, version: string | null, versions: readonly ImageVersion[]): ImageVersion {
  const found = versions.find((each) => each.version === version)
  if (found) return found
  if (versions.length === 0)
    throw new UserError(`The image ${image} has no version yet: bake one with \`bake ${image}\`.`)
  throw new UserError(`There is no version \`${version}\` of the image ${image}. ${nearText(version ?? '', versions)}`)
}

/** Only what was live and healthy here is gone back to, and never what was marked bad since. */
function backTo(target: ReleaseTarget, version: string | null, versions: readonly ImageVersion[]): ImageVersion {
  const { service, environment } = target
  const now = servingNow(target, versions)
  if (now === '')
    throw new UserError(`Nothing of ${service} is live in ${environment}, so there is nothing to go back from.`)
  const candidates = candidatesFor(target, now, versions)
  const list = candidates
    .slice(0, 5)
    .map((each) => `\`${each.version}\``)
    .join(', ')
  const hint = list ? `It can go back to ${list}.` : 'There is no version to go back to.'
  if (version === null) {
    const [newest] = candidates
    if (newest) return newest
    throw new UserError(
      `${service} in ${environment} has no earlier version that was live and healthy there and is not marked bad. \`deploy\` releases any version.`,
    )
  }
  const entry = named(target, version, versions)
  if (isBad(entry)) throw new UserError(`${badText(entry)} ${hint}`)
  if (version === now || candidates.includes(entry)) return entry
  throw new UserError(
    `\`${version}\` was never live and healthy in ${environment}, so it is nothing to go back to. ${hint}`,
  )
}

/** A group that never took over is not what a release that fails returns to; nor does it end the only one that serves. */
function mayReturn(target: ReleaseTarget, { old, version }: Placed, versions: readonly ImageVersion[]): boolean {
  const { inService } = target
  if (old === '') return !inService.includes(version)
  return (
    inService.includes(old) || versions.some((each) => each.version === old && healthyHere(target, each).length > 0)
  )
}

/** The version of the stack that alone is in service, else the one that the catalogue says is live, else the one that the stack says. */
function servingNow(target: ReleaseTarget, versions: readonly ImageVersion[]): string {
  const there = [target.live, target.next].filter(Boolean)
  const only = soleInService(there, target.inService)
  if (only !== null) return only
  const serving = versions.find(
    (entry) => there.includes(entry.version) && releasesHere(target, entry).some(({ until }) => until === null),
  )
  return serving?.version ?? (target.live || target.next)
}

/** The one of them that has instances in service while the others have none; null where that is not so. */
export function soleInService(there: readonly string[], inService: readonly string[]): string | null {
  const [one, ...more] = [...new Set(there)].filter((version) => inService.includes(version))
  return one !== undefined && more.length === 0 ? one : null
}

/** The one that was live last comes first. */
function candidatesFor(target: ReleaseTarget, now: string, versions: readonly ImageVersion[]): ImageVersion[] {
  const last = (entry: ImageVersion) => Math.max(...healthyHere(target, entry).map(({ since }) => since))
  return versions
    .filter((entry) => entry.version !== now && !isBad(entry) && healthyHere(target, entry).length > 0)
    .sort((a, b) => last(b) - last(a))
}

function releasesHere({ service, environment }: ReleaseTarget, { releases }: ImageVersion): ImageRelease[] {
  return releases.filter((each) => each.service === service && each.environment === environment)
}

function healthyHere(target: ReleaseTarget, entry: ImageVersion): ImageRelease[] {
  return releasesHere(target, entry).filter(({ healthy }) => healthy)
}

function badText({ image, version, mark }: ImageVersion): string {
  const by = mark ? ` by ${nameOfId(mark.by)} at ${dayAndClock(mark.at)}${mark.why ? `: ${mark.why}` : ''}` : ''
  return `Version \`${version}\` of the image ${image} is marked bad${by}.`
}

function nearText(version: string, versions: readonly ImageVersion[]): string {
  const good = versions.filter((entry) => !isBad(entry))
  const near = good
    .map((entry) => ({ entry, far: distance(entry.version, version) }))
    .filter(({ far }) => far <= Math.max(2, version.length / 3))
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
  const list = (entries: readonly ImageVersion[]) => entries.map((entry) => `\`${entry.version}\``).join(', ')
  if (near.length > 0) return `Did you mean ${list(near.map(({ entry }) => entry))}?`
  return `The newest are ${list(newestFirst(good).slice(0, 5))}.`
}
