import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { root } from '../examples/demo/parts/program.ts'
import { startConsul, startRedis, startSlack } from '../examples/demo/parts.ts'
import { slackFile } from '../examples/demo/settings.ts'
import { openCrew } from '../src/cli/crew.ts'
import type { Execution } from '../src/core/execution.ts'
import { held, scratchFolder, startScript } from './processes.ts'
import { type SiteChange, writeSite } from './site.ts'

export const alice = { kind: 'slack', team: 'T01DEMO', user: 'U01ALICE' } as const
export const carol = { kind: 'slack', team: 'T01DEMO', user: 'U03CAROL' } as const
export const CHANNEL = 'C01OPS'

type Options = {
  readonly names: readonly string[]
  readonly site?: (dir: string) => SiteChange
  readonly slack?: boolean
  readonly consul?: boolean
}

export type Installation = Awaited<ReturnType<typeof install>>

/** A Redis as production runs it, and what else is asked for, with what a process needs to join them. All of it ends with the stack. */
export async function install(stack: AsyncDisposableStack, { names, site, slack, consul }: Options) {
  const dir = scratchFolder(stack)
  const [redis, workspace, agent] = await Promise.all([
    held(stack, startRedis({ dir: join(dir, 'redis'), detached: true })),
    slack ? held(stack, startSlack({ dir: join(dir, 'slack'), config: slackFile, detached: true })) : undefined,
    consul ? held(stack, startConsul({ dir: join(dir, 'consul'), dev: true, detached: true })) : undefined,
  ])
  const settings: Record<string, string> = {
    REDIS_URL: redis.url,
    GROUNDCREW_HTTP_PORT: '0',
    GROUNDCREW_SITE: writeSite(dir, names, site?.(dir)),
    GROUNDCREW_COMMANDS: ['commands', 'bench/commands'].map((folder) => join(root, folder)).join(','),
    GROUNDCREW_ARTIFACT_KEY: randomBytes(32).toString('hex'),
    GROUNDCREW_AUDIT_FILE: join(dir, 'audit.jsonl'),
    ...(workspace ? { SLACK_API_URL: workspace.apiUrl } : {}),
    ...(workspace ? { SLACK_BOT_TOKEN: 'xoxb-demo', SLACK_APP_TOKEN: 'xapp-demo' } : {}),
    ...(agent ? { CONSUL_HTTP_ADDR: agent.url } : {}),
  }
  const start = (name: 'bot' | 'worker', as: string, env: Record<string, string>) => {
    const script = { name: as, file: `src/${name}.ts`, ready: `"msg":"${name} ready"` }
    return held(stack, startScript({ ...script, env: { ...settings, ...env } }, dir))
  }
  return {
    redis,
    slackUrl: workspace?.url ?? '',
    consulUrl: agent?.url ?? '',
    settings,
    bot: () => start('bot', 'bot', { GROUNDCREW_WORK_DIR: join(dir, 'bot') }),
    /** A worker process under a name of its own, with a folder of its own. */
    worker: (name: string, concurrency = 4) =>
      start('worker', name, { GROUNDCREW_WORK_DIR: join(dir, name), WORKER_CONCURRENCY: String(concurrency) }),
    /** The crew in this process: what the bot does with a line, without Slack before it. */
    open: () => open(stack, settings),
  }
}

export type Open = Awaited<ReturnType<typeof open>>

async function open(stack: AsyncDisposableStack, settings: Readonly<Record<string, string>>) {
  const opened = await openCrew({
    options: { json: false, help: false },
    words: [],
    env: { ...process.env, ...settings },
  })
  stack.defer(() => opened.engine.close())
  const reply = (line: string) => opened.crew.ask(line, { ...caller, request: randomUUID() })
  return {
    ...opened,
    /** A line that starts something; gives what was stored. */
    async ask(line: string): Promise<Execution> {
      const answer = await reply(line)
      if (answer.kind !== 'started') throw new Error(`Expected \`${line}\` to start something; it answered.`)
      return answer.execution
    },
    /** A line that only answers; gives the text. */
    async read(line: string): Promise<string> {
      const answer = await reply(line)
      if (answer.kind !== 'answered') throw new Error(`Expected \`${line}\` to answer; it started something.`)
      return answer.answer.text
    },
  }
}

export const caller = { actor: alice, origin: { channel: CHANNEL, via: 'slack' } } as const
