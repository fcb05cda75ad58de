import type { JenkinsSettings } from '../../core/jenkins/settings.ts'
import type { Site } from '../../core/site.ts'
import { isOnJenkins } from '../../core/trigger/on.ts'
import { messageOf } from '../../errors.ts'
import { buildsOf } from '../../tools/jenkins/builds.ts'
import type { Given } from '../verb.ts'
import type { Check } from './check.ts'
import { ok, warn } from './check.ts'

/** The jobs whose end is a trigger: the bot asks for their builds, as a user that its environment names. */
export async function checkJenkins({ triggers, jenkins }: Site, env: Given['env']): Promise<Check[]> {
  const jobs = Object.values(triggers).flatMap(({ on }) => (isOnJenkins(on) ? [on.jenkins] : []))
  const checks = [...new Set(jobs)].map(async (name) => {
    const settings = jenkins[name]
    return settings ? [await jobCheck(name, settings, env)] : []
  })
  return (await Promise.all(checks)).flat()
}

async function jobCheck(name: string, { url, user, token }: JenkinsSettings, env: Given['env']): Promise<Check> {
  const what = `Jenkins job ${name}`
  const account = { user: env[user] ?? '', token: env[token] ?? '' }
  const missing = [...(account.user ? [] : [user]), ...(account.token ? [] : [token])]
  if (missing.length > 0)
    return warn(what, `not set here: ${missing.join(', ')}`, 'Set them where bots run too: a trigger waits for its end')
  try {
    const [latest] = await buildsOf(account, { job: url }).page(0)
    return ok(what, latest ? `answers, its latest build is ${latest.number}` : 'answers, it has no build yet')
  } catch (error) {
    return warn(what, messageOf(error), `Correct jenkins.${name}.url, or ${user} and ${token}; its user needs Job/Read`)
  }
}
