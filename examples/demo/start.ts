import type { ChildProcess } from 'node:child_process'
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DemoFolder } from './folder.ts'
import { root, startProgram } from './parts/program.ts'
import { type Part, type StartOptions, startConsul, startJenkins, startRedis, startSlack, startVault } from './parts.ts'
import type { Roster } from './roster.ts'
import { type Ports, slackFile } from './settings.ts'
import { slackControl } from './slack-control.ts'

export type PartName = 'redis' | 'consul' | 'slack' | 'vault' | 'jenkins' | OwnName
type OwnName = 'bot' | 'worker' | 'monitor'

const OWN: readonly PartName[] = ['bot', 'worker', 'monitor']

/** What runs now, filled while it starts, so that a start that is called off knows what to stop. */
export type Parts = Map<PartName, Part>

export type Start = {
  readonly folder: DemoFolder
  readonly roster: Roster
  readonly parts: Parts
  readonly ports: Ports
  readonly settings: Record<string, string>
  readonly signal: AbortSignal
  /** Hears of a part that ends without being told to. */
  readonly onDeath: (death: { name: PartName; pid: number; how: string }) => void
}

/** Starts everything in its order and returns when all of it is up: the bot connected, worker and monitor ready. */
export async function startParts(start: Start): Promise<void> {
  const { ports, settings, signal } = start
  signal.throwIfAborted()
  await settled([
    launch(start, 'redis', (options) => startRedis({ ...options, port: ports.redis })),
    launch(start, 'consul', (options) => startConsul({ ...options, port: ports.consul })),
    launch(start, 'slack', (options) => startSlack({ ...options, port: ports.slack, config: slackFile })),
    launch(start, 'vault', (options) => startVault({ ...options, port: ports.vault })),
    launch(start, 'jenkins', (options) =>
      startJenkins({ ...options, port: ports.jenkins, consul: settings.CONSUL_HTTP_ADDR ?? '' }),
    ),
  ])
  signal.throwIfAborted()
  await settled([
    launch(start, 'bot', (options) => startEntry('bot', settings, options)),
    launch(start, 'worker', (options) => startEntry('worker', settings, options)),
    launch(start, 'monitor', (options) => startEntry('monitor', settings, options)),
  ])
  signal.throwIfAborted()
  await connected(`http://127.0.0.1:${ports.slack}`)
}

/** All of them are waited for, also when one fails: what came up meanwhile must be known to be stopped. */
async function settled(starts: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(starts)).find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}

async function launch(start: Start, name: PartName, run: (options: StartOptions) => Promise<Part>): Promise<void> {
  const { folder, roster, parts } = start
  const onSpawn = (child: ChildProcess) => {
    const pid = child.pid ?? 0
    const noted = roster.add(name, pid)
    child.once('exit', async (code, signal) => {
      await noted
      roster.remove(name, pid)
      if (parts.has(name)) start.onDeath({ name, pid, how: signal ?? `exit code ${code}` })
    })
  }
  const dir = OWN.includes(name) ? folder.dir : folder.file(name)
  parts.set(name, await run({ dir, detached: true, onSpawn }))
}

/** `node src/bot.ts`, `src/worker.ts` or `src/monitor.ts`, configured by its environment alone; up when its log says so. */
function startEntry(name: OwnName, env: Record<string, string>, options: StartOptions): Promise<Part> {
  const log = join(options.dir, `${name}.log`)
  const begin = existsSync(log) ? statSync(log).size : 0
  const entry = { name, file: process.execPath, args: [`src/${name}.ts`], cwd: root, env, url: '', port: 0 }
  const ready = async () => readFrom(log, begin).includes(`"msg":"${name} ready"`)
  return startProgram({ ...entry, ready }, { ...options, within: '60s' })
}

function readFrom(file: string, begin: number): string {
  const log = openSync(file, 'r')
  try {
    const bytes = Buffer.alloc(Math.max(0, statSync(file).size - begin))
    return bytes.subarray(0, readSync(log, bytes, 0, bytes.length, begin)).toString()
  } finally {
    closeSync(log)
  }
}

async function connected(slack: string): Promise<void> {
  const control = slackControl(slack)
  await control.connected().finally(() => control.close())
}
