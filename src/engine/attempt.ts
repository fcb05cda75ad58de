import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Execution, StageRun } from '../core/execution.ts'
import { stageOf } from '../core/execution.ts'
import { wrongValue } from '../core/planning/references.ts'
import { recheck } from '../core/recheck.ts'
import { outputNamed, resolved, stageNamed } from '../core/reference.ts'
import type { Fields, Outcome, StageKinds } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { claimVoid, look } from '../tools/run.ts'
import { untilRecorded } from './audit/patience.ts'
import type { RunnerParts, Running, Start } from './context.ts'
import { contextOf } from './context.ts'
import { lentFor } from './rights.ts'

const NEVER_BEGAN = 'It never began: its worker died before the program was started. Nothing was changed; ask again.'
const CALLED_OFF = 'canceled before anything was changed'

/** How an attempt ended, and what people should know of how it was begun. */
export type Attempted = { readonly outcome: Outcome; readonly note?: string | undefined }

/** Runs one attempt of a stage to its end, or joins what its dead worker began of it. Whatever happens in it is an outcome. */
export async function attemptOf(parts: RunnerParts, start: Start, controls: Running): Promise<Attempted> {
  const { execution, stage, kind } = start
  const directory = join(parts.workDir, 'runs', execution.id, `${stage.id}-${stage.attempt}`)
  const process = join(directory, 'process')
  let note: string | undefined
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    if (await neverBegan(start, process)) return { outcome: { kind: 'failed', error: NEVER_BEGAN } }
    const begun = await wasBegun(process)
    if (!begun) {
      const lent = await lentFor(parts, execution)
      const checked = recheck(execution, parts.site, await parts.groups(), kind.gated ?? !kind.repeatable, stage, lent)
      if (checked.refused) return { outcome: { kind: 'failed', error: checked.refused } }
      note = checked.note
      if (!(await recordable(parts, start, controls))) return { outcome: { kind: 'canceled', why: CALLED_OFF }, note }
    }
    const { environment } = execution
    const record = environment ? await parts.store.environment(environment) : null
    const place = {
      directory,
      process,
      controls,
      begun,
      live: record?.live ?? null,
      dropped: record?.last?.dropped ?? {},
    }
    const context = contextOf(parts, start, place)
    const { id, attempt } = stage
    parts.log.info({ execution: execution.id, stage: id, attempt, adopted: start.left !== null }, 'stage started')
    return { outcome: await (kind.run ?? noRun)(inputOf(execution, stage, parts.kinds), context), note }
  } catch (error) {
    // Where nobody can tell any more, it counts as begun.
    const begun = await wasBegun(process).catch(() => true)
    const calledOff = controls.stop.signal.aborted && (kind.repeatable || !begun)
    if (calledOff) return { outcome: { kind: 'canceled', why: CALLED_OFF }, note }
    return { outcome: failure(parts, error, start, begun), note }
  } finally {
    await parts.live?.end({ execution: execution.id, stage: stage.id, attempt: stage.attempt })
  }
}

/** That it is started stands in the audit before it is; where that fails meanwhile, it waits. */
async function recordable(parts: RunnerParts, { execution, stage }: Start, { stop }: Running): Promise<boolean> {
  const onWait = () => parts.progress(execution.id, { stage: stage.id, text: 'waiting: the audit cannot be written' })
  return untilRecorded(() => parts.audit.flush(), { log: parts.log, signal: stop.signal, onWait })
}

/** What stood at unknown is never begun later, by surprise: it is made sure that it did not and will not begin. */
async function neverBegan({ kind, left }: Start, process: string): Promise<boolean> {
  if (kind.repeatable || left !== 'unknown' || (await wasBegun(process))) return false
  await mkdir(process, { recursive: true, mode: 0o700 })
  return claimVoid(process)
}

/** Our own fault. Once a program that must not run twice was started, nobody may say that it failed: it is unknown. */
function failure({ log, worker }: RunnerParts, error: unknown, start: Start, begun: boolean): Outcome {
  const { execution, stage, kind } = start
  const harmless = kind.repeatable || !begun || kind.lost === 'failed'
  if (error instanceof UserError && harmless) return { kind: 'failed', error: error.message }
  const id = randomUUID().slice(0, 8)
  log.error({ execution: execution.id, stage: stage.id, error: id, err: error }, 'stage broke')
  const text = `Groundcrew itself failed here (error ${id}, see the worker's log on ${worker.host}).`
  if (harmless) return { kind: 'failed', error: text }
  return { kind: 'unknown', why: `${text} What the program did before is not known.`, output: { vanished: true } }
}

/** What the stage was planned with, references to earlier outputs looked up. */
function inputOf(execution: Execution, stage: StageRun, kinds: StageKinds): Fields {
  return resolved(stage.input, (ref) => {
    const name = stageNamed(ref, execution.stages)
    const value = outputNamed(execution, ref)
    const named = stageOf(execution, name)
    if (named && value == null) throw new UserError(notGiven(ref, named))
    const wrong = named && value != null ? wrongValue(ref, value, named, kinds.get(named.kind)) : null
    if (wrong) throw new UserError(`\`${ref}\` is needed here, and is not what ${name} says that it gives: ${wrong}`)
    return value
  })
}

function notGiven(ref: string, { id, outcome, state }: StageRun): string {
  const output = outcome && outcome.kind !== 'skipped' ? outcome.output : undefined
  const gave = Object.keys(output ?? {}).join(', ') || 'nothing'
  const how = state === 'succeeded' ? '' : ` ${id} is ${state}.`
  return `\`${ref}\` is needed here, and the stage that it names gave no such output (it gave ${gave}).${how}`
}

async function wasBegun(process: string): Promise<boolean> {
  return (await look(process)).state !== 'absent'
}

function noRun(): Promise<Outcome> {
  throw new Error('This kind of stage is decided by people.')
}
