import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Groups } from '../core/access.ts'
import type { Execution, StageRun, WorkerName } from '../core/execution.ts'
import { isOver, outputOf, stageOf } from '../core/execution.ts'
import { refusalToRun } from '../core/recheck.ts'
import type { Site } from '../core/site.ts'
import type { Fields, Outcome, RunContext, StageKind, StageKinds } from '../core/workflow.ts'
import { messageOf, UserError } from '../errors.ts'
import type { Log } from '../log.ts'
import { interrupt, look, runOnce } from '../tools/run.ts'
import type { ArtifactStore } from './artifacts.ts'
import type { Hint } from './queue.ts'
import type { Store } from './store.ts'

export type RunnerParts = {
  readonly store: Store
  readonly site: Site
  readonly kinds: StageKinds
  readonly artifacts: ArtifactStore
  readonly worker: WorkerName
  readonly workDir: string
  readonly variables: Readonly<Record<string, string>>
  readonly groups: () => Promise<Groups>
  readonly progress: (execution: string, stage: string, text: string) => void
  readonly now: () => number
  readonly log: Log
}

type Running = { readonly stop: AbortController; readonly force: AbortController }
type Start = {
  readonly execution: Execution
  readonly stage: StageRun
  readonly kind: StageKind
  readonly adopted: boolean
}

/** Runs stages on this machine: takes what a hint names, or what a dead worker left here, and stores how it ended. */
export function createRunner(parts: RunnerParts) {
  const { store, kinds, worker, log } = parts
  const running = new Map<string, Running>()

  /** Starts what a hint names, if it still has to be started; a hint for anything else does nothing. */
  async function start(hint: Hint): Promise<void> {
    const execution = await store.execution(hint.execution)
    const stage = execution && stageOf(execution, hint.stage)
    if (!execution || stage?.state !== 'ready' || stage.attempt !== hint.attempt) return
    const next = await store.tell(execution.id, {
      type: 'stage.started',
      stage: stage.id,
      attempt: stage.attempt,
      worker,
    })
    if (next.changed) await toTheEnd(next.execution, stage.id, false)
  }

  /** Takes over what a dead worker of this machine left, running or at an end that nobody saw. */
  async function adopt(execution: Execution, stage: StageRun): Promise<void> {
    const next = await store.tell(execution.id, {
      type: 'stage.adopted',
      stage: stage.id,
      attempt: stage.attempt,
      worker,
    })
    if (!next.changed) return
    log.warn({ execution: execution.id, stage: stage.id, from: stage.worker?.id }, 'stage adopted')
    await toTheEnd(next.execution, stage.id, true)
  }

  async function toTheEnd(execution: Execution, id: string, adopted: boolean): Promise<void> {
    const stage = stageOf(execution, id)
    const kind = kinds.get(stage?.kind ?? '')
    if (!stage || !kind?.run) throw new Error(`Stage ${id} of ${execution.id} is of a kind that no worker runs.`)
    const key = `${execution.id}/${id}`
    const controls: Running = { stop: new AbortController(), force: new AbortController() }
    running.set(key, controls)
    try {
      await obey(execution.id)
      const outcome = await outcomeOf({ execution, stage, kind, adopted }, controls)
      log.info({ execution: execution.id, stage: id, outcome: outcome.kind }, 'stage ended')
      await untilStored(() =>
        store.tell(execution.id, { type: 'stage.ended', stage: id, attempt: stage.attempt, outcome }),
      )
    } finally {
      running.delete(key)
    }
    await tidy(execution.id)
  }

  async function outcomeOf(start: Start, controls: Running): Promise<Outcome> {
    const { execution, stage, kind } = start
    const directory = join(parts.workDir, 'runs', execution.id, `${stage.id}-${stage.attempt}`)
    const process = join(directory, 'process')
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      const begun = (await look(process)).state !== 'absent'
      const refusal = begun ? null : refusalToRun(execution, parts.site, await parts.groups(), !kind.repeatable)
      if (refusal) return { kind: 'failed', error: refusal }
      const context = contextOf(parts, start, { directory, process, controls, begun })
      log.info(
        { execution: execution.id, stage: stage.id, attempt: stage.attempt, adopted: start.adopted },
        'stage started',
      )
      return await (kind.run ?? noRun)(stage.input, context)
    } catch (error) {
      return failure(error, start, (await look(process)).state !== 'absent')
    }
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
    if (!kept) await rm(join(parts.workDir, 'runs', id), { recursive: true, force: true })
  }

  return {
    start,
    adopt,
    obey,
    async obeyAll() {
      await Promise.all([...new Set([...running.keys()].map((key) => key.split('/')[0] ?? ''))].map(obey))
    },
    isRunning: (execution: string, stage: string) => running.has(`${execution}/${stage}`),
    count: () => running.size,
  }
}

export type Runner = ReturnType<typeof createRunner>

type Place = {
  readonly directory: string
  readonly process: string
  readonly controls: Running
  readonly begun: boolean
}

function contextOf(parts: RunnerParts, { execution, stage }: Start, place: Place): RunContext {
  const settings = parts.site.environments[execution.environment ?? '']
  if (!settings)
    throw new UserError(
      `The site of this worker has no environment ${execution.environment}. Give every worker the same site file.`,
    )
  const { directory, process, controls } = place
  const variables = (names: readonly string[]) =>
    Object.fromEntries(names.flatMap((name) => (parts.variables[name] ? [[name, parts.variables[name]]] : [])))
  return {
    execution: execution.id,
    line: execution.line,
    stage: stage.id,
    attempt: stage.attempt,
    output: (id) => outputOf(execution, id) ?? missing(id),
    approved: (plan) => approvalsOf(execution, plan),
    environment: { ...settings, name: execution.environment ?? '' },
    directory,
    artifacts: parts.artifacts.of(execution.id),
    inherit: parts.variables,
    passed: variables([...settings.pass, ...settings.secrets]),
    secrets: Object.values(variables(settings.secrets)),
    signal: controls.stop.signal,
    adopted: place.begun,
    async process(spec, onLine) {
      const kill = () =>
        void interrupt(process, 'SIGKILL').catch((error) => parts.log.error({ err: error }, 'forced stop failed'))
      controls.force.signal.addEventListener('abort', kill, { once: true })
      if (controls.force.signal.aborted) kill()
      return runOnce(process, spec, { onLine, signal: controls.stop.signal })
    },
    progress: (text) => parts.progress(execution.id, stage.id, text),
    now: parts.now,
  }
}

/** Digests of the approvals that count, of judgments that showed this plan. */
function approvalsOf(execution: Execution, plan: string): string[] {
  const counting = execution.judgments.filter((each) => each.decision === 'approved' && !each.fell)
  return counting.filter((each) => stageOf(execution, each.stage)?.input.show === plan).map((each) => each.digest)
}

function missing(stage: string): Fields {
  throw new Error(`Stage ${stage} gave no output.`)
}

function noRun(): Promise<Outcome> {
  throw new Error('This kind of stage is decided by people.')
}
