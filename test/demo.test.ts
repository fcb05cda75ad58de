import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { isFree } from '../examples/demo/parts/port.ts'
import { freePort, waitFor } from '../examples/demo/parts.ts'
import { actionsOf, type SlackMessage, slackControl } from '../examples/demo/slack-control.ts'
import { readSite } from '../src/config/site.ts'
import { folderOf } from '../src/core/infrastructure.ts'
import { listening } from './listening.ts'

const root = join(import.meta.dirname, '..')
const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-demo-'))
const dir = join(scratch, 'demo')
const port = await freePort()
const url = `http://127.0.0.1:${port}`

type Demo = { child: ChildProcess; out: () => string; err: () => string }
const started: Demo[] = []

afterAll(async () => {
  for (const { child } of started) if (!isOver(child)) await end(child, 'SIGTERM')
  rmSync(scratch, { recursive: true, force: true })
})

test('the demo comes up, is joined, loses a worker, and leaves nothing behind when it is told to end', async () => {
  const demo = await start()
  expect(demo.out()).toMatch(new RegExp(`^ready ${url}\n`))
  expect(demo.out().match(/^ready /gm)).toHaveLength(1)
  expect(demo.out()).toContain('/loadtest up small')

  const env = checkedEnvironment()
  expect(demo.out()).toContain(`consul event -http-addr=${env.CONSUL_HTTP_ADDR} -name=rehearse small`)
  expect(await told('webhook.ts', '1.2')).toContain('"line":"promote page --version 1.2"')
  const pids = recorded()
  expect(Object.keys(pids).sort()).toEqual([
    'bot',
    'consul',
    'demo',
    'jenkins',
    'monitor',
    'redis',
    'slack',
    'vault',
    'worker',
  ])
  expect(pids.demo).toBe(demo.child.pid)
  const addresses = Object.values(pids).flatMap(listening)
  expect(addresses).toContain(`127.0.0.1:${port}`)
  expect(addresses.filter((address) => !address.startsWith('127.0.0.1:'))).toEqual([])

  expect(demo.out()).toContain(`GROUNDCREW_DEMO_DIR='${dir}' npm run -s demo:denied`)
  await seeAlerts(pids.monitor ?? 0, demo, env)

  process.kill(pids.worker ?? 0, 'SIGKILL')
  await waitFor(() => demo.err().includes('The worker'), { what: 'the line about the worker' })
  const second = run(['src/worker.ts'], env)
  await waitFor(() => second.err().includes('worker ready'), { what: 'the second worker' })

  const instances = await bringUp(env.CONSUL_HTTP_ADDR ?? '')
  expect(instances).toHaveLength(3)
  expect(isOver(demo.child)).toBe(false)
  expect(existsSync(join(dir, 'pids/worker'))).toBe(false)
  expect(await end(second.child, 'SIGTERM')).toBe(0)

  expect(await end(demo.child, 'SIGTERM')).toBe(0)
  expect(Object.values(pids).filter(isAlive)).toEqual([])
  const ports = [...addresses.map((address) => Number(address.split(':')[1])), ...instances]
  for (const each of ports) expect(await isFree(each), `port ${each}`).toBe(true)
  expect(readdirSync(join(dir, 'pids'))).toEqual([])
}, 120_000)

test('a second demo is refused while one runs, a killed one is cleared up, and --fresh forgets', async () => {
  const first = await start()
  const pids = Object.values(recorded())
  const key = environment().GROUNDCREW_ARTIFACT_KEY
  const refused = run(['examples/demo/main.ts', '--no-open'], demoSettings())
  expect(await over(refused.child)).toBe(1)
  expect(refused.err()).toContain(`already runs (pid ${first.child.pid}`)

  await end(first.child, 'SIGKILL')
  expect(pids.filter(isAlive)).not.toEqual([])
  const next = await start('--fresh')
  expect(pids.filter(isAlive)).toEqual([])
  expect(environment().GROUNDCREW_ARTIFACT_KEY).not.toBe(key)
  next.child.kill('SIGINT')
  await waitFor(() => next.err().includes('stopping'), { what: 'the first Ctrl-C to be heard', every: 5 })
  expect(await end(next.child, 'SIGINT')).toBe(0)
  expect(next.err()).toContain('please wait')
})

