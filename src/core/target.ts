import { UserError } from '../errors.ts'
import type { Site } from './site.ts'
import type { NamedEnvironment, NamedImage } from './workflow.ts'

/** What an execution works on and locks: an environment by its name, or an image as `image:base`. */
export type Target = { readonly environment: NamedEnvironment | null; readonly image: NamedImage | null }

const IMAGE = 'image:'

export function imageTarget(name: string): string {
  return `${IMAGE}${name}`
}

/** Whether it is an image that is worked on. */
export function isImage(name: string | null): boolean {
  return name?.startsWith(IMAGE) ?? false
}

/** The settings of a target. Throws a `UserError` that names those there are. */
export function targetOf(site: Site, name: string | null): Target {
  if (name === null) return { environment: null, image: null }
  if (isImage(name)) return { environment: null, image: imageNamed(site, name.slice(IMAGE.length)) }
  return { environment: environmentNamed(site, name), image: null }
}

/** The channel that the site gives a target; none also where the site does not name the target any more. */
export function channelOf({ channels, environments, images }: Site, name: string | null): string | undefined {
  if (name === null) return undefined
  const settings = isImage(name) ? images[name.slice(IMAGE.length)] : environments[name]
  return settings?.channel === undefined ? undefined : channels[settings.channel]
}

/** The settings of an environment. Throws a `UserError` that names those there are. */
export function environmentNamed(site: Site, name: string): NamedEnvironment {
  const settings = site.environments[name]
  if (settings) return { ...settings, name }
  throw new UserError(`There is no environment \`${name}\` in the site; there are ${list(site.environments)}.`)
}

/** The same for an image. */
export function imageNamed(site: Site, name: string): NamedImage {
  const settings = site.images[name]
  if (settings) return { ...settings, name }
  throw new UserError(`There is no image \`${name}\` in the site; there are ${list(site.images)}.`)
}

/** The roles that approve what happens to a target; none where there is no target. */
export function approversOf(site: Site, name: string | null): readonly string[] {
  const { environment, image } = targetOf(site, name)
  return (environment ?? image)?.approvers ?? []
}

/** As a person reads it: `loadtest`, `the image base`. */
export function targetText(name: string): string {
  return isImage(name) ? `the image ${name.slice(IMAGE.length)}` : name
}

function list(named: Readonly<Record<string, unknown>>): string {
  return Object.keys(named).join(', ') || 'none'
}
