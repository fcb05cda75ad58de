import { readdir } from 'node:fs/promises'
import type { Config } from '../../config.ts'
import type { EnvironmentSettings, Site } from '../../core/site.ts'
import { messageOf } from '../../errors.ts'
import { createConsul } from '../../tools/consul.ts'
import { run } from '../../tools/run.ts'
import { environmentFor, version } from '../../tools/terraform.ts'
import type { Check } from './check.ts'
import { fail, ok, tried, warn } from './check.ts'

const DEFAULT_CONSUL = '127.0.0.1:8500'

/** Consul, which is needed where an environment keeps its state or its instances there. */
export async function checkConsul({ settings }: Config, site: Site | null): Promise<Check[]> {
  const users = Object.entries(site?.environments ?? {}).filter(
    ([, { backend, health }]) => backend.type === 'consul' || Object.keys(health).length > 0,
  )
  const needed = !site || users.length > 0
  const address = settings.CONSUL_HTTP_ADDR ?? DEFAULT_CONSUL
  const from = settings.CONSUL_HTTP_ADDR ? '' : ' (CONSUL_HTTP_ADDR is not set)'
  const bad = (found: string, todo: string) => (needed ? fail : warn)('consul', `${found}${from}`, todo)
  try {
    const leader = await createConsul(address, settings.CONSUL_HTTP_TOKEN).leader()
    if (leader) return [ok('consul', `answers, its leader is ${leader}${from}`)]
    return [bad('answers, but has no leader', 'See `consul operator raft list-peers`; nothing is stored without one')]
  } catch (error) {
    const use = users.length > 0 ? `; ${users.map(([name]) => name).join(', ')} needs it` : ''
    return [bad(messageOf(error).replace(/\.$/, ''), `Start it, or set CONSUL_HTTP_ADDR to where it is${use}`)]
  }
}

/** What a worker on this machine would find for each environment. */
export async function checkTerraform(site: Site, env: Readonly<NodeJS.ProcessEnv>): Promise<Check[]> {
  const checks = await Promise.all(
    Object.entries(site.environments).map(async ([name, settings]) => [
      ...(await programCheck(name, settings, env)),
      await stackCheck(name, settings),
      ...variablesCheck(name, settings, env),
    ]),
  )
  return checks.flat()
}

async function programCheck(
  name: string,
  { terraform }: EnvironmentSettings,
  env: Readonly<NodeJS.ProcessEnv>,
): Promise<Check[]> {
  const what = `terraform for ${name}`
  const todo = `Install it where workers run, or set environments.${name}.terraform to its full path`
  const where = environmentFor({ path: env.PATH ?? '', home: env.HOME ?? '/', inherit: env })
  return tried(what, todo, async () => [
    ok(what, `${terraform} ${await version(terraform, where, { signal: AbortSignal.timeout(20_000) })}`),
  ])
}

async function stackCheck(name: string, { stack }: EnvironmentSettings): Promise<Check> {
  const what = `stack of ${name}`
  const files = await readdir(stack).catch(() => null)
  if (!files) {
    return fail(what, `${stack} is not there`, `Set environments.${name}.stack to a folder, relative to the site file`)
  }
  const count = files.filter((file) => /\.tf(\.json)?$/.test(file)).length
  if (count > 0) return ok(what, `${stack}, ${count} files of Terraform`)
  return fail(what, `${stack} has no .tf file`, `Set environments.${name}.stack to the folder with the stack`)
}

function variablesCheck(name: string, settings: EnvironmentSettings, env: Readonly<NodeJS.ProcessEnv>): Check[] {
  const missing = [...new Set([...settings.pass, ...settings.secrets])].filter((variable) => !env[variable])
  if (missing.length === 0) return []
  const todo = 'Set them where workers run; they are handed to Terraform'
  return [warn(`variables of ${name}`, `not set here: ${missing.join(', ')}`, todo)]
}

/** Which commit a plan was made from is part of what people approve; without git only the digest of the files says it. */
export async function checkGit(env: Readonly<NodeJS.ProcessEnv>): Promise<Check[]> {
  const todo = 'Install git where workers run, so that messages name the commit of a stack'
  try {
    const { exitCode, stdout } = await run(['git', '--version'], {
      cwd: '/',
      env: { PATH: env.PATH ?? '' },
      timeout: 10_000,
    })
    if (exitCode === 0) return [ok('git', stdout.trim().replace(/^git version /, ''))]
    return [warn('git', `exits with ${exitCode}`, todo)]
  } catch (error) {
    return [warn('git', messageOf(error), todo)]
  }
}
