import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, globSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Part, startConsul, startRedis, startSlack, waitFor } from '../../examples/demo/parts.ts'
import { slackControl } from '../../examples/demo/slack-control.ts'
import { messageOf } from '../../src/errors.ts'
import { interrupt } from '../../src/tools/run.ts'
import { commands, node, repository, type SiteWish, signingSecret, siteText, workspace } from './site.ts'

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
  /** Another Consul than one server in memory. */
  readonly consul?: (dir: string) => Promise<Part>
}

/** A bot, a worker or a monitor, as a process of its own. */
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
  try {
    return await worldIn(dir, typeof wish === 'function' ? wish(dir) : wish)
  } catch (error) {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
    throw error
  }
}

async function worldIn(dir: string, wish: WorldWish) {
  writeFileSync(siteFile(dir), siteText(wish))
  const parts = await startParts(dir, wish)
  const variables = { ...variablesOf(dir, parts), ...httpVariables(wish.httpPort), ...wish.variables?.(dir) }
  const crew: Crew[] = []
  const start = async (name: Program, more: Record<string, string> = {}) => {
    const log = join(dir, `${name}-${randomBytes(4).toString('hex')}.log`)
    const started = await startCrew(name, log, { ...variables, ...more })
    crew.push(started)
    return started
  }
  const many = (name: 'bot' | 'worker', count = 1) => Array.from({ length: count }, () => start(name))
  const control = slackControl(parts.slack.url)
  const stop = async () => {
    await stopAll(crew)
    await endRuns(dir)
    // Instances that a failed test left leave by themselves once their records are gone.
    rmSync(join(dir, 'instances'), { recursive: true, force: true })
    await control.close()
    await stopAll(Object.values(parts))
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  const [bots, workers] = await allOrNone([...many('bot', wish.bots), ...many('worker', wish.workers)], stop).then(
    (all) => [all.slice(0, wish.bots ?? 1), all.slice(wish.bots ?? 1)] as const,
  )
  return {
    dir,
    ...parts,
    control,
    bots,
    workers,
    startBot: (more: Record<string, string> = {}) => start('bot', more),
    /** A monitor with these settings of its own (GROUNDCREW_MONITORS). */
    startMonitor: (settings: object, more: Record<string, string> = {}) => {
      const file = join(dir, `monitors-${randomBytes(4).toString('hex')}.yml`)
      writeFileSync(file, JSON.stringify(settings))
      return start('monitor', { GROUNDCREW_MONITORS: file, ...more })
    },
    /** A worker with another work folder is one on another machine. */
    startWorker: (workDir = 'work', more: Record<string, string> = {}) =>
      start('worker', { GROUNDCREW_WORK_DIR: join(dir, workDir), ...more }),
    stop,
  }
}

const siteFile = (dir: string) => join(dir, 'site.yml')

async function startParts(dir: string, { rooms, httpPort, slack: more, consul }: WorldWish) {
  const requestUrl = httpPort ? `http://127.0.0.1:${httpPort}/slack/events` : undefined
  const parts = {
    redis: startRedis({ dir: join(dir, 'redis') }),
    consul: consul ? consul(dir) : startConsul({ dir: join(dir, 'consul'), dev: true }),
    slack: startSlack({ dir: join(dir, 'slack'), config: workspace(rooms, requestUrl), ...more?.(dir) }),
  }
  await allOrNone(Object.values(parts), stopAll)
  return { redis: await parts.redis, consul: await parts.consul, slack: await parts.slack }
}

type Stoppable = { stop(): Promise<void> }

/** Where one does not start, nothing of a world that no test gets to see runs on: all are waited for, and what is up is stopped. */
async function allOrNone<T extends Stoppable>(
  starting: readonly Promise<T>[],
  stop: (started: readonly T[]) => Promise<void>,
): Promise<T[]> {
  const ends = await Promise.allSettled(starting)
  const failed = ends.find((end) => end.status === 'rejected')
  const started = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
  if (!failed) return started
  await stop(started)
  throw failed.reason
}

async function stopAll(all: readonly Stoppable[]): Promise<void> {
  await Promise.all(all.map((each) => each.stop()))
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
    GROUNDCREW_HTTP_PORT: '0',
    GROUNDCREW_ARTIFACT_KEY: randomBytes(32).toString('hex'),
    TF_VAR_run_dir: join(dir, 'instances'),
  }
}

function httpVariables(port: number | undefined): Record<string, string> {
  if (!port) return {}
  return { SLACK_MODE: 'http', SLACK_HTTP_PORT: String(port), SLACK_SIGNING_SECRET: signingSecret }
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

type Program = 'bot' | 'worker' | 'monitor'

async function startCrew(name: Program, file: string, env: Record<string, string>): Promise<Crew> {
  mkdirSync(dirname(file), { recursive: true })
  const out = openSync(file, 'a', 0o600)
  const child = spawn(node, [`src/${name}.ts`], { cwd: repository, env, stdio: ['ignore', out, out] })
  closeSync(out)
  running.add(child)
  child.once('exit', () => running.delete(child))
  const log = () => readFileSync(file, 'utf8')
  const isUp = () => log().includes(`"msg":"${name} ready"`)
  try {
    await waitFor(() => isUp() || hasEnded(child), { what: `${name} to be ready`, within: '40s' })
    if (hasEnded(child)) throw new Error(`The ${name} ended at its start (${child.signalCode ?? child.exitCode}).`)
  } catch (error) {
    await end(child, 'SIGKILL')
    throw new Error(`${messageOf(error)}\n${log().slice(-3000)}`, { cause: error })
  }
  return {
    pid: child.pid ?? 0,
    log,
    stop: () => end(child, 'SIGTERM'),
    kill9: () => end(child, 'SIGKILL'),
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (hasEnded(child)) return
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
