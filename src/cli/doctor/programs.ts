import { constants } from 'node:fs'
import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../config.ts'
import type { EnvironmentSettings, Site } from '../../core/site.ts'
import { messageOf } from '../../errors.ts'
import { findProgram } from '../../stages/program.ts'
import { createConsul } from '../../tools/consul.ts'
import { resolveRef } from '../../tools/git/fetch.ts'
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
      ...(await stackCheck(name, settings, env)),
      ...(await filesCheck(name, settings)),
      ...variablesCheck(name, settings, env),
    ]),
  )
  return checks.flat()
}

type Env = Readonly<NodeJS.ProcessEnv>

/** As a worker would find it: what the site passes is needed to reach a repository. */
function environmentHere({ pass, secrets }: EnvironmentSettings, env: Env) {
  const passed = Object.fromEntries([...pass, ...secrets].map((name) => [name, env[name]]))
  return environmentFor({ path: env.PATH ?? '', home: env.HOME ?? '/', inherit: env, pass: passed })
}

async function programCheck(name: string, settings: EnvironmentSettings, env: Env): Promise<Check[]> {
  const { terraform: wanted, stack } = settings
  const what = `terraform for ${name}`
  const todo = `Install it where workers run, or set environments.${name}.terraform to its full path or to another version`
  return tried(what, todo, async () => {
    const here = environmentHere(settings, env)
    // What a repository says of its version is seen only once it is fetched.
    const folder = typeof stack === 'string' ? stack : '/'
    const inherit = Object.fromEntries(Object.entries(env).flatMap(([key, value]) => (value ? [[key, value]] : [])))
    const { bin } = await findProgram({ wanted, inherit, run }, { stack: folder, tree: folder, env: here })
    const found = await version(bin, here, { signal: AbortSignal.timeout(20_000) })
    return [ok(what, bin === wanted ? `${bin} ${found}` : `${bin} ${found}, for ${wanted}`)]
  })
}

async function stackCheck(name: string, settings: EnvironmentSettings, env: Env): Promise<Check[]> {
  const what = `stack of ${name}`
  const { stack } = settings
  if (typeof stack === 'string') return [await folderCheck(what, name, stack)]
  const todo = `Install git, correct environments.${name}.stack, or give the credentials for it by name under \`pass\``
  return tried(what, todo, async () => {
    const mask = (text: string) => text
    const signal = AbortSignal.timeout(20_000)
    const commit = await resolveRef(stack, { env: environmentHere(settings, env), run, signal, mask })
    return [ok(what, `${stack.ref} of ${stack.git} is at ${commit.slice(0, 12)}`)]
  })
}

async function folderCheck(what: string, name: string, stack: string): Promise<Check> {
  const files = await readdir(stack).catch(() => null)
  if (!files) {
    return fail(what, `${stack} is not there`, `Set environments.${name}.stack to a folder, relative to the site file`)
  }
  const count = files.filter((file) => /\.tf(\.json)?$/.test(file)).length
  if (count > 0) return ok(what, `${stack}, ${count} files of Terraform`)
  return fail(what, `${stack} has no .tf file`, `Set environments.${name}.stack to the folder with the stack`)
}

/** Variable files of a folder on this machine; those of a repository are seen when it is fetched. */
async function filesCheck(name: string, { var_files: files, stack }: EnvironmentSettings): Promise<Check[]> {
  const paths = files.flatMap((file) => {
    if (typeof file === 'string') return [file]
    return typeof stack === 'string' ? [join(stack, file.stack)] : []
  })
  if (paths.length === 0) return []
  const readable = await Promise.all(
    paths.map((path) =>
      access(path, constants.R_OK).then(
        () => true,
        () => false,
      ),
    ),
  )
  const missing = paths.filter((_, at) => !readable[at])
  const what = `variable files of ${name}`
  if (missing.length === 0) return [ok(what, paths.join(', '))]
  const todo = 'Put them where workers run; paths are relative to the site file, and those of the stack { stack: path }'
  return [fail(what, `cannot be read: ${missing.join(', ')}`, todo)]
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
