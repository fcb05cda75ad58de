import { randomUUID } from 'node:crypto'
import { chmod, link, mkdir, open, rename, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { execa } from 'execa'
import { type Identity, lives, parseIdentity, textOf } from './identity.ts'
import { SHELL, wrapperArgv } from './wrapper.ts'

/** What to run. The environment is complete and explicit: nothing is inherited, and it is never written down. */
export type RunSpec = { argv: readonly string[]; cwd: string; env: Readonly<Record<string, string>> }

/**
 * How a durable process stands, read from its directory alone.
 * `starting`: it may yet run. `never-started`: it has not run and never will. `vanished`: it ran, it is gone, and it left no
 * exit code: killed, or the machine went down; what it did is unknown.
 */
export type ProcessState =
  | { state: 'absent' }
  | { state: 'starting' }
  | { state: 'running'; pid: number; since: number }
  | { state: 'ended'; exitCode: number }
  | { state: 'never-started' }
  | { state: 'vanished'; pid: number }

export type InterruptSignal = 'SIGINT' | 'SIGTERM' | 'SIGKILL'

const VOID = 'void\n'

/**
 * Starts the program unless anybody ever started one in this directory; true if it was this call that did. The process has its own
 * session, writes to files, and outlives us. What is in `dir/started` survives a power cut before the program begins.
 */
export async function startOnce(dir: string, spec: RunSpec): Promise<boolean> {
  const ticket = randomUUID()
  const { argv, cwd } = spec
  if (argv.length === 0) throw new Error('Expected a program to start, found an empty list of arguments')
  const record = { ticket, argv, cwd: resolve(cwd), startedAt: new Date().toISOString() }
  await makePrivate(resolve(dir))
  if (!(await createOnce(join(dir, 'started'), `${JSON.stringify(record)}\n`))) return false
  try {
    await spawnWrapper(wrapperArgv({ dir: resolve(dir), ticket, cwd: resolve(cwd), argv }), spec)
  } catch (error) {
    await claimVoid(dir)
    throw error
  }
  return true
}

export async function look(dir: string): Promise<ProcessState> {
  if ((await textOf(join(dir, 'started'))) === undefined) return { state: 'absent' }
  const published = await textOf(join(dir, 'pid'))
  if (published === undefined) return { state: 'starting' }
  if (published === VOID) return { state: 'never-started' }
  const identity = parseIdentity(published)
  const alive = (await textOf(join(dir, 'exit'))) === undefined && (await lives(identity))
  if (alive) return { state: 'running', pid: identity.pid, since: (await stat(join(dir, 'pid'))).mtimeMs }
  // Read again now that the process is known to be gone: it may have written its exit in between.
  const exit = await textOf(join(dir, 'exit'))
  return exit === undefined ? { state: 'vanished', pid: identity.pid } : { state: 'ended', exitCode: Number(exit) }
}

/**
 * Makes sure that a process whose pid never appeared will never run: the void marker takes the name `pid`, for which the wrapper
 * would have to win first. True: it never ran and never will, and may be begun anew. False: it did start, look again.
 */
export async function claimVoid(dir: string): Promise<boolean> {
  const marker = join(dir, `void.${randomUUID()}`)
  await writeSynced(marker, VOID)
  try {
    await link(marker, join(dir, 'pid'))
    await syncDirectory(dir)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await unlink(marker)
  }
  return (await textOf(join(dir, 'pid'))) === VOID
}

/** Signals the whole process group, if it is still the one that was started; says whether it was. */
export async function interrupt(dir: string, signal: InterruptSignal): Promise<boolean> {
  const identity = await runningIdentity(dir)
  if (identity === undefined) return false
  await createOnce(join(dir, 'interrupted'), `${signal}\n`)
  return signalGroup(identity.pid, signal)
}

/**
 * One SIGINT in the life of a process, whoever asks and however often: Terraform takes a second one as "exit at once" and may
 * lose its state, so a worker that adopts a process must not send what the one before it has sent.
 */
export async function interruptOnce(dir: string): Promise<boolean> {
  const identity = await runningIdentity(dir)
  if (identity === undefined) return false
  return (await createOnce(join(dir, 'interrupted'), 'SIGINT\n')) && signalGroup(identity.pid, 'SIGINT')
}

/** Who runs there now. The wrapper lives a moment longer than the exit that it recorded: that is an end, and nobody is signalled. */
async function runningIdentity(dir: string): Promise<Identity | undefined> {
  const identity = await publishedIdentity(dir)
  if (identity === undefined || (await look(dir)).state !== 'running') return undefined
  return identity
}

/** Removes all of it, in one step as seen from outside. Refused while the program runs or may yet run. */
export async function discard(dir: string): Promise<void> {
  const { state } = await look(dir)
  if (state === 'running' || state === 'starting') {
    throw new Error(
      `Expected a process that is over, found one that is ${state} in ${dir}: wait, or interrupt it first`,
    )
  }
  const doomed = `${resolve(dir)}.discarded-${randomUUID()}`
  try {
    await rename(dir, doomed)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  // Before the void marker: a wrapper that is late inside it must find either of them.
  await rm(join(doomed, 'started'), { force: true })
  await rm(doomed, { recursive: true, force: true, maxRetries: 5 })
}

async function spawnWrapper(argv: string[], { cwd, env }: RunSpec): Promise<void> {
  const wrapper = execa(SHELL, argv, {
    cwd,
    env,
    extendEnv: false,
    detached: true,
    cleanup: false,
    stdio: 'ignore',
    reject: false,
  })
  if (wrapper.pid !== undefined) return wrapper.nodeChildProcess.unref()
  const { cause, shortMessage } = await wrapper
  throw new Error(`Could not start a process in ${cwd}: ${shortMessage ?? 'it has no pid'}`, { cause })
}

async function publishedIdentity(dir: string): Promise<Identity | undefined> {
  const published = await textOf(join(dir, 'pid'))
  return published === undefined || published === VOID ? undefined : parseIdentity(published)
}

function signalGroup(pid: number, signal: InterruptSignal): boolean {
  try {
    return process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** Also the directories above are synced: after a power cut a lost directory would look like "never started". */
async function makePrivate(dir: string): Promise<void> {
  const first = await mkdir(dir, { recursive: true, mode: 0o700 })
  await chmod(dir, 0o700)
  const top = dirname(first ?? dir)
  for (let at = dirname(dir); at.length >= top.length; at = dirname(at)) {
    await syncDirectory(at)
    if (at === dirname(at)) return
  }
}

async function createOnce(path: string, text: string): Promise<boolean> {
  try {
    await writeSynced(path, text)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  await syncDirectory(dirname(path))
  return true
}

async function writeSynced(path: string, text: string): Promise<void> {
  await using file = await open(path, 'wx', 0o600)
  await file.writeFile(text)
  await file.sync()
}

async function syncDirectory(dir: string): Promise<void> {
  await using directory = await open(dir, 'r')
  await directory.sync()
}
