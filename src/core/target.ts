import { UserError } from '../errors.ts'
import type { NamedKv } from './kv/settings.ts'
import type { Site } from './site.ts'
import type { NamedEnvironment, NamedImage } from './workflow.ts'

/** What an execution works on and locks: an environment by its name, an image as `image:base`, or settings as `kv:app`. */
export type Target = {
  readonly environment: NamedEnvironment | null
  readonly image: NamedImage | null
  readonly kv: NamedKv | null
}

const IMAGE = 'image:'
const KV = 'kv:'

const NONE: Target = { environment: null, image: null, kv: null }

export function imageTarget(name: string): string {
  return `${IMAGE}${name}`
}

/** The same for settings. */
export function kvTarget(name: string): string {
  return `${KV}${name}`
}

export function isKv(name: string | null): boolean {
  return name?.startsWith(KV) ?? false
}

/** Whether it is an image that is worked on. */
export function isImage(name: string | null): boolean {
  return name?.startsWith(IMAGE) ?? false
}

/** The settings of a target. Throws a `UserError` that names those there are. */
export function targetOf(site: Site, name: string | null): Target {
  if (name === null) return NONE
  if (isImage(name)) return { ...NONE, image: imageNamed(site, name.slice(IMAGE.length)) }
  if (isKv(name)) return { ...NONE, kv: kvNamed(site, name.slice(KV.length)) }
  return { ...NONE, environment: environmentNamed(site, name) }
}

/** The channel that the site gives a target; none also where the site does not name the target any more. */
export function channelOf(site: Site, name: string | null): string | undefined {
  if (name === null) return undefined
  const { channels } = site
  const settings = settingsOf(site, name)
  return settings?.channel === undefined ? undefined : channels[settings.channel]
}

function settingsOf({ environments, images, kv }: Site, name: string) {
  if (isImage(name)) return images[name.slice(IMAGE.length)]
  return isKv(name) ? kv[name.slice(KV.length)] : environments[name]
}

/** The roles that may let something change a target outside its windows, or in a freeze; null where it has no windows. */
export function outsideWindowOf(site: Site, name: string | null): readonly string[] | null {
  const settings = name === null ? undefined : settingsOf(site, name)
  return settings && 'outside_window' in settings ? settings.outside_window : null
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

/** The same for a source of settings. */
export function kvNamed(site: Site, name: string): NamedKv {
  const settings = Object.hasOwn(site.kv, name) ? site.kv[name] : undefined
  if (settings) return { ...settings, name }
  throw new UserError(`There is no source of settings \`${name}\` in the site (\`kv\`); there are ${list(site.kv)}.`)
}

/** The roles that approve what happens to a target; none where there is no target. */
export function approversOf(site: Site, name: string | null): readonly string[] {
  const { environment, image, kv } = targetOf(site, name)
  return (environment ?? image ?? kv)?.approvers ?? []
}

/** As a person reads it: `loadtest`, `the image base`, `the settings app`. */
export function targetText(name: string): string {
  if (isKv(name)) return `the settings ${name.slice(KV.length)}`
  return isImage(name) ? `the image ${name.slice(IMAGE.length)}` : name
}

/** What to do before anything is run again on a target of which nobody knows how it stands. */
export function lookFirst(name: string | null): string {
  if (isImage(name)) return 'Look for what Packer may have left.'
  if (isKv(name)) return 'Look at what a new plan says before you run anything.'
  return "Look at what Terraform's state says before you run anything."
}

function list(named: Readonly<Record<string, unknown>>): string {
  return Object.keys(named).join(', ') || 'none'
}
