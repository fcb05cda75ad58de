import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { isPath } from '../core/git-stack.ts'
import type { Stack } from '../core/infrastructure.ts'
import type { Site } from '../core/site.ts'
import { siteSchema } from '../core/site.ts'
import { ConfigError } from '../errors.ts'
import { checkedYaml, frozen } from './yaml.ts'

/**
 * Reads the site file and checks all of it; paths of stacks and templates in it are relative to the file. Throws a `ConfigError` that gives
 * each place and reason. A missing, empty or malformed file stops the start: nothing fails open.
 */
export async function readSite(file: string): Promise<Site> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ConfigError(
      `The site file ${file} cannot be read. Set GROUNDCREW_SITE or --site to one; groundcrew.yml is a commented example.`,
      { cause },
    )
  })
  return parseSite(text, file)
}

/** The same for text that was read already. */
export function parseSite(text: string, file: string): Site {
  return frozen(withFullPaths(checkedYaml(text, siteSchema, `The site file ${file}`), dirname(resolve(file))))
}

/** A path in the site is relative to its file, wherever the process was started. */
function withFullPaths(site: Site, folder: string): Site {
  const environments = Object.entries(site.environments).map(([name, environment]) => {
    const files = environment.var_files.map((file) => (typeof file === 'string' ? resolve(folder, file) : file))
    const { terraform } = environment
    const program = terraform.includes('/') ? resolve(folder, terraform) : terraform
    return [name, { ...environment, stack: stackFrom(folder, environment.stack), var_files: files, terraform: program }]
  })
  const images = Object.entries(site.images).map(([name, image]) => {
    return [name, { ...image, template: resolve(folder, image.template) }]
  })
  const playbooks = Object.entries(site.playbooks).map(([name, play]) => [
    name,
    { ...play, playbook: resolve(folder, play.playbook) },
  ])
  const scripts = Object.entries(site.scripts).map(([name, script]) => {
    const [program = '', ...rest] = script.argv
    return [name, { ...script, argv: [program.includes('/') ? resolve(folder, program) : program, ...rest] }]
  })
  const loadtests = Object.entries(site.loadtests).map(([name, { plan, ...rest }]) => {
    return [name, { ...rest, ...(plan === undefined ? {} : { plan: resolve(folder, plan) }) }]
  })
  const kv = Object.entries(site.kv).map(([name, each]) => [name, { ...each, source: stackFrom(folder, each.source) }])
  return {
    ...site,
    kv: Object.fromEntries(kv),
    environments: Object.fromEntries(environments),
    loadtests: Object.fromEntries(loadtests),
    images: Object.fromEntries(images),
    scripts: Object.fromEntries(scripts),
    playbooks: Object.fromEntries(playbooks),
  }
}

function stackFrom(folder: string, stack: Stack): Stack {
  if (typeof stack === 'string') return resolve(folder, stack)
  return isPath(stack.git) ? { ...stack, git: resolve(folder, stack.git) } : stack
}