test.each([
  [['--port', '0'], '--port is `0`'],
  [['--prot', '3000'], "Unknown option '--prot'"],
  [['now'], "Unexpected argument 'now'"],
])('%j is refused with what was expected', async (args, words) => {
  const { child, err } = run(['examples/demo/main.ts', ...args], demoSettings())
  expect(await over(child)).toBe(2)
  expect(err()).toContain(words)
})

test.each([
  ['denied.ts', '20', 'start the demo first'],
  ['denied.ts', '0', 'is not a whole number'],
  ['token.ts', '10m', 'start the demo first'],
  ['token.ts', 'soon', 'is not a duration'],
  ['webhook.ts', '1.2', 'start the demo first'],
])('%s %s without a demo says what is wrong', async (script, argument, words) => {
  const settings = { ...demoSettings(), GROUNDCREW_DEMO_DIR: join(scratch, 'none') }
  const { child, err } = run([`examples/demo/${script}`, argument], settings)
  expect(await over(child)).toBe(1)
  expect(err()).toContain(words)
})

test('the requests that the demo denies are lines of the samples', () => {
  const linesOf = (file: string) => readFileSync(join(root, file), 'utf8').trim().split('\n')
  const samples = linesOf('test/cases/audit/samples.jsonl')
  expect(linesOf('examples/demo/denied.jsonl').filter((line) => !samples.includes(line))).toEqual([])
})

test('a port that is in use is refused before anything is started, with the way out', async () => {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  const { child, err } = run(['examples/demo/main.ts', '--no-open', '--port', String(port)], demoSettings())
  expect(await over(child)).toBe(1)
  expect(err()).toContain(`Port ${port} on 127.0.0.1 is in use. Give another one: script/demo --port`)
  server.close()
})

test.each(['groundcrew.yml', 'examples/site/groundcrew.yml'])('%s is a site whose stacks are there', async (file) => {
  const site = await readSite(join(root, file))
  const stacks = Object.values(site.environments).map(({ stack }) => folderOf(stack))
  expect(stacks.filter((stack) => !existsSync(join(stack, 'main.tf')))).toEqual([])
})

/** What the guide says of alerts: denied requests, a token that ends, a monitor that is killed, and another one. */
async function seeAlerts(monitor: number, demo: Demo, env: Record<string, string>): Promise<void> {
  const slack = slackControl(url)
  const sees = (words: RegExp) =>
    slack.waitForMessage('C02ALERTS', (message) => words.test(JSON.stringify(message.blocks)), '40s')
  expect(await told('denied.ts', '30')).toMatch(/^30 denied requests are in .*vault\/audit.log/)
  await sees(/firing.*critical `denied`.*30 denied.*kv\/data\/payments/)
  await told('token.ts', '10m')
  await sees(/firing.*critical `expiry`.*expires in.*owner `platform`.*may not renew it.*runbooks\/deploy-token/)
  await told('token.ts', '30d')
  await sees(/resolved.*critical `expiry`/)

  process.kill(monitor, 'SIGKILL')
  await waitFor(() => demo.err().includes('npm run monitor'), { what: 'the line about the monitor' })
  await sees(/firing.*critical `blind`.*vault-audit-monitor/)
  const second = run(['src/monitor.ts'], env)
  started.push(second)
  await sees(/resolved.*critical `blind`/)
  expect(await end(second.child, 'SIGTERM')).toBe(0)
  await slack.close()
}

async function told(script: string, argument: string): Promise<string> {
  const { child, out, err } = run([`examples/demo/${script}`, argument], demoSettings())
  expect(await over(child), err()).toBe(0)
  return out()
}

