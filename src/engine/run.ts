import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Event } from '../core/event.ts'
import type { Execution, StageRun } from '../core/execution.ts'
import { isOver, outputOf, stageOf } from '../core/execution.ts'
import { stopOf } from '../core/failure.ts'
import { messageOf } from '../errors.ts'
import { discard } from '../tools/run.ts'
import { attemptOf } from './attempt.ts'
import type { RunnerParts, Running, Start } from './context.ts'
import type { Hint } from './queue.ts'
import { labelsOf } from './workers.ts'

export type { RunnerParts } from './context.ts'

type Taking = Extract<Event, { type: 'stage.started' | 'stage.adopted' }>

const SHUT_DOWN = 'its worker was shut down'

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
    if (!isForMe(execution.id, stage)) return // its files lie elsewhere, or it needs what this worker has not; the hint is given again
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

  function isForMe(execution: string, stage: StageRun): boolean {
    const { machine, spread } = stage.input
    if (typeof machine === 'string' && machine !== worker.machine) return false
    if (spread === true && [...running.keys()].some((key) => key.startsWith(`${execution}/`))) return false
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
    // Asked again: from here on it counts as running, and another hint may have come in while this one waited.
    if (event.type === 'stage.started' && !isForMe(execution.id, stage)) return
    if (leaving) return // somebody else takes it: the hint is given again, and what a dead worker left is looked for by all
    const { repeatable } = kind
    const controls: Running = { stop: new AbortController(), force: new AbortController(), repeatable }
    running.set(key, controls)
    try {
      const next = await store.tell(execution.id, event)
      const taken = stageOf(next.execution, stage.id)
      if (!next.changed || taken?.state !== 'running') return // another one has it, or it may not begin now
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
    const { outcome, note } = await attemptOf(parts, start, controls)
    log.info({ execution: id, stage, outcome: outcome.kind }, 'stage ended')
    await untilStored(() => store.tell(id, { type: 'stage.ended', stage, attempt, outcome, note }))
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

  /** Passes on that an execution that runs here was canceled, or that one of its stages has to stop. */
  async function obey(id: string): Promise<void> {
    const mine = [...running].filter(([key]) => key.startsWith(`${id}/`))
    if (mine.length === 0) return
    const execution = await store.execution(id)
    for (const [key, controls] of mine) {
      const stage = execution?.stages.find((each) => keyOf(id, each) === key)
      const stop = execution && stopOf(execution, stage ?? {})
      if (stop) controls.stop.abort()
      if (stop?.force) controls.force.abort()
    }
  }

  /** When it is over the plan and its files go; after an end that is not clear everything stays for a person to look at. */
  async function tidy(id: string): Promise<void> {
    const execution = await store.execution(id)
    if (!execution || !isOver(execution) || execution.stages.some(({ state }) => state === 'unknown')) return
    await parts.artifacts
      .discard(id, ['plan', 'stack', 'lock', 'values'])
      .catch((error) => log.warn({ error: messageOf(error) }, 'artifacts not deleted'))
    const kept = execution.stages.some((stage) => outputOf(execution, stage.id)?.keep === true)
    if (kept) return
    const folder = join(parts.workDir, 'runs', id)
    for (const attempt of await readdir(folder).catch(() => [])) await discard(join(folder, attempt, 'process'))
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
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
