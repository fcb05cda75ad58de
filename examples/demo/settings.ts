import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type DemoFolder, plainPath, readIfThere, writePrivate } from './folder.ts'
import { JENKINS_TOKEN, JENKINS_USER } from './jenkins-stand-in.ts'
import { writeMonitors } from './monitors.ts'
import { isFree } from './parts/port.ts'
import { root } from './parts/program.ts'
import { freePort, type SlackConfig } from './parts.ts'
import { demoSite } from './site.ts'
import { OWN_TOKEN } from './vault-stand-in.ts'

export { siteFile } from './site.ts'

export const slackFile = join(root, 'examples/demo/slack.yml')

/** What would turn the demo's processes towards another workspace, Redis, Consul or Vault than their own. */
const FOREIGN =
  /^(GROUNDCREW|SLACK|REDIS|CONSUL|VAULT|JENKINS|TF|PKR|PACKER|WORKER)_|^(LOG_LEVEL|NODE_ENV|CI_WEBHOOK_SECRET)$/

/** The environment of whoever started the demo, without what is meant for a real installation. */
export function neutral(environment: NodeJS.ProcessEnv): Record<string, string> {
  const given = Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return Object.fromEntries(given.filter(([name]) => !FOREIGN.test(name)))
}

export type Ports = Readonly<Record<'slack' | 'redis' | 'consul' | 'vault' | 'jenkins' | 'http', number>>

/** All but Slack get the ports of the last time where those are still free, so that what knew them finds them again. */
export async function choosePorts(folder: DemoFolder, slack: number): Promise<Ports> {
  const kept = JSON.parse(readIfThere(folder.file('ports.json')) ?? '{}') as Partial<Ports>
  const again = async (port: number | undefined) =>
    port && port !== slack && (await isFree(port)) ? port : otherThan(slack)
  const [redis, consul, vault] = [await again(kept.redis), await again(kept.consul), await again(kept.vault)]
  const [jenkins, http] = [await again(kept.jenkins), await again(kept.http)]
  const ports = { slack, redis, consul, vault, jenkins, http }
  writePrivate(folder.file('ports.json'), JSON.stringify(ports))
  return ports
}

async function otherThan(taken: number): Promise<number> {
  const port = await freePort()
  return port === taken ? otherThan(taken) : port
}

/** All that a further process needs to join the demo; kept in the file `env`, unquoted, one `NAME=value` a line. */
export function writeSettings(folder: DemoFolder, ports: Ports, logLevel?: string): Record<string, string> {
  const [app] = (parse(readFileSync(slackFile, 'utf8')) as SlackConfig).apps
  const settings = {
    SLACK_API_URL: `http://127.0.0.1:${ports.slack}/api/`,
    SLACK_BOT_TOKEN: app?.botToken ?? '',
    SLACK_APP_TOKEN: app?.appToken ?? '',
    SLACK_SIGNING_SECRET: app?.signingSecret ?? '',
    REDIS_URL: `redis://127.0.0.1:${ports.redis}`,
    CONSUL_HTTP_ADDR: `http://127.0.0.1:${ports.consul}`,
    VAULT_ADDR: `http://127.0.0.1:${ports.vault}`,
    VAULT_TOKEN: OWN_TOKEN,
    JENKINS_USER,
    JENKINS_TOKEN,
    CI_WEBHOOK_SECRET: randomBytes(32).toString('hex'),
    GROUNDCREW_HTTP_PORT: String(ports.http),
    GROUNDCREW_PUBLIC_URL: `http://127.0.0.1:${ports.http}`,
    GROUNDCREW_MONITORS: plainPath(writeMonitors(folder)),
    GROUNDCREW_SITE: plainPath(writeSite(folder, ports)),
    GROUNDCREW_COMMANDS: ['commands', 'examples/site/commands'].map((name) => plainPath(join(root, name))).join(','),
    GROUNDCREW_WORK_DIR: plainPath(folder.work),
    GROUNDCREW_LABELS: 'generator',
    GROUNDCREW_ARTIFACT_KEY: folder.artifactKey(),
    GROUNDCREW_AUDIT_FILE: plainPath(folder.file('audit.jsonl')),
    TF_VAR_run_dir: folder.instances,
    PKR_VAR_image_dir: folder.images,
    TF_VAR_image_dir: folder.images,
    // The lines that say "ready" are of level info, so it is never less.
    LOG_LEVEL: logLevel === 'debug' || logLevel === 'trace' ? logLevel : 'info',
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  writePrivate(folder.file('env'), lines.join(''))
  return settings
}

function writeSite(folder: DemoFolder, { slack, jenkins }: Ports): string {
  const file = folder.file('groundcrew.yml')
  writePrivate(file, demoSite({ slack: `http://127.0.0.1:${slack}`, jenkins: `http://127.0.0.1:${jenkins}` }))
  return file
}