/** Asks as Bob, who may do that outside the window too, so that it passes at any hour; approves as Carol, and gives the ports of the instances that then answer. */
async function bringUp(consul: string): Promise<number[]> {
  const slack = slackControl(url)
  const text = 'up small --outside-window --why "the demo is tried"'
  await slack.command({ user: 'U02BOB', channel: 'C01OPS', command: '/loadtest', text })
  const isApprove = ({ action_id }: { action_id: string }) => action_id.startsWith('judgment.approve')
  const isOurs = (message: SlackMessage) =>
    actionsOf(message).some(isApprove) && message.text.includes('loadtest up small')
  const asked = await slack.waitForMessage('C01OPS', isOurs, '40s')
  const action = actionsOf(asked).find(isApprove) ?? { action_id: '' }
  await slack.press({ user: 'U03CAROL', channel: 'C01OPS', messageTs: asked.ts, action })
  const ports = await waitFor(
    async () => {
      const found = await Promise.all(['loadtest-app', 'loadtest-generator'].map((name) => passing(consul, name)))
      return found.flat().length === 3 ? found.flat() : undefined
    },
    { what: 'three instances', within: '40s' },
  )
  await slack.close()
  return ports
}

async function passing(consul: string, service: string): Promise<number[]> {
  const answer = await fetch(`${consul}/v1/health/service/${service}?passing`)
  return ((await answer.json()) as { Service: { Port: number } }[]).map(({ Service }) => Service.Port)
}

async function start(...args: string[]): Promise<Demo> {
  const demo = run([], demoSettings(), [join(root, 'script/demo'), '--no-open', '--port', String(port), ...args])
  started.push(demo)
  const up = () => demo.out().includes('stops everything.') || isOver(demo.child)
  await waitFor(up, { what: 'the demo to be ready', within: '50s' })
  expect(isOver(demo.child), demo.err()).toBe(false)
  return demo
}

/** Node unless a whole command line is given, and not from the top of the repository: the demo must not care. */
function run(args: string[], settings: Record<string, string>, line = ['node', ...args]): Demo {
  const [program = '', ...rest] = line
  const cwd = program === 'node' ? root : scratch
  const child = spawn(program, rest, { cwd, env: { ...process.env, ...settings }, stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    texts.out += chunk
  })
  child.stderr.on('data', (chunk) => {
    texts.err += chunk
  })
  return { child, out: () => texts.out, err: () => texts.err }
}

function demoSettings(): Record<string, string> {
  return { GROUNDCREW_DEMO_DIR: dir, CI: 'true' }
}

/** Complete, private, and all of it on this machine. */
function checkedEnvironment(): Record<string, string> {
  const env = environment()
  expect(statSync(join(dir, 'env')).mode & 0o777).toBe(0o600)
  expect(env).toMatchObject({
    SLACK_API_URL: `${url}/api/`,
    SLACK_BOT_TOKEN: 'xoxb-demo',
    SLACK_APP_TOKEN: 'xapp-demo',
  })
  expect(env.CONSUL_HTTP_ADDR).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect(env.REDIS_URL).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/)
  expect(existsSync(env.GROUNDCREW_SITE ?? '')).toBe(true)
  return env
}

function environment(): Record<string, string> {
  const lines = readFileSync(join(dir, 'env'), 'utf8').trim().split('\n')
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

function recorded(): Record<string, number> {
  const names = readdirSync(join(dir, 'pids'))
  return Object.fromEntries(names.map((name) => [name, Number(readFileSync(join(dir, 'pids', name), 'utf8'))]))
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  child.kill(signal)
  return over(child)
}

async function over(child: ChildProcess): Promise<number | null> {
  if (!isOver(child)) await once(child, 'close')
  return child.exitCode
}

function isOver(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

function isAlive(pid: number): boolean {
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ''
  return stat !== '' && !/\) [ZX] /.test(stat)
}
