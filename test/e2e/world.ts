import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, globSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { findProgram, startConsul, startRedis, startSlack, waitFor } from '../../examples/demo/parts.ts'
import { slackControl } from '../../examples/demo/slack-control.ts'
import { interrupt } from '../../src/tools/run.ts'
import { commands, repository, type SiteWish, signingSecret, siteText, workspace } from './site.ts'

export type WorldWish = SiteWish & {
  readonly bots?: number
  readonly workers?: number
  /** The bot hears Slack by signed HTTP requests on this port, instead of Socket Mode. */
  readonly httpPort?: number
  /** Names of the channels besides #ops. */
  readonly rooms?: readonly string[]
  /** More variables of bots and workers, known when the world has its folder. */
  readonly variables?: (dir: string) => Record<string, string>
  /** Further preloads of local-slack, and their variables. */
  readonly slack?: (dir: string) => { preloads: readonly string[]; env: Record<string, string> }
}

/** A bot or a worker, as a process of its own. */
export type Crew = {
  readonly pid: number
  readonly log: () => string
  stop(): Promise<void>
  kill9(): Promise<void>
}

export type World = Awaited<ReturnType<typeof startWorld>>

/** Everything real, for the tests of one file: Redis, Consul, local-slack, bots and workers, in one folder and on free ports. */
export async function startWorld(wish: WorldWish | ((dir: string) => WorldWish)) {
  const dir = mkdtempSync(join(tmpdir(), 'groundcrew-e2e-'))
  const wanted = typeof wish === 'function' ? wish(dir) : wish
  writeFileSync(siteFile(dir), siteText(wanted))
  const parts = await startParts(dir, wanted)
  const variables = { ...variablesOf(dir, parts), ...httpVariables(wanted.httpPort), ...wanted.variables?.(dir) }
  const crew: Crew[] = []
  const start = async (name: 'bot' | 'worker', more: Record<string, string> = {}) => {
    const log = join(dir, `${name}-${randomBytes(4).toString('hex')}.log`)
    const started = await startCrew(name, log, { ...variables, ...more })
    crew.push(started)
    return started
  }
  const many = (name: 'bot' | 'worker', count = 1) => Promise.all(Array.from({ length: count }, () => start(name)))
  const control = slackControl(parts.slack.url)
  const [bots, workers] = await Promise.all([many('bot', wanted.bots), many('worker', wanted.workers)])
  return {
    dir,
    ...parts,
    control,
    bots,
    workers,
    startBot: () => start('bot'),
    /** A worker with another work folder is one on another machine. */
    startWorker: (workDir = 'work') => start('worker', { GROUNDCREW_WORK_DIR: join(dir, workDir) }),
    async stop(): Promise<void> {
      await Promise.all(crew.map((each) => each.stop()))
      await endRuns(dir)
      // Instances that a failed test left leave by themselves once their records are gone.
      rmSync(join(dir, 'instances'), { recursive: true, force: true })
      await control.close()
      await Promise.all(Object.values(parts).map((part) => part.stop()))
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

const siteFile = (dir: string) => join(dir, 'site.yml')

async function startParts(dir: string, { rooms, httpPort, slack: more }: WorldWish) {
  const requestUrl = httpPort ? `http://127.0.0.1:${httpPort}/slack/events` : undefined
  const [redis, consul, slack] = await Promise.all([
    startRedis({ dir: join(dir, 'redis') }),
    startConsul({ dir: join(dir, 'consul'), dev: true }),
    startSlack({ dir: join(dir, 'slack'), config: workspace(rooms, requestUrl), ...more?.(dir) }),
  ])
  return { redis, consul, slack }
}

function variablesOf(dir: string, { redis, consul, slack }: Awaited<ReturnType<typeof startParts>>) {
  return {
    PATH: process.env.PATH ?? '',
    HOME: dir,
    REDIS_URL: redis.url,
    CONSUL_HTTP_ADDR: consul.url,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: 'xoxb-test',
    SLACK_APP_TOKEN: 'xapp-test',
    GROUNDCREW_SITE: siteFile(dir),
    GROUNDCREW_COMMANDS: commands,
    GROUNDCREW_WORK_DIR: join(dir, 'work'),
    GROUNDCREW_ARTIFACT_KEY: randomBytes(32).toString('hex'),
    TF_VAR_run_dir: join(dir, 'instances'),
  }
}

function httpVariables(port: number | undefined): Record<string, string> {
  if (!port) return {}
  return { SLACK_MODE: 'http', SLACK_HTTP_PORT: String(port), SLACK_SIGNING_SECRET: signingSecret }
}

async function startCrew(name: 'bot' | 'worker', file: string, env: Record<string, string>): Promise<Crew> {
  mkdirSync(dirname(file), { recursive: true })
  const out = openSync(file, 'a', 0o600)
  const child = spawn(findProgram('node'), [`src/${name}.ts`], { cwd: repository, env, stdio: ['ignore', out, out] })
  closeSync(out)
  const log = () => readFileSync(file, 'utf8')
  const ready = () => {
    if (child.exitCode !== null) throw new Error(log())
    return log().includes(`"msg":"${name} ready"`)
  }
  await waitFor(ready, { what: `${name} to be ready`, within: '40s' }).catch((error: Error) => {
    child.kill('SIGKILL')
    throw new Error(`${error.message}\n${log().slice(-3000)}`)
  })
  return {
    pid: child.pid ?? 0,
    log,
    stop: () => end(child, 'SIGTERM'),
    kill9: () => end(child, 'SIGKILL'),
  }
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  const patience = setTimeout(() => child.kill('SIGKILL'), 10_000)
  child.kill(signal)
  await gone
  clearTimeout(patience)
}

/** What a failed test left running of Terraform: each is known by its pid and start time. */
async function endRuns(dir: string): Promise<void> {
  for (const file of globSync('work*/runs/*/*/process/pid', { cwd: dir })) {
    await interrupt(dirname(join(dir, file)), 'SIGKILL')
  }
}
