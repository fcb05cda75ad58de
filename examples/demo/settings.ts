import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type DemoFolder, plainPath, writePrivate } from './folder.ts'
import { root } from './parts/program.ts'
import type { SlackConfig } from './parts.ts'

export const siteFile = join(root, 'examples/site/groundcrew.yml')
export const slackFile = join(root, 'examples/demo/slack.yml')

/** What would turn the demo's processes towards another workspace, Redis, Consul or Vault than their own. */
const FOREIGN = /^(GROUNDCREW|SLACK|REDIS|CONSUL|VAULT|TF|WORKER)_|^(LOG_LEVEL|NODE_ENV)$/

/** The environment of whoever started the demo, without what is meant for a real installation. */
export function neutral(environment: NodeJS.ProcessEnv): Record<string, string> {
  const given = Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return Object.fromEntries(given.filter(([name]) => !FOREIGN.test(name)))
}

export type Addresses = { readonly slackApi: string; readonly redis: string; readonly consul: string }

/** All that a further process needs to join the demo. */
export function settingsOf(folder: DemoFolder, addresses: Addresses, logLevel?: string): Record<string, string> {
  const [app] = (parse(readFileSync(slackFile, 'utf8')) as SlackConfig).apps
  return {
    SLACK_API_URL: addresses.slackApi,
    SLACK_BOT_TOKEN: app?.botToken ?? '',
    SLACK_APP_TOKEN: app?.appToken ?? '',
    SLACK_SIGNING_SECRET: app?.signingSecret ?? '',
    REDIS_URL: addresses.redis,
    CONSUL_HTTP_ADDR: addresses.consul,
    GROUNDCREW_SITE: plainPath(siteFile),
    GROUNDCREW_COMMANDS: plainPath(join(root, 'commands')),
    GROUNDCREW_WORK_DIR: plainPath(folder.work),
    GROUNDCREW_ARTIFACT_KEY: folder.artifactKey(),
    TF_VAR_run_dir: folder.instances,
    // The lines that say "ready" are of level info, so it is never less.
    LOG_LEVEL: logLevel === 'debug' || logLevel === 'trace' ? logLevel : 'info',
  }
}

export function writeSettings(file: string, settings: Record<string, string>): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  writePrivate(file, lines.join(''))
}
