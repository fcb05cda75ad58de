import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { root } from '../examples/demo/parts/program.ts'
import { siteFile } from '../examples/demo/settings.ts'
import { folderOf } from '../src/core/infrastructure.ts'
import type { EnvironmentSettings, Site } from '../src/core/site.ts'

/** What a bench wants otherwise than the demo's site has it. Slack's own limits: `{ posts_per_second: 1, edits_per_minute: 50 }`. */
export type SiteChange = {
  readonly environment?: (name: string) => Partial<EnvironmentSettings>
  readonly slack?: Partial<Site['slack']>
  /** As a site file has it; without it the bot watches nothing. */
  readonly alerts?: object
}

/** The demo's site with these environments and the bench's own commands; written to a file that a bot and a worker can read. */
export function writeSite(dir: string, names: readonly string[], change: SiteChange = {}): string {
  const site = parse(readFileSync(siteFile, 'utf8')) as Site
  const { loadtest, engineers } = { ...site.environments, ...site.roles } as {
    loadtest: EnvironmentSettings
    engineers: Site['roles'][string]
  }
  // Bare Terraform does not wait until Consul sees all instances pass, so the bot does not either.
  const compared = { ...loadtest, stack: resolve(dirname(siteFile), folderOf(loadtest.stack)), health: {} }
  const environments = names.map((name) => [name, { ...compared, ...ownState(name), ...change.environment?.(name) }])
  engineers.may.push({ commands: ['start', 'check', 'plan', 'graph', 'consul *'] })
  const slack = { ...site.slack, ...change.slack }
  const file = join(dir, 'site.yml')
  // Services, promotions, load tests and schedules of the demo name environments that are not here.
  const { demo, channels, roles, audit, judgment, worker } = site
  const kept = { demo, channels, roles, audit, judgment, worker, slack, alerts: change.alerts }
  writeFileSync(file, JSON.stringify({ ...kept, environments: Object.fromEntries(environments) }))
  return file
}

/** An environment on the bench's own small stack, with its state in a file below `dir`. */
export function onSmallStack(dir: string): (name: string) => Partial<EnvironmentSettings> {
  return (name) => ({
    stack: join(root, 'bench/stack'),
    backend: { type: 'local', config: { path: join(dir, 'states', `${name}.tfstate`) } },
    variables: {},
    sizes: { small: { instances: 4 } },
    pass: [],
  })
}

/** `lane-0000` and so on: all of one length, so that no name is the beginning of another. */
export function lanes(count: number): string[] {
  return Array.from({ length: count }, (_, number) => laneOf(number))
}

/** Gives each lane once. */
export function laneCounter(): () => string {
  let number = 0
  return () => laneOf(number++)
}

function laneOf(number: number): string {
  return `lane-${String(number).padStart(4, '0')}`
}

function ownState(name: string): Partial<EnvironmentSettings> {
  return { backend: { type: 'consul', config: { path: `groundcrew/bench-${name}` } } }
}
