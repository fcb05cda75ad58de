import type { ImageVersion } from '../core/catalogue.ts'
import { consulName, serviceNamed, soleInService } from '../core/release.ts'
import type { DeployAnswers, Deployed } from '../core/workflow.ts'
import { createConsul } from '../tools/consul.ts'
import type { CrewParts } from './parts.ts'
import { catalogueOf, standing } from './releases.ts'

/** What is live where: Terraform's variables of the last apply, what Consul has in service, and what the catalogue recorded of it. */
export function deploysOf(parts: CrewParts): DeployAnswers {
  return {
    async list(wanted) {
      const names = wanted === undefined ? Object.keys(parts.site.services) : [serviceNamed(parts.site, wanted).name]
      return (await Promise.all(names.map((name) => deploysOfService(parts, name)))).flat()
    },
  }
}

async function deploysOfService(parts: CrewParts, name: string): Promise<Deployed[]> {
  const settings = serviceNamed(parts.site, name)
  const { image, environments, variables, count } = settings
  const client = createConsul(parts.consul.address, parts.consul.token)
  const versions = await standing(parts, await catalogueOf(parts).list(image))
  return Promise.all(
    environments.map(async (environment) => {
      const up = (await parts.store.environment(environment)).live?.variables ?? {}
      const value = (variable: string) => String(up[variable] ?? '') || null
      const [live, next] = [value(variables.live), value(variables.next)]
      const serve = (await client.instances(consulName(settings, environment))).filter((each) => !each.maintenance)
      const there = [live, next].filter((version) => version !== null)
      const only = soleInService(
        there,
        serve.map(({ version }) => version ?? ''),
      )
      const serving = servingOf(versions, { service: name, environment, live, only })
      const passing = serve.filter((each) => each.version === serving.serves && each.status === 'passing').length
      const health = { passing, wanted: Number(up[count]) || 0 }
      const inService = new Set(serve.flatMap(({ version }) => version ?? []))
      return { service: name, environment, image, live, next, inService, ...serving, ...health }
    }),
  )
}

type Place = {
  readonly service: string
  readonly environment: string
  readonly live: string | null
  /** The version that alone is in service. */
  readonly only: string | null
}

/** What Consul alone has in service; where it does not decide, what the catalogue has as live, else what Terraform has. */
function servingOf(versions: readonly ImageVersion[], { service, environment, live, only }: Place) {
  const open = versions.flatMap((entry) =>
    entry.releases
      .filter((each) => each.service === service && each.environment === environment && each.until === null)
      .map((release) => ({ entry, release })),
  )
  // Terraform says whether anything is there at all; records of before it was kept say nothing.
  if (only !== null) {
    const release = open.find(({ entry }) => entry.version === only)?.release ?? null
    return { serves: only, release, entry: versions.find(({ version }) => version === only) ?? null }
  }
  const serving = live === null ? undefined : open.toSorted((a, b) => b.release.since - a.release.since)[0]
  const entry = serving?.entry ?? versions.find(({ version }) => version === live) ?? null
  return { serves: live === null ? null : (entry?.version ?? live), release: serving?.release ?? null, entry }
}
