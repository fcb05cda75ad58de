import type { ImageVersion } from '../core/catalogue.ts'
import { asItStands } from '../core/release/open.ts'
import { createCatalogue } from '../stages/catalogue.ts'
import { createConsul } from '../tools/consul.ts'
import type { CrewParts } from './parts.ts'

export function catalogueOf({ consul }: CrewParts) {
  return createCatalogue(createConsul(consul.address, consul.token))
}

/** Versions of the catalogue, with what is live by the environments' own records. */
export async function standing({ store, site }: CrewParts, entries: readonly ImageVersion[]): Promise<ImageVersion[]> {
  const open = entries.flatMap(({ releases }) => releases.filter(({ until }) => until === null))
  const names = [...new Set(open.map(({ environment }) => environment))]
  const records = new Map(await Promise.all(names.map(async (name) => [name, await store.environment(name)] as const)))
  const { services } = site
  return entries.map((entry) =>
    asItStands(entry, ({ environment, service }) => {
      const record = records.get(environment)
      if (!record) throw new Error(`Nobody looked how ${environment} stands.`)
      return { record, variables: Object.hasOwn(services, service) ? (services[service]?.variables ?? null) : null }
    }),
  )
}
