import { randomUUID } from 'node:crypto'
import type { AuditEntry } from '../../core/audit.ts'
import type { ProcessEnd, ProcessSpec, RunContext, ShortResult, ShortSettings } from '../../core/workflow.ts'
import { messageOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { maskFor } from '../../stages/workplace.ts'
import type { Audit } from '../audit.ts'
import { untilRecorded } from './patience.ts'

/** What a worker records: nothing is begun before that is written, and what has ended is kept whatever happens to the file. */
export type Recorder = Pick<Audit, 'keep' | 'write' | 'flush'>

/** How programs are really run; every one that a stage starts comes through here. */
type Programs = Pick<RunContext, 'process' | 'run'>

export type ProcessRun = {
  readonly recorder: Recorder
  readonly log: Log
  readonly who: string
  /** Break glasses under which it was asked for, as an audit line has them. */
  readonly glass?: string | undefined
  readonly context: Omit<RunContext, keyof Programs>
}

/**
 * The programs of one start of a stage, recorded: the argv of each, masked, before it begins, and how it exited. `process` is what the
 * stage is about; an adopted one was begun before. What `run` starts is short and may be run again.
 */
export function recorded(recording: ProcessRun, programs: Programs): Programs {
  const { execution, stage, attempt, adopted } = recording.context
  // What comes after a program that may not be lost only looks at what it left: a full disk must not keep its end from being told.
  let begun = adopted
  return {
    async process(spec, onLine, onErrorLine) {
      const key = `${execution}/${stage}/${attempt}`
      if (!adopted) await begin(recording, spec, { key, wait: recording.context.signal })
      begun = true
      const end = await programs.process(spec, onLine, onErrorLine)
      await keepEnd(recording, exitOf(end), key)
      return end
    },
    run: (argv, settings) => runShort(recording, () => programs.run(argv, settings), { argv, settings, begun }),
  }
}

type Short = { readonly argv: readonly string[]; readonly settings: ShortSettings; readonly begun: boolean }

async function runShort(
  recording: ProcessRun,
  run: () => Promise<ShortResult>,
  { argv, settings: { signal }, begun }: Short,
): Promise<ShortResult> {
  const key = randomUUID()
  if (!(await begin(recording, { argv }, { key, wait: signal, short: true, begun })))
    throw new Error(`${argv[0]} was called off before it began`, { cause: signal?.reason })
  try {
    const result = await run()
    await keepEnd(recording, { exitCode: result.exitCode, short: true }, key)
    return result
  } catch (error) {
    await keepEnd(recording, { why: maskFor(recording.context)(messageOf(error)), short: true }, key)
    throw error
  }
}

type Begin = {
  readonly key: string
  readonly wait: AbortSignal | undefined
  readonly short?: true
  readonly begun?: boolean
}

/** False when it was called off before that could be recorded. */
async function begin(
  { recorder, log, who, context, glass }: ProcessRun,
  { argv }: Pick<ProcessSpec, 'argv'>,
  { key, wait, short, begun = false }: Begin,
): Promise<boolean> {
  const mask = maskFor(context)
  const ran: AuditEntry = {
    kind: 'ran',
    who,
    ...aboutOf(context),
    argv: argv.map(mask),
    ...(short ? { short } : {}),
    ...under(glass),
  }
  const onWait = () => context.progress('waiting: the audit cannot be written')
  const record = () => (begun ? recorder.keep(ran, `ran:${key}`) : recorder.write(ran, `ran:${key}`))
  return untilRecorded(record, { log, onWait, ...(wait ? { signal: wait } : {}) })
}

type End = Pick<AuditEntry, 'exitCode' | 'why' | 'short'>

async function keepEnd({ recorder, log, who, context, glass }: ProcessRun, end: End, key: string): Promise<void> {
  const exited: AuditEntry = { kind: 'exited', who, ...aboutOf(context), ...end, ...under(glass) }
  await untilRecorded(() => recorder.keep(exited, `exited:${key}`), { log })
}

function under(glass: string | undefined): { glass?: string } {
  return glass ? { glass } : {}
}

function aboutOf({ execution, line, stage, attempt, target }: ProcessRun['context']) {
  return { line, execution, ...(target === null ? {} : { environment: target }), stage, attempt }
}

function exitOf(end: ProcessEnd): End {
  if (end.end === 'ended') return { exitCode: end.exitCode }
  return { why: end.end === 'vanished' ? 'it vanished: nobody saw its end' : 'it was never started' }
}
