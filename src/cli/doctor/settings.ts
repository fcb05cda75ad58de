import { readSite } from '../../config/site.ts'
import type { Config } from '../../config.ts'
import { readConfig } from '../../config.ts'
import type { Site } from '../../core/site.ts'
import { messageOf } from '../../errors.ts'
import { catalogFor, siteFile } from '../places.ts'
import type { Given } from '../verb.ts'
import type { Check } from './check.ts'
import { fail, ok, tried } from './check.ts'

const OLDEST_NODE = [24, 12] as const

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [wanted, least] = OLDEST_NODE
  if (major > wanted || (major === wanted && minor >= least)) return ok('node', version)
  return fail('node', version, `Use ${OLDEST_NODE.join('.')} or newer; \`npm ci\` brings one as node_modules/.bin/node`)
}

/** What of the environment can be used, and what is wrong with the rest: each variable is read by itself. */
export function checkEnvironment(env: Given['env']): { config: Config; checks: Check[] } {
  const wrong = Object.entries(env).flatMap(([name, value]) => {
    const reason = refusal({ [name]: value })
    return reason ? [{ name, reason }] : []
  })
  const usable = Object.entries(env).filter(([name]) => !wrong.some((one) => one.name === name))
  const todo = 'Correct it in .env or where the process is started; .env.example says what each is'
  const checks = wrong.map(({ name, reason }) => fail(`variable ${name}`, reason, todo))
  return { config: readConfig(Object.fromEntries(usable)), checks }
}

function refusal(env: NodeJS.ProcessEnv): string | null {
  try {
    readConfig(env)
    return null
  } catch (error) {
    return messageOf(error).replace(/^.*:\n\s*/, '')
  }
}

/** The site file and the commands, which only fit together. */
export async function checkSite(given: Given): Promise<{ site: Site | null; checks: Check[] }> {
  const file = siteFile(given)
  let site: Site | null = null
  const read = async () => {
    site = await readSite(file)
    const { environments, roles } = site
    const count = (what: object, word: string) => `${Object.keys(what).length} ${word}`
    return [ok('site file', `${file}, with ${count(roles, 'roles')} and ${count(environments, 'environments')}`)]
  }
  const checks = await tried('site file', 'groundcrew.yml at the top is a commented example', read)
  const found = site as Site | null
  if (!found) return { site: null, checks }
  const load = async () => [ok('commands', `${(await catalogFor(given.env, found)).entries.size} loaded`)]
  const commands = await tried('commands', 'Correct that file; neither bot nor shell starts with it', load)
  return { site: found, checks: [...checks, ...commands] }
}

/** The key that plans are encrypted with; never its value. */
export function checkArtifactKey({ settings }: Config, env: Given['env']): Check[] {
  if (settings.GROUNDCREW_ARTIFACT_KEY) return [ok('artifact key', 'set')]
  if (env.GROUNDCREW_ARTIFACT_KEY) return []
  const todo =
    'Make one with `openssl rand -hex 32` and give the same to every bot and worker as GROUNDCREW_ARTIFACT_KEY'
  return [fail('artifact key', 'not set', todo)]
}
