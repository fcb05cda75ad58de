import { createMask } from '../core/mask.ts'
import { UserError } from '../errors.ts'
import { clean } from '../slack/limits.ts'
import { checkCalls } from './doctor/calls.ts'
import type { Check } from './doctor/check.ts'
import { lineOf } from './doctor/check.ts'
import { checkImages } from './doctor/images.ts'
import { checkJenkins } from './doctor/jenkins.ts'
import { checkConsul, checkGit, checkTerraform } from './doctor/programs.ts'
import { checkRedis } from './doctor/redis.ts'
import { checkArtifactKey, checkEnvironment, checkNode, checkSite } from './doctor/settings.ts'
import { checkSlack } from './doctor/slack.ts'
import type { Ended, Given } from './verb.ts'

/** `doctor`: everything that bot and worker need, each with what to do about it. No secret is ever in what it says. */
export async function doctorVerb(given: Given): Promise<Ended> {
  if (given.words.length > 0) throw new UserError('`crew doctor` takes no words: it checks everything.')
  const checks = await examine(given)
  const healthy = checks.every(({ status }) => status !== 'FAIL')
  const mask = createMask(secretsIn(given.env))
  const lines = checks.map((check) => clean(mask(lineOf(check))))
  const report = { ok: healthy, checks: checks.map((check) => masked(check, mask)) }
  return { out: given.options.json ? JSON.stringify(report, null, 2) : lines.join('\n'), code: healthy ? 0 : 1 }
}

async function examine(given: Given): Promise<Check[]> {
  const { env } = given
  const { config, checks } = checkEnvironment(env)
  const { site, checks: siteChecks } = await checkSite(given)
  const servers = await Promise.all([
    checkSlack(config, env, site),
    checkRedis(config, env),
    checkConsul(config, site),
    site ? checkTerraform(site, env) : [],
    site ? checkImages(site, env) : [],
    site ? checkJenkins(site, env) : [],
    site ? checkCalls(site, env) : [],
    checkGit(env),
  ])
  const node = checkNode(process.versions.node)
  return [node, ...checks, ...siteChecks, ...checkArtifactKey(config, env), ...servers.flat()]
}

function masked({ status, what, found, todo }: Check, mask: (text: string) => string): Check {
  return { status, what, found: mask(found), ...(todo ? { todo: mask(todo) } : {}) }
}

/** What looks like a secret by its name, and the passwords that addresses carry. */
function secretsIn(env: Given['env']): string[] {
  return Object.entries(env).flatMap(([name, value = '']) => {
    if (/TOKEN|SECRET|KEY|PASSWORD/.test(name)) return [value]
    const { password } = URL.canParse(value) ? new URL(value) : { password: '' }
    return password ? [password, decodeURIComponent(password)] : []
  })
}
