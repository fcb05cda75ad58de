import { stat } from 'node:fs/promises'
import type { ImageSettings, Site } from '../../core/site.ts'
import { packerEnvironment, packerVersion } from '../../tools/packer.ts'
import type { Check } from './check.ts'
import { fail, ok, tried, warn } from './check.ts'

type Env = Readonly<NodeJS.ProcessEnv>

/** What a worker on this machine would find for each image. */
export async function checkImages(site: Site, env: Env): Promise<Check[]> {
  const checks = await Promise.all(
    Object.entries(site.images).map(async ([name, image]) => [
      ...(await packerCheck(name, image, env)),
      await templateCheck(name, image),
      ...variablesCheck(name, image, env),
    ]),
  )
  return checks.flat()
}

async function packerCheck(name: string, { packer }: ImageSettings, env: Env): Promise<Check[]> {
  const what = `packer for ${name}`
  const todo = `Install it where workers run, or set images.${name}.packer to its full path`
  return tried(what, todo, async () => {
    const here = packerEnvironment({ path: env.PATH ?? '', home: env.HOME ?? '/' })
    return [ok(what, `${packer} ${await packerVersion(packer, here, AbortSignal.timeout(20_000))}`)]
  })
}

async function templateCheck(name: string, { template }: ImageSettings): Promise<Check> {
  const what = `template of ${name}`
  const found = await stat(template).catch(() => null)
  if (found) return ok(what, template)
  return fail(
    what,
    `${template} is not there`,
    `Set images.${name}.template to a folder or file, relative to the site file`,
  )
}

function variablesCheck(name: string, { pass, secrets }: ImageSettings, env: Env): Check[] {
  const missing = [...pass, ...secrets].filter((variable) => !env[variable])
  if (missing.length === 0) return []
  return [warn(`variables of ${name}`, `${missing.join(', ')} not set here`, 'Set them where workers run')]
}
