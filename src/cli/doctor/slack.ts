import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LogLevel, WebClient } from '@slack/web-api'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Config } from '../../config.ts'
import type { Site } from '../../core/site.ts'
import { messageOf } from '../../errors.ts'
import { root } from '../places.ts'
import { hostOf } from '../redis.ts'
import type { Check } from './check.ts'
import { fail, ok, tried, warn } from './check.ts'

const manifest = z.object({ oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }) })

/** Tokens by asking Slack with them, and scopes by what Slack answers. */
export async function checkSlack(
  config: Config,
  env: Readonly<NodeJS.ProcessEnv>,
  site: Site | null,
): Promise<Check[]> {
  return [...(await checkBotToken(config, env, site)), ...(await checkDelivery(config, env))]
}

async function checkBotToken(
  { settings }: Config,
  env: Readonly<NodeJS.ProcessEnv>,
  site: Site | null,
): Promise<Check[]> {
  const token = settings.SLACK_BOT_TOKEN
  if (!token) {
    const todo = 'Install the app of manifest.yml and set SLACK_BOT_TOKEN to its Bot User OAuth Token'
    return env.SLACK_BOT_TOKEN ? [] : [fail('bot token', 'SLACK_BOT_TOKEN is not set', todo)]
  }
  const todo = 'See OAuth & Permissions of the app for SLACK_BOT_TOKEN, and whether this machine reaches Slack'
  return tried('bot token', todo, async () => {
    const answer = await clientOf(token, settings.SLACK_API_URL)
      .auth.test()
      .catch((error: unknown) => refuse(error, settings.SLACK_API_URL))
    const who = `belongs to ${answer.user ?? answer.user_id ?? 'a bot'} in ${answer.team_id ?? 'an unknown team'}`
    return [ok('bot token', who), ...teamOf(answer.team_id, site), await scopesOf(answer.response_metadata?.scopes)]
  })
}

/** Roles are given to users of one workspace: with another team's id nobody has any. */
function teamOf(team: string | undefined, site: Site | null): Check[] {
  if (!site || !team) return []
  if (team === site.slack.team) return [ok('team', `${team}, as in the site file`)]
  const found = `the token is of ${team}, the site file says ${site.slack.team}`
  return [fail('team', found, `Set \`slack.team\` to ${team}, or use the token of ${site.slack.team}`)]
}

async function scopesOf(has: readonly string[] | undefined): Promise<Check> {
  const wanted = manifest.parse(parse(await readFile(join(root, 'manifest.yml'), 'utf8'))).oauth_config.scopes.bot
  if (!has) return warn('scopes', 'not told by this Slack', `The app needs ${wanted.join(', ')}; see manifest.yml`)
  const missing = wanted.filter((scope) => !has.includes(scope))
  const more = has.filter((scope) => !wanted.includes(scope))
  if (missing.length > 0) {
    return fail('scopes', `missing ${missing.join(', ')}`, 'Add them as in manifest.yml and install the app again')
  }
  if (more.length > 0) return warn('scopes', `more than needed: ${more.join(', ')}`, 'Take them away; least is safest')
  return ok('scopes', has.join(', '))
}

async function checkDelivery({ settings }: Config, env: Readonly<NodeJS.ProcessEnv>): Promise<Check[]> {
  if (settings.SLACK_MODE === 'http') {
    if (settings.SLACK_SIGNING_SECRET) return [ok('signing secret', 'set')]
    const todo = 'See Basic Information, App Credentials, and set SLACK_SIGNING_SECRET'
    return [fail('signing secret', 'not set, and SLACK_MODE is http', todo)]
  }
  const token = settings.SLACK_APP_TOKEN
  if (!token) {
    const todo = 'Make an app-level token with the scope connections:write and set SLACK_APP_TOKEN'
    return env.SLACK_APP_TOKEN ? [] : [fail('app token', 'SLACK_APP_TOKEN is not set', todo)]
  }
  const todo = 'See Basic Information, App-Level Tokens: it needs the scope connections:write, and Socket Mode is on'
  return tried('app token', todo, async () => {
    await clientOf(token, settings.SLACK_API_URL)
      .apps.connections.open({})
      .catch((error: unknown) => refuse(error, settings.SLACK_API_URL))
    return [ok('app token', 'opens connections (Socket Mode)')]
  })
}

function clientOf(token: string, slackApiUrl: string): WebClient {
  return new WebClient(token, {
    slackApiUrl,
    timeout: 8_000,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logLevel: LogLevel.ERROR,
  })
}

function refuse(error: unknown, url: string): never {
  const code = (error as { data?: { error?: string } }).data?.error
  if (code) throw new Error(`Slack refuses it: ${code}`, { cause: error })
  throw new Error(`Slack at ${hostOf(url)} does not answer: ${messageOf(error)}`, { cause: error })
}
