import type { z } from 'zod'
import { checkBreakGlass } from '../break-glass/settings.ts'

type Channel = { readonly channel?: string | undefined }
type Owned = Channel & { readonly approvers: readonly string[]; readonly outside_window?: readonly string[] }
type Service = {
  readonly image: string
  readonly environments: readonly string[]
  readonly consul?: string | undefined
}
type All<T> = Readonly<Record<string, T>>

/** The parts of a site that name each other. */
type Names = {
  readonly roles: object
  readonly channels: Readonly<Record<string, string>>
  readonly environments: All<Owned>
  readonly images: All<Owned & { readonly base?: string | undefined }>
  readonly kv: All<Owned & { readonly drift?: Channel | undefined }>
  readonly services: All<Service>
  readonly loadtests: All<{ readonly environment: string }>
  readonly schedules: { readonly fixed: All<Channel> }
  readonly audit: Channel
  readonly alerts?: Alerts | undefined
  readonly break_glass: Parameters<typeof checkBreakGlass>[0]['break_glass']
}

type Calls = Channel & { readonly escalate: readonly Channel[] }
type Alerts = { readonly channel: string; readonly rules: readonly Calls[]; readonly blind: Calls }

type Tell = (path: readonly string[], message: string) => void

/** Whatever is named in the site has to be there. */
export function checkNames(site: Names, context: z.RefinementCtx): void {
  const tell: Tell = (path, message) => context.addIssue({ code: 'custom', path: [...path], message })
  for (const [name, environment] of Object.entries(site.environments))
    checkOwned(site, ['environments', name], environment, tell)
  for (const [name, image] of Object.entries(site.images)) {
    checkOwned(site, ['images', name], image, tell)
    if (image.base !== undefined && (image.base === name || !Object.hasOwn(site.images, image.base)))
      tell(['images', name, 'base'], `names the image ${image.base}, which is no other image`)
  }
  for (const [name, kv] of Object.entries(site.kv)) {
    checkOwned(site, ['kv', name], kv, tell)
    if (kv.drift) checkChannel(site, ['kv', name, 'drift'], kv.drift, tell)
  }
  for (const name of Object.keys(site.images)) checkRing(site, name, tell)
  for (const [name, service] of Object.entries(site.services)) checkService(site, name, service, tell)
  for (const [name, fixed] of Object.entries(site.schedules.fixed))
    checkChannel(site, ['schedules', 'fixed', name], fixed, tell)
  for (const [name, { environment }] of Object.entries(site.loadtests))
    checkEnvironment(site, ['loadtests', name, 'environment'], environment, tell)
  checkChannel(site, ['audit'], site.audit, tell)
  if (site.alerts) checkAlerts(site, site.alerts, tell)
  checkBreakGlass(site, tell)
}

function checkAlerts(site: Names, alerts: Alerts, tell: Tell): void {
  checkChannel(site, ['alerts'], alerts, tell)
  const calls: [string[], Calls][] = [
    [['alerts', 'blind'], alerts.blind],
    ...alerts.rules.map((rule, at): [string[], Calls] => [['alerts', 'rules', String(at)], rule]),
  ]
  for (const [path, each] of calls) {
    checkChannel(site, path, each, tell)
    for (const [at, step] of each.escalate.entries()) checkChannel(site, [...path, 'escalate', String(at)], step, tell)
  }
}

/** Each of a ring of images would need the other one first. */
function checkRing({ images }: Names, name: string, tell: Tell): void {
  const way = [name]
  for (let base = images[name]?.base; base !== undefined && base !== way.at(-1); base = images[base]?.base) {
    if (base === name) {
      tell(['images', name, 'base'], `goes round in a ring: ${[...way, name].join(' is built on ')}`)
      return
    }
    if (way.includes(base)) return
    way.push(base)
  }
}

function checkOwned(site: Names, path: readonly string[], owned: Owned, tell: Tell): void {
  for (const role of owned.approvers) {
    if (!Object.hasOwn(site.roles, role))
      tell([...path, 'approvers'], `names the role ${role}, which is not under roles`)
  }
  for (const role of owned.outside_window ?? []) {
    if (!Object.hasOwn(site.roles, role))
      tell([...path, 'outside_window'], `names the role ${role}, which is not under roles`)
  }
  checkChannel(site, path, owned, tell)
}

function checkService(site: Names, name: string, { image, environments, consul }: Service, tell: Tell): void {
  const path = ['services', name]
  if (Object.hasOwn(site.environments, name))
    tell(
      path,
      `has the name of an environment, so that \`scale ${name}\` could mean either: give one of them another name`,
    )
  if (!Object.hasOwn(site.images, image))
    tell([...path, 'image'], `names the image ${image}, which is not under images`)
  if (environments.length > 1 && consul === undefined)
    tell(
      [...path, 'consul'],
      'has to be given for a service of several environments: with {environment} in it where they share one Consul, so that no release touches the instances of another one',
    )
  for (const environment of environments) checkEnvironment(site, [...path, 'environments'], environment, tell)
}

function checkEnvironment(site: Names, path: readonly string[], environment: string, tell: Tell): void {
  if (!Object.hasOwn(site.environments, environment))
    tell(path, `names the environment ${environment}, which is not under environments`)
}

function checkChannel(site: Names, path: readonly string[], { channel }: Channel, tell: Tell): void {
  if (channel && !Object.hasOwn(site.channels, channel))
    tell([...path, 'channel'], `names the channel ${channel}, which is not under channels`)
}
