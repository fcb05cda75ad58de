import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, closeSync, constants, mkdirSync, openSync, readFileSync, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { UserError } from '../../../src/errors.ts'
import { isFreeSoon } from './port.ts'
import { waitFor } from './wait.ts'

/** The top of the repository. */
export const root = resolve(import.meta.dirname, '../../..')

/** What every starter takes. A part in its own process group (`detached`) does not hear the Ctrl-C that its starter hears. */
export type StartOptions = {
  dir: string
  port?: number
  detached?: boolean
  within?: string
  /** Hears of every process as soon as it runs, before it is ready: for who must know of it in any case. */
  onSpawn?: (child: ChildProcess) => void
}

/** A running program. After `stop` or `kill9`, `restart` brings it back on the same ports with the same files. */
export type Part = {
  readonly name: string
  readonly url: string
  readonly port: number
  /** `127.0.0.1:port` */
  readonly address: string
  readonly pid: number
  /** What it wrote, all starts one after the other. */
  readonly logFile: string
  stop(): Promise<void>
  kill9(): Promise<void>
  restart(): Promise<void>
}

/** How one program is started, and how to see that it answers. */
export type Program = {
  name: string
  file: string
  args: string[]
  env?: Record<string, string>
  cwd?: string
  url: string
  port: number
  ready: () => Promise<boolean>
}

/** The path of a program, looked up in `.tools/bin` and then on the PATH. */
export function findProgram(name: string, path = process.env.PATH ?? ''): string {
  const folders = [join(root, '.tools/bin'), ...path.split(delimiter).filter(Boolean)]
  const found = folders.map((folder) => join(folder, name)).find(isExecutable)
  if (!found) throw new UserError(`${name} is not on the PATH: run script/bootstrap.`)
  return found
}

/** Whether a file is there and may be run. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/** Starts a program and waits until it is ready; one that dies at its start is an error with the end of its log. */
export async function startProgram(program: Program, options: StartOptions): Promise<Part> {
  const logFile = join(options.dir, `${program.name}.log`)
  let child = await launch(program, logFile, options)
  return {
    name: program.name,
    url: program.url,
    port: program.port,
    address: `127.0.0.1:${program.port}`,
    logFile,
    get pid() {
      return child.pid ?? 0
    },
    stop: () => end(child, 'SIGTERM'),
    kill9: () => end(child, 'SIGKILL'),
    restart: async () => {
      await end(child, 'SIGTERM')
      child = await launch(program, logFile, options)
    },
  }
}

async function launch(program: Program, logFile: string, options: StartOptions): Promise<ChildProcess> {
  if (!(await isFreeSoon(program.port))) {
    throw new UserError(
      `Port ${program.port} on 127.0.0.1, meant for ${program.name}, is taken. Give another one or end what uses it.`,
    )
  }
  mkdirSync(options.dir, { recursive: true })
  const log = openSync(logFile, 'a', 0o600)
  const child = spawn(program.file, program.args, {
    stdio: ['ignore', log, log],
    detached: options.detached ?? false,
    env: { ...process.env, ...program.env },
    ...(program.cwd ? { cwd: program.cwd } : {}),
  })
  closeSync(log)
  const { name, ready } = program
  const died = once(child, 'exit').then(([code, signal]) => {
    throw new UserError(`${name} ended at its start (${signal ?? `exit code ${code}`}). ${tail(logFile)}`)
  })
  died.catch(() => {})
  endWithUs(child)
  await once(child, 'spawn')
  options.onSpawn?.(child)
  const over = new AbortController()
  const up = waitFor(ready, { what: `${name} to answer`, within: options.within ?? '30s', signal: over.signal })
  try {
    await Promise.race([up, died])
    return child
  } catch (error) {
    up.catch(() => {})
    over.abort()
    await end(child, 'SIGKILL')
    throw error
  }
}

function tail(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-15).join('\n')
  return lines.trim() ? `The end of ${logFile}:\n${lines}` : `It wrote nothing to ${logFile}.`
}

const running = new Set<ChildProcess>()

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** No part outlives whoever started it, except through a SIGKILL. */
function endWithUs(child: ChildProcess): void {
  running.add(child)
  child.once('exit', () => running.delete(child))
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  const patience = setTimeout(() => child.kill('SIGKILL'), 10_000)
  child.kill(signal)
  await gone
  clearTimeout(patience)
}
