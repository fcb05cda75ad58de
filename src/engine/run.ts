import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Event } from '../core/event.ts'
import type { Execution, StageRun } from '../core/execution.ts'
import { isOver, outputOf, stageOf } from '../core/execution.ts'
import { refusalToRun } from '../core/recheck.ts'
import type { Outcome } from '../core/workflow.ts'
import { messageOf, UserError } from '../errors.ts'
import { claimVoid, look } from '../tools/run.ts'
import { untilRecorded } from './audit/patience.ts'
import type { RunnerParts, Running, Start } from './context.ts'
import { contextOf } from './context.ts'
import type { Hint } from './queue.ts'
import { labelsOf } from './workers.ts'

export type { RunnerParts } from './context.ts'

type Taking = Extract<Event, { type: 'stage.started' | 'stage.adopted' }>

const NEVER_BEGAN = 'It never began: its worker died before the program was started. Nothing was changed; ask again.'
const SHUT_DOWN = 'its worker was shut down'
const CALLED_OFF = 'canceled before anything was changed'

/** Runs stages on this machine: takes what a hint names, or what a dead worker left here, and stores how it ended. */
export function createRunner(parts: RunnerParts) {
  const { store, kinds, worker, log } = parts
  const running = new Map<string, Running>()
  let leaving = false

  /** Starts what a hint names, if it still has to be started and the audit can be written; any other hint does nothing. */
  async function start(hint: Hint): Promise<void> {
    const execution = await store.execution(hint.execution)
    const stage = execution && stageOf(execution, hint.stage)
    if (!execution || stage?.state !== 'ready' || stage.attempt !== hint.attempt) return
    if (!isForMe(stage)) return // its files lie elsewhere, or it needs what this worker has not; the hint is given again
    await flushed(execution, stage)
    await take(execution, stage, { type: 'stage.started', stage: stage.id, attempt: stage.attempt, worker })
  }

  /** What cannot be recorded is not begun. Its message says so; the hint is given again until it can be. */
  async function flushed(execution: Execution, { id: stage, attempt }: StageRun): Promise<void> {
    await parts.audit.flush().catch(async (error: unknown) => {
      await store
        .tell(execution.id, { type: 'stage.stuck', stage, attempt, why: messageOf(error) })
        .catch((told) => log.warn({ error: messageOf(told) }, 'not said that the audit cannot be written'))
      throw error
    })
  }

  function isForMe(stage: StageRun): boolean {
    const { machine } = stage.input
    if (typeof machine === 'string' && machine !== worker.machine) return false
    return labelsOf(stage).every((label) => worker.labels.includes(label))
  }

  /** Takes over what a dead worker of this machine left, running or at an end that nobody saw. */
  async function adopt(execution: Execution, stage: StageRun): Promise<void> {
    const from = stage.worker ? { from: stage.worker.id } : {}
    await take(execution, stage, { type: 'stage.adopted', stage: stage.id, attempt: stage.attempt, worker, ...from })
  }

  /** It counts as running here before the store says so: the watch never takes it for one that was left. */
  async function take(execution: Execution, stage: StageRun, event: Taking): Promise<void> {
    const kind = kinds.get(stage.kind)
    if (!kind?.run) throw new Error(`${stage.id} of ${execution.id} is of a kind that no worker runs: ${stage.kind}.`)
    const key = keyOf(execution.id, stage)
    if (running.has(key)) return
    if (leaving) return // somebody else takes it: the hint is given again, and what a dead worker left is looked for by all
    const { repeatable } = kind
    const controls: Running = { stop: new AbortController(), force: new AbortController(), repeatable }
    running.set(key, controls)
    try {
      const next = await store.tell(execution.id, event)
      const taken = stageOf(next.execution, stage.id)
      if (!next.changed || !taken) return
      const left = event.type === 'stage.adopted' ? stage.state : null
      if (left) log.warn({ execution: execution.id, stage: stage.id, from: stage.worker?.id }, 'stage adopted')
      await toTheEnd({ execution: next.execution, stage: taken, kind, left }, controls)
    } finally {
      running.delete(key)
    }
    await tidy(execution.id).catch((error) =>
      log.warn({ execution: execution.id, error: messageOf(error) }, 'not tidied up, the watch does it again'),
    )
  }

  async function toTheEnd(start: Start, controls: Running): Promise<void> {
    const [{ id }, { id: stage, attempt }] = [start.execution, start.stage]
    await obey(id).catch((error) => log.warn({ error: messageOf(error) }, 'cancel not read, the watch reads it again'))
    const outcome = await outcomeOf(start, controls)
    log.info({ execution: id, stage, outcome: outcome.kind }, 'stage ended')
    await untilStored(() => store.tell(id, { type: 'stage.ended', stage, attempt, outcome }))
  }

  async function outcomeOf(start: Start, controls: Running): Promise<Outcome> {
    const { execution, stage, kind } = start
    const directory = join(parts.workDir, 'runs', execution.id, `${stage.id}-${stage.attempt}`)
    const process = join(directory, 'process')
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      if (await neverBegan(start, process)) return { kind: 'failed', error: NEVER_BEGAN }
      const begun = await wasBegun(process)
      const refusal = begun ? null : refusalToRun(execution, parts.site, await parts.groups(), !kind.repeatable)
      if (refusal) return { kind: 'failed', error: refusal }
      if (!begun && !(await recordable(start, controls))) return { kind: 'canceled', why: CALLED_OFF }
      const context = contextOf(parts, start, { directory, process, controls, begun })
      log.info(
        { execution: execution.id, stage: stage.id, attempt: stage.attempt, adopted: start.left !== null },
        'stage started',
      )
      return await (kind.run ?? noRun)(stage.input, context)
    } catch (error) {
      // Where nobody can tell any more, it counts as begun.
      const begun = await wasBegun(process).catch(() => true)
      if (controls.stop.signal.aborted && (kind.repeatable || !begun)) return { kind: 'canceled', why: CALLED_OFF }
      return failure(error, start, begun)
    }
  }

  /** That it is started stands in the audit before it is; where that fails meanwhile, it waits. */
  async function recordable({ execution, stage }: Start, { stop }: Running): Promise<boolean> {
    const onWait = () => parts.progress(execution.id, stage.id, 'waiting: the audit cannot be written')
    return untilRecorded(() => parts.audit.flush(), { log, signal: stop.signal, onWait })
  }

  /** What stood at unknown is never begun later, by surprise: it is made sure that it did not and will not begin. */
  async function neverBegan({ kind, left }: Start, process: string): Promise<boolean> {
    if (kind.repeatable || left !== 'unknown' || (await wasBegun(process))) return false
    await mkdir(process, { recursive: true, mode: 0o700 })
    return claimVoid(process)
  }

  /** Our own fault. Once a program that must not run twice was started, nobody may say that it failed: it is unknown. */
  function failure(error: unknown, { execution, stage, kind }: Start, begun: boolean): Outcome {
    if (error instanceof UserError && (kind.repeatable || !begun)) return { kind: 'failed', error: error.message }
    const id = randomUUID().slice(0, 8)
    log.error({ execution: execution.id, stage: stage.id, error: id, err: error }, 'stage broke')
    const text = `Groundcrew itself failed here (error ${id}, see the worker's log on ${worker.host}).`
    if (kind.repeatable || !begun) return { kind: 'failed', error: text }
    return { kind: 'unknown', why: `${text} What the program did before is not known.`, output: { vanished: true } }
  }

  /** Stores the end whatever happens to Redis meanwhile: an end that is not stored would be lost. */
  async function untilStored(tell: () => Promise<unknown>): Promise<void> {
    for (let wait = 100; ; wait = Math.min(wait * 2, 5_000)) {
      try {
        await tell()
        return
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'end of stage not stored yet')
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  }

  /** Passes on a cancel that was stored for an execution that runs here. */
  async function obey(id: string): Promise<void> {
    const mine = [...running].filter(([key]) => key.startsWith(`${id}/`))
    if (mine.length === 0) return
    const cancel = (await store.execution(id))?.cancel
    for (const [, controls] of mine) {
      if (cancel) controls.stop.abort()
      if (cancel?.force) controls.force.abort()
    }
  }

  /** When it is over the plan and its files go; after an end that is not clear everything stays for a person to look at. */
  async function tidy(id: string): Promise<void> {
    const execution = await store.execution(id)
    if (!execution || !isOver(execution) || execution.stages.some(({ state }) => state === 'unknown')) return
    await parts.artifacts
      .discard(id, ['plan', 'stack', 'lock'])
      .catch((error) => log.warn({ error: messageOf(error) }, 'artifacts not deleted'))
    const kept = execution.stages.some((stage) => outputOf(execution, stage.id)?.keep === true)
    // A program that comes too late still writes that it never ran.
    if (!kept) await rm(join(parts.workDir, 'runs', id), { recursive: true, force: true, maxRetries: 5 })
  }

  /** The same for executions that ended without this worker: rejected, expired or canceled while they waited. */
  async function tidyAll(): Promise<void> {
    const ids = await readdir(join(parts.workDir, 'runs')).catch(() => [])
    for (const id of ids) if (![...running.keys()].some((key) => key.startsWith(`${id}/`))) await tidy(id)
  }

  /**
   * The worker is told to stop. What runs gets `grace` milliseconds to end by itself; then what must not be run twice is interrupted
   * once and waited for, however long it takes to save its state. What may be run again is left to another worker.
   */
  async function shutDown(grace: number): Promise<void> {
    leaving = true
    await idle(() => running.size === 0, grace)
    const mine = () => [...running.values()].filter(({ repeatable }) => !repeatable)
    for (const { stop } of mine()) stop.abort(SHUT_DOWN)
    await idle(() => mine().length === 0, Number.POSITIVE_INFINITY)
  }

  return {
    start,
    adopt,
    shutDown,
    obey,
    tidyAll,
    async obeyAll() {
      await Promise.all([...new Set([...running.keys()].map((key) => key.split('/')[0] ?? ''))].map(obey))
    },
    isRunning: (execution: string, stage: StageRun) => running.has(keyOf(execution, stage)),
    count: () => running.size,
  }
}

export type Runner = ReturnType<typeof createRunner>

async function idle(isIdle: () => boolean, within: number): Promise<void> {
  const until = performance.now() + within
  while (!isIdle() && performance.now() < until) await sleep(50)
}

function keyOf(execution: string, stage: StageRun): string {
  return `${execution}/${stage.id}/${stage.attempt}`
}

async function wasBegun(process: string): Promise<boolean> {
  return (await look(process)).state !== 'absent'
}

function noRun(): Promise<Outcome> {
  throw new Error('This kind of stage is decided by people.')
}
