import type { ChildProcess } from 'node:child_process'
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type DemoFolder, readIfThere, writePrivate } from './folder.ts'
import { isFree } from './parts/port.ts'
import { root, startProgram } from './parts/program.ts'
import { freePort, type Part, type StartOptions, startConsul, startRedis, startSlack } from './parts.ts'
import type { Roster } from './roster.ts'
import { settingsOf, slackFile, writeSettings } from './settings.ts'
import { slackControl } from './slack-control.ts'

export type PartName = 'redis' | 'consul' | 'slack' | 'bot' | 'worker'

/** What runs now, filled while it starts, so that a start that is called off knows what to stop. */
export type Parts = Map<PartName, Part>

export type Start = {
  readonly folder: DemoFolder
  readonly roster: Roster
  readonly parts: Parts
  readonly port: number
  readonly logLevel: string | undefined
  readonly signal: AbortSignal
  /** Hears of a part that ends without being told to. */
  readonly onDeath: (name: PartName, pid: number, how: string) => void
}

/** Starts everything in its order and returns when all of it is up: the bot connected, the worker ready. Gives their settings. */
export async function startParts(start: Start): Promise<Record<string, string>> {
  const { folder, parts, port, signal } = start
  const ports = await keptPorts(folder)
  await settled([
    launch(start, 'redis', (options) => startRedis({ ...options, port: ports.redis })),
    launch(start, 'consul', (options) => startConsul({ ...options, port: ports.consul })),
    launch(start, 'slack', (options) => startSlack({ ...options, port, config: slackFile })),
  ])
  signal.throwIfAborted()
  const url = (name: PartName) => parts.get(name)?.url ?? ''
  const addresses = { slackApi: `${url('slack')}/api/`, redis: url('redis'), consul: url('consul') }
  const settings = settingsOf(folder, addresses, start.logLevel)
  writeSettings(folder.file('env'), settings)
  await settled([
    launch(start, 'bot', (options) => startEntry('bot', settings, options)),
    launch(start, 'worker', (options) => startEntry('worker', settings, options)),
  ])
  signal.throwIfAborted()
  await connected(url('slack'))
  return settings
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
      if (parts.has(name)) start.onDeath(name, pid, signal ?? `exit code ${code}`)
    })
  }
  const dir = name === 'bot' || name === 'worker' ? folder.dir : folder.file(name)
  parts.set(name, await run({ dir, detached: true, onSpawn }))
}

/** `node src/bot.ts` or `node src/worker.ts`, configured by its environment alone; up when its log says so. */
function startEntry(name: 'bot' | 'worker', env: Record<string, string>, options: StartOptions): Promise<Part> {
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

/** The ports of the last time where they are still free, so that what knew them finds everything again. */
async function keptPorts(folder: DemoFolder): Promise<{ redis: number; consul: number }> {
  const kept = JSON.parse(readIfThere(folder.file('ports.json')) ?? '{}') as { redis?: number; consul?: number }
  const again = async (port: number | undefined) => (port && (await isFree(port)) ? port : freePort())
  const ports = { redis: await again(kept.redis), consul: await again(kept.consul) }
  writePrivate(folder.file('ports.json'), JSON.stringify(ports))
  return ports
}
