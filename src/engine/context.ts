import type { Groups } from '../core/access.ts'
import { idOf } from '../core/actor.ts'
import type { Execution, StageRun } from '../core/execution.ts'
import { outputOf, stageOf } from '../core/execution.ts'
import type { Site } from '../core/site.ts'
import type { Fields, RunContext, StageKind, StageKinds } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import type { Log } from '../log.ts'
import { interrupt, run, runOnce } from '../tools/run.ts'
import type { ArtifactStore } from './artifacts.ts'
import type { Recorder } from './audit/process.ts'
import { recorded } from './audit/process.ts'
import type { Store } from './store.ts'
import type { LabelledWorker } from './workers.ts'

export type RunnerParts = {
  readonly store: Store
  readonly site: Site
  readonly kinds: StageKinds
  readonly artifacts: ArtifactStore
  readonly audit: Recorder
  readonly worker: LabelledWorker
  readonly workDir: string
  readonly variables: Readonly<Record<string, string>>
  readonly groups: () => Promise<Groups>
  readonly progress: (execution: string, stage: string, text: string) => void
  readonly now: () => number
  readonly log: Log
}

/** How a stage that runs here is told to stop. */
export type Running = { readonly stop: AbortController; readonly force: AbortController; readonly repeatable: boolean }

/** `left`: how its dead worker left it, or null for a stage that is started. */
export type Start = {
  readonly execution: Execution
  readonly stage: StageRun
  readonly kind: StageKind
  readonly left: StageRun['state'] | null
}

type Place = {
  readonly directory: string
  readonly process: string
  readonly controls: Running
  readonly begun: boolean
}

/** What a stage of a kind is given to run with. */
export function contextOf(parts: RunnerParts, { execution, stage }: Start, place: Place): RunContext {
  const settings = parts.site.environments[execution.environment ?? '']
  if (!settings)
    throw new UserError(
      `The site of this worker has no environment ${execution.environment}. Give every worker the same site file.`,
    )
  const { directory, process, controls } = place
  const variables = (names: readonly string[]) =>
    Object.fromEntries(names.flatMap((name) => (parts.variables[name] ? [[name, parts.variables[name]]] : [])))
  const context: Omit<RunContext, 'process' | 'run'> = {
    execution: execution.id,
    line: execution.line,
    stage: stage.id,
    attempt: stage.attempt,
    output: (id) => outputOf(execution, id) ?? missing(id),
    approved: (plan) => approvalsOf(execution, plan),
    environment: { ...settings, name: execution.environment ?? '' },
    machine: parts.worker.machine,
    host: parts.worker.host,
    directory,
    artifacts: parts.artifacts.of(execution.id),
    inherit: parts.variables,
    passed: variables([...settings.pass, ...settings.secrets]),
    secrets: Object.values(variables(settings.secrets)),
    signal: controls.stop.signal,
    adopted: place.begun,
    progress: (text) => parts.progress(execution.id, stage.id, text),
    now: parts.now,
  }
  const durably: RunContext['process'] = async (spec, onLine) => {
    const kill = () =>
      void interrupt(process, 'SIGKILL').catch((error) => parts.log.error({ err: error }, 'forced stop failed'))
    controls.force.signal.addEventListener('abort', kill, { once: true })
    if (controls.force.signal.aborted) kill()
    return runOnce(process, spec, { onLine, signal: controls.stop.signal })
  }
  const recording = { recorder: parts.audit, log: parts.log, who: idOf(execution.actor), context }
  return { ...context, ...recorded(recording, { process: durably, run }) }
}

/** Digests of the approvals that count, of judgments that showed this plan. */
function approvalsOf(execution: Execution, plan: string): string[] {
  const counting = execution.judgments.filter((each) => each.decision === 'approved' && !each.fell)
  return counting.filter((each) => stageOf(execution, each.stage)?.input.show === plan).map((each) => each.digest)
}

function missing(stage: string): Fields {
  throw new Error(`Stage ${stage} gave no output.`)
}
