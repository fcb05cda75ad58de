import { stat } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { UserError } from '../errors.ts'
import { claimVoid, interruptOnce, look, type ProcessState, type RunSpec, startOnce } from './run/durable.ts'
import { followLines, type OnLine } from './run/lines.ts'

export {
  claimVoid,
  discard,
  type InterruptSignal,
  interrupt,
  interruptOnce,
  look,
  type ProcessState,
  type RunSpec,
  startOnce,
} from './run/durable.ts'
export { survivors } from './run/survivors.ts'

/** For commands of seconds, which may be killed: after `timeout` milliseconds, or when `signal` aborts. */
export type RunSettings = {
  cwd: string
  env: Readonly<Record<string, string>>
  timeout?: number
  signal?: AbortSignal
}

export type RunResult = { exitCode: number; stdout: string; stderr: string }

/** How short commands are run; whoever wants to know of each gives one of his own. */
export type Run = (argv: readonly string[], settings: RunSettings) => Promise<RunResult>

export type RunOnceOptions = {
  /** Every line of standard output, from the first one on, also when somebody else started the process. */
  onLine?: OnLine
  /** The same of its standard error. */
  onErrorLine?: OnLine
  /** Aborting sends one SIGINT to the group, then the wait goes on until the program ends by itself. */
  signal?: AbortSignal
  /** Milliseconds between two looks at most; a young process is looked at more often. */
  pollEvery?: number
  /** Milliseconds that a process may take to show its pid before it is declared never started. */
  startWithin?: number
}

/** How a durable process ended, with the paths of what it wrote. */
export type RunEnd = { out: string; err: string } & (
  | { end: 'ended'; exitCode: number }
  | { end: 'never-started' }
  | { end: 'vanished'; pid: number }
)

/**
 * Runs a short command to its end; exit codes are answers, not errors. Standard input is closed, nothing of our environment is
 * inherited. For what must not be run twice or must outlive us, there is `runOnce`.
 */
export async function run(argv: readonly string[], settings: RunSettings): Promise<RunResult> {
  const [program = '', ...args] = argv
  const { cwd, env, timeout = 0, signal } = settings
  const result = await execa(program, args, {
    cwd,
    env,
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    stripFinalNewline: false,
    killDescendants: true,
    timeout,
    ...(signal && { cancelSignal: signal }),
  })
  const { stdout = '', stderr = '' } = result
  if (result.timedOut) throw new Error(`${program} did not end within ${timeout} ms and was killed`)
  if (result.isCanceled) throw new Error(`${program} was called off`, { cause: signal?.reason })
  if (result.isMaxBuffer) throw new Error(`${program} wrote more than can be kept in memory`)
  if (result.exitCode !== undefined) return { exitCode: result.exitCode, stdout, stderr }
  if (result.signal) return { exitCode: 128 + constants.signals[result.signal], stdout, stderr }
  return refuse(program, settings, result)
}

/**
 * Runs a program at most once per directory, or joins the one that is already there, whoever started it: this is how a new worker
 * adopts a process. Resolves when it is over; a program that ignores its SIGINT is waited for, however long that takes.
 */
export async function runOnce(dir: string, spec: RunSpec, options: RunOnceOptions = {}): Promise<RunEnd> {
  const { onLine = () => {}, onErrorLine, signal, pollEvery = 250 } = options
  const paths = { out: join(dir, 'out'), err: join(dir, 'err') }
  if (!signal?.aborted) await startOnce(dir, spec)
  else if ((await look(dir)).state === 'absent') return { ...paths, end: 'never-started' }

  await using lines = followLines(paths.out, onLine)
  await using errors = onErrorLine ? followLines(paths.err, onErrorLine) : null
  const since = performance.now()
  for (;;) {
    const waited = performance.now() - since
    const now = await step(dir, waited, options)
    if (now.state === 'absent') throw new Error(`Expected a process in ${dir}, but its directory was removed meanwhile`)
    if (now.state !== 'starting' && now.state !== 'running') {
      await lines.finish()
      await errors?.finish()
      return { ...paths, ...endOf(now) }
    }
    await lines.readOn()
    await errors?.readOn()
    await pause(Math.min(pollEvery, Math.max(10, waited / 10)), signal)
  }
}

async function step(dir: string, waited: number, options: RunOnceOptions): Promise<ProcessState> {
  const { signal, startWithin = 5000 } = options
  const now = await look(dir)
  if (now.state === 'running' && signal?.aborted) await interruptOnce(dir)
  if (now.state !== 'starting') return now
  if (!signal?.aborted && waited < startWithin) return now
  await claimVoid(dir)
  return look(dir)
}

type Over = Exclude<ProcessState, { state: 'absent' | 'starting' | 'running' }>

function endOf(over: Over) {
  if (over.state === 'ended') return { end: over.state, exitCode: over.exitCode }
  return over.state === 'vanished' ? { end: over.state, pid: over.pid } : { end: over.state }
}

/** An abort cuts the pause short once; afterwards the looks keep their distance. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (!signal || signal.aborted) return sleep(ms)
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

type Failure = { code?: string | undefined; cause?: unknown; shortMessage?: string | undefined }

/** The program did not even start: a missing or forbidden one is for the person to mend, the rest is ours. */
async function refuse(program: string, { cwd, env }: RunSettings, failure: Failure): Promise<never> {
  const { code, cause, shortMessage } = failure
  const here = await stat(cwd).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (!here) throw new Error(`Could not run ${program}: its directory ${cwd} is not there`, { cause })
  if (code === 'ENOENT') {
    const where = program.includes('/') ? 'there' : `on the PATH (${env.PATH ?? 'which is empty'})`
    throw new UserError(
      `Expected the program \`${program}\`, but it is not ${where}. Install it, or name its full path.`,
      {
        cause,
      },
    )
  }
  if (code === 'EACCES') throw new UserError(`The program \`${program}\` may not be executed here.`, { cause })
  throw new Error(`Could not run ${program}: ${shortMessage ?? 'no reason given'}`, { cause })
}
