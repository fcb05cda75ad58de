import { join } from 'node:path'
import { startConsul, startSlack } from '../examples/demo/parts.ts'
import { slackFile } from '../examples/demo/settings.ts'
import { install } from './installation.ts'
import { held, scratchFolder, startScript } from './processes.ts'
import { openScreen, type Screen } from './screen.ts'

/** Whoever tells of Consul's checks, with a Consul and a local-slack of its own. */
export type AlertSide = { readonly consul: string; readonly screen: Screen; readonly pid: number }
export type AlertSides = {
  readonly groundcrew: AlertSide
  readonly baseline: AlertSide
  readonly redisUrl: string
  /** Scratch. */
  readonly dir: string
}

export const BARE = 'bare blocking query and one chat.postMessage'
const CHANNEL = 'C02ALERTS'

/** A site's alerts: one rule, and so one group and one message, for each service and each tag; nobody is called. */
export function oneRuleFor(services: readonly string[], tags: readonly string[] = []) {
  const rules = [
    ...services.map((service) => ({ name: service, service, remind: [] })),
    ...tags.map((tag) => ({ name: tag, tag, remind: [] })),
  ]
  return { channel: 'alerts', rules, blind: { remind: [] } }
}

/** The bot with these alerts, and the bare watcher. */
export async function startAlertSides(
  stack: AsyncDisposableStack,
  alerts: ReturnType<typeof oneRuleFor>,
  signal: AbortSignal,
): Promise<AlertSides> {
  const slack = { posts_per_second: 1_000, edits_per_minute: 60_000 }
  const site = () => ({ alerts, slack })
  const installation = await install(stack, { names: ['loadtest'], site, slack: true, consul: true })
  const dir = scratchFolder(stack)
  const [agent, workspace] = await Promise.all([
    held(stack, startConsul({ dir: join(dir, 'consul'), dev: true, detached: true })),
    held(stack, startSlack({ dir: join(dir, 'slack'), config: slackFile, detached: true })),
  ])
  const env = {
    ...{ SLACK_API_URL: workspace.apiUrl, SLACK_BOT_TOKEN: 'xoxb-demo', BENCH_CHANNEL: CHANNEL },
    CONSUL_HTTP_ADDR: agent.url,
  }
  const bare = { name: 'bare-watch', file: 'bench/bare-watch.ts', ready: 'bare watch ready', env }
  const [bot, baseline] = await Promise.all([installation.bot(), held(stack, startScript(bare, dir))])
  const [ours, theirs] = await Promise.all([installation.slackUrl, workspace.url].map((url) => openScreen(url, signal)))
  if (!ours || !theirs) throw new Error('local-slack has no page.')
  stack.defer(() => Promise.all([ours, theirs].map(({ control }) => control.close())).then(() => {}))
  return {
    groundcrew: { consul: installation.consulUrl, screen: ours, pid: bot.pid },
    baseline: { consul: agent.url, screen: theirs, pid: baseline.pid },
    redisUrl: installation.redis.url,
    dir,
  }
}
