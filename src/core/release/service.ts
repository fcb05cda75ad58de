import { UserError } from '../../errors.ts'
import type { Site } from '../site.ts'
import type { ServiceSettings } from './settings.ts'

export type NamedService = ServiceSettings & { readonly name: string }

/** The settings of a service. Throws a `UserError` that names those there are. */
export function serviceNamed(site: Site, name: string): NamedService {
  const settings = Object.hasOwn(site.services, name) ? site.services[name] : undefined
  if (settings) return { ...settings, name }
  const there = Object.keys(site.services).join(', ') || 'none'
  throw new UserError(`There is no service \`${name}\` in the site; there are ${there}.`)
}

/** Where a service is meant: the environment that was said, or its only one. Throws a `UserError` where it does not run there. */
export function environmentOfService(site: Site, service: string, said: string | undefined, flag: string): string {
  const { environments } = serviceNamed(site, service)
  const [only] = environments
  if (said === undefined && environments.length === 1 && only) return only
  const there = environments.map((name) => `\`${name}\``).join(', ')
  if (said === undefined) throw new UserError(`${service} runs in ${there}: say which one, with ${flag}.`)
  if (environments.includes(said)) return said
  throw new UserError(`${service} does not run in \`${said}\`; it runs in ${there}.`)
}

/** What the service is called in Consul where it runs in this environment. */
export function consulName({ name, consul = name }: NamedService, environment: string): string {
  return consul.replaceAll('{environment}', environment)
}
