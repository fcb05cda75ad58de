import type { Groups } from '../core/access.ts'
import { idOf, nameOf } from '../core/actor.ts'
import { idsText } from '../core/break-glass/glass.ts'
import type { Live } from '../core/environment.ts'
import type { Execution, StageRun } from '../core/execution.ts'
import { outputOf, stageOf } from '../core/execution.ts'
import type { Judgment } from '../core/judgment.ts'
import type { Site, Variables } from '../core/site.ts'
import type { Target } from '../core/target.ts'
import { targetOf } from '../core/target.ts'
import type { Fields, RunContext, StageKind, StageKinds } from '../core/workflow.ts'
import { messageOf, UserError } from '../errors.ts'
import type { Log } from '../log.ts'
import { interrupt, run, runOnce } from '../tools/run.ts'
import type { ArtifactStore } from './artifacts.ts'
import type { Recorder } from './audit/process.ts'
import { recorded } from './audit/process.ts'
import { untilDeadline } from './deadline.ts'
import { earlierOutput, stageEnds } from './earlier.ts'
import type { LiveLog } from './live-log.ts'
import type { Progress } from './progress.ts'
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
  readonly progress: (execution: string, word: Omit<Progress, 'at'>) => void
  /** Where people look on while it runs; without it nobody does. */
  readonly live?: LiveLog
  readonly progressOf: (execution: string) => Promise<readonly Progress[]>
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
  readonly live: Live | null
  readonly dropped: Variables
}

/** What a stage of a kind is given to run with. */
export function contextOf(parts: RunnerParts, { execution, stage }: Start, place: Place): RunContext {
  const target = targetHere(parts, execution.environment)
  const { pass = [], secrets = [] } = target.environment ?? target.image ?? kvVariables(target)
  const { directory, process, controls } = place
  const variables = (names: readonly string[]) =>
    Object.fromEntries(names.flatMap((name) => (parts.variables[name] ? [[name, parts.variables[name]]] : [])))
  const context: Omit<RunContext, 'process' | 'run'> = {
    execution: execution.id,
    line: execution.line,
    stage: stage.id,
    attempt: stage.attempt,
    output: (id) => outputOf(execution, id) ?? missing(id),
    approved: (plan) => approvalsOf(execution, plan).map(({ digest }) => digest),
    approvedBy: (plan) =>
      approvalsOf(execution, plan).flatMap(({ by, glass, from }) => (glass?.length || from ? [] : [by])),
    target: execution.environment,
    get environment() {
      return target.environment ?? nothing('environment')
    },
    get image() {
      return target.image ?? nothing('image')
    },
    live: place.live,
    get kv() {
      return target.kv ?? nothing('source of settings')
    },
    dropped: place.dropped,
    site: parts.site,
    actor: nameOf(execution.actor),
    by: idOf(execution.actor),
    machine: parts.worker.machine,
    host: parts.worker.host,
    directory,
    artifacts: parts.artifacts.of(execution.id),
    kept: parts.artifacts.kept,
    inherit: parts.variables,
    passed: variables([...pass, ...secrets]),
    secrets: Object.values(variables(secrets)),
    signal: controls.stop.signal,
    adopted: place.begun,
    progress: (text, load, where) =>
      parts.progress(execution.id, { stage: stage.id, text, ...(load ? { load } : {}), ...(where ? { where } : {}) }),
    log: (line, mask) =>
      parts.live?.add({ execution: execution.id, stage: stage.id, attempt: stage.attempt }, line, mask),
    ends: async () => stageEnds(parts.store, execution, await parts.progressOf(execution.id)),
    before: (args) => earlierOutput(parts.store, execution, { stage: stage.id, args }),
    now: parts.now,
  }
  const durably: RunContext['process'] = async (spec, onLine, onErrorLine) => {
    const kill = () =>
      void interrupt(process, 'SIGKILL').catch((error) => parts.log.error({ err: error }, 'forced stop failed'))
    controls.force.signal.addEventListener('abort', kill, { once: true })
    if (controls.force.signal.aborted) kill()
    const left = spec.timeout === undefined ? undefined : (stage.startedAt ?? parts.now()) + spec.timeout - parts.now()
    const { ended, late } = await untilDeadline(left, kill, () =>
      runOnce(process, spec, { onLine, ...(onErrorLine ? { onErrorLine } : {}), signal: controls.stop.signal }),
    )
    return late && ended.end !== 'never-started' ? { ...ended, timedOut: true } : ended
  }
  const glass = idsText(execution.glass?.map(({ id }) => id))
  const recording = { recorder: parts.audit, log: parts.log, who: idOf(execution.actor), glass, context }
  return Object.assign(context, recorded(recording, { process: durably, run }))
}

/** The approvals that count, of judgments that showed this plan. */
function approvalsOf(execution: Execution, plan: string): Judgment[] {
  const counting = execution.judgments.filter((each) => each.decision === 'approved' && !each.fell)
  // One of several approvals alone approves nothing.
  const given = counting.filter((each) => stageOf(execution, each.stage)?.state === 'succeeded')
  return given.filter((each) => stageOf(execution, each.stage)?.input.show === plan)
}

/** Everything that settings may take from the worker's environment is a secret. */
function kvVariables({ kv }: Target): { pass?: readonly string[]; secrets?: readonly string[] } {
  return kv ? { pass: kv.pass, secrets: kv.pass } : {}
}

function targetHere({ site }: RunnerParts, name: string | null): Target {
  try {
    return targetOf(site, name)
  } catch (error) {
    throw new UserError(`This worker cannot run it: ${messageOf(error)} Give every worker the same site file.`)
  }
}

function nothing(what: string): never {
  throw new Error(`This stage needs an ${what}, and its execution works on none.`)
}

function missing(stage: string): Fields {
  throw new Error(`Stage ${stage} gave no output.`)
}
