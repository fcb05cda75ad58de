import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ImageVersion } from '../../src/core/catalogue.ts'
import { appImage } from '../fixtures/app-image.ts'
import { people, stacks } from './site.ts'
import type { World } from './world.ts'

/** A site with the service `web` in these environments. `test` times: the gate and the drain take a second or so. */
export function releaseSite(environments: readonly string[], more: Readonly<Record<string, unknown>> = {}) {
  const several = environments.length > 1
  const environment = (name: string) => ({
    stack: stacks.web,
    variables: { web_count: 2, service: several ? `web-${name}` : 'web' },
    sizes: {},
    pass: ['TF_VAR_run_dir', 'TF_VAR_image_dir'],
  })
  const image = { template: 'unused', approvers: ['approvers'] }
  const web = {
    image: 'app',
    environments,
    consul: several ? 'web-{environment}' : 'web',
    count: 'web_count',
    scale: { min: 1, max: 4 },
    owns: ['terraform_data.web["{version}/*"]', 'terraform_data.slot["{version}/*"]'],
    healthy_for: '1s',
    healthy_within: '4s',
    drain: '3s',
    connections: '/connections',
    ...more,
  }
  const roles = {
    engineers: {
      members: [people.alice, people.bob],
      may: [
        { commands: ['deploy', 'rollback', 'scale', 'deploys *', 'images list', 'images show', 'runs *', 'tiny down'] },
      ],
    },
    approvers: {
      members: [people.bob, people.carol],
      may: [{ commands: ['deploys *', 'images *', 'runs *', 'locks *'] }],
    },
  }
  return {
    environments: Object.fromEntries(environments.map((name) => [name, environment(name)])),
    sections: { images: { app: image }, services: { web }, roles },
    variables: (dir: string) => ({ TF_VAR_image_dir: join(dir, 'images') }),
  }
}

/** A baked version: its archive, and its entry in the catalogue as a bake leaves it. */
export async function baked(world: Pick<World, 'dir' | 'consul'>, version: string, broken = ''): Promise<void> {
  const file = appImage(join(world.dir, 'images'), version, broken)
  const entry: ImageVersion = {
    image: 'app',
    version,
    key: version.repeat(20).slice(0, 40),
    artifacts: [{ builder: 'null.app', id: '', region: null, files: [{ name: file, size: 1 }] }],
    base: { image: 'base', version: '1.0' },
    commit: null,
    by: 'T01DEMO/U01ALICE',
    execution: `bake${version}`,
    at: Number(version.replace(/\D/g, '')),
    mark: null,
    releases: [],
  }
  const url = `${world.consul.url}/v1/kv/groundcrew/images/app/${version}`
  const answer = await fetch(url, { method: 'PUT', body: JSON.stringify(entry) })
  if (!answer.ok) throw new Error(`Consul answered ${answer.status}.`)
}

export async function entryOf(world: Pick<World, 'consul'>, version: string): Promise<ImageVersion> {
  return (await fetch(`${world.consul.url}/v1/kv/groundcrew/images/app/${version}?raw`)).json() as Promise<ImageVersion>
}

type Entry = { Service: { ID: string; Address: string; Port: number; Meta: { version: string } } }

export async function instances(
  world: Pick<World, 'consul'>,
  passing = true,
  service = 'web',
): Promise<Entry['Service'][]> {
  const url = `${world.consul.url}/v1/health/service/${service}${passing ? '?passing' : ''}`
  return ((await (await fetch(url)).json()) as Entry[]).map(({ Service }) => Service)
}

/** Versions of the instances that are in service, each once. */
export async function serving(world: Pick<World, 'consul'>, service = 'web'): Promise<string[]> {
  return [...new Set((await instances(world, true, service)).map(({ Meta }) => Meta.version))].sort()
}

/** Looks all the time how many instances are in service, and asks one of them; `over` says the least of it. */
export function watchService(world: Pick<World, 'consul'>) {
  let least = Number.POSITIVE_INFINITY
  let refused = 0
  let over = false
  const seen = new Set<string>()
  const watching = (async () => {
    while (!over) {
      const passing = await instances(world)
      least = Math.min(least, passing.length)
      for (const { Meta } of passing) seen.add(Meta.version)
      const [one] = passing
      const answer = one && (await fetch(`http://${one.Address}:${one.Port}/`).catch(() => null))
      if (!answer?.ok) refused += 1
      await sleep(20)
    }
  })()
  return {
    async over() {
      over = true
      await watching
      return { least, refused, seen: [...seen].sort() }
    },
  }
}
