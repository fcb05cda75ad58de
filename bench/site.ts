import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { siteFile } from '../examples/demo/settings.ts'
import type { EnvironmentSettings, Site } from '../src/core/site.ts'

/** The loadtest environment of the demo's site under names of our own, each with its own place for Terraform's state. */
function environments(names: readonly string[], loadtest: EnvironmentSettings): Record<string, EnvironmentSettings> {
  return Object.fromEntries(
    names.map((name) => [
      name,
      { ...loadtest, backend: { type: 'consul', config: { path: `groundcrew/bench-${name}` } } },
    ]),
  )
}

/** The demo's site with these environments and the bench's own command; written to a file that a bot and a worker can read. */
export function writeSite(dir: string, names: readonly string[]): string {
  const site = parse(readFileSync(siteFile, 'utf8')) as Site
  const { loadtest, engineers } = { ...site.environments, ...site.roles } as {
    loadtest: EnvironmentSettings
    engineers: Site['roles'][string]
  }
  // Bare Terraform does not wait until Consul sees all instances pass, so the bot does not either.
  const compared = { ...loadtest, stack: resolve(dirname(siteFile), loadtest.stack), health: {} }
  engineers.may.push({ commands: ['start'] })
  const file = join(dir, 'site.yml')
  writeFileSync(file, JSON.stringify({ ...site, environments: environments(names, compared) }))
  return file
}
