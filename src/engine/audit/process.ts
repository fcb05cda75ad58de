import type { AuditEntry } from '../../core/audit.ts'
import type { ProcessEnd, ProcessSpec, RunContext } from '../../core/workflow.ts'
import type { Log } from '../../log.ts'
import { maskFor } from '../../stages/workplace.ts'
import type { Audit } from '../audit.ts'
import { untilRecorded } from './patience.ts'

/** What a worker records: nothing is begun before that is written, and what has ended is kept whatever happens to the file. */
export type Recorder = Pick<Audit, 'keep' | 'write' | 'flush'>

export type ProcessRun = {
  readonly recorder: Recorder
  readonly log: Log
  readonly who: string
  readonly context: Omit<RunContext, 'process'>
}

/** Records a program of a stage: its argv, masked, before it begins, and how it exited. An adopted one was begun before. */
export async function recordProcess(
  { recorder, log, who, context }: ProcessRun,
  { argv }: ProcessSpec,
  run: () => Promise<ProcessEnd>,
): Promise<ProcessEnd> {
  const { execution, line, stage, attempt, environment, signal } = context
  const about = { who, line, execution, environment: environment.name, stage, attempt }
  const key = `${execution}/${stage}/${attempt}`
  if (!context.adopted) {
    const mask = maskFor(context as RunContext)
    const ran: AuditEntry = { kind: 'ran', ...about, argv: argv.map(mask) }
    const onWait = () => context.progress('waiting: the audit cannot be written')
    await untilRecorded(() => recorder.write(ran, `ran:${key}`), { log, signal, onWait })
  }
  const end = await run()
  await untilRecorded(() => recorder.keep({ kind: 'exited', ...about, ...exitOf(end) }, `exited:${key}`), { log })
  return end
}

function exitOf(end: ProcessEnd) {
  if (end.end === 'ended') return { exitCode: end.exitCode }
  return { why: end.end === 'vanished' ? 'it vanished: nobody saw its end' : 'it was never started' }
}
