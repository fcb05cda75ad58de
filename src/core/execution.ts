import type { Actor } from './actor.ts'
import { askersOf } from './actor.ts'
import type { UnderGlass } from './break-glass/glass.ts'
import type { Delegation } from './judgment/delegate.ts'
import type { Judgment } from './judgment.ts'
import type { Parent } from './nested.ts'
import type { Promotion } from './promotion.ts'
import type { Held, Override } from './stage/guard.ts'
import type { OnFailure, Stopped, Try } from './stage/shape.ts'
import type { Fields, Outcome, Stage } from './workflow.ts'

export type ExecutionStatus = 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'unknown' | 'canceled'

/** `ready`: a worker may start it. `waiting`: for a judgment. The last five say how it ended. */
export type StageState =
  | 'pending'
  | 'ready'
  | 'running'
  | 'waiting'
  | 'succeeded'
  | 'failed'
  | 'unknown'
  | 'skipped'
  | 'canceled'

/** The process that runs a stage, and the machine (a work folder that outlives processes) where its files lie. */
export type WorkerName = { readonly id: string; readonly machine: string; readonly host: string }

export type StageRun = Stage & {
  readonly state: StageState
  readonly attempt: number
  readonly worker: WorkerName | null
  readonly readyAt: number | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** When a waiting judgment lapses. */
  readonly dueAt: number | null
  readonly outcome: Outcome | null
  /** Why no worker takes it, while that is so. */
  readonly stuck?: string | undefined
  /** The tries of it that failed, while its `retry` goes on. */
  readonly tries?: readonly Try[]
  /** What its failure means by the command file, where it expired and that means something else. */
  readonly declared?: OnFailure
  /** Told to stop, by itself and not by a person. */
  readonly stopped?: Stopped
  /** An earlier start of it may have changed something already, and it is started again: it waits for no window any more. */
  readonly begun?: true
  /** Why it waits although it could begin: outside the window, or in a freeze. */
  readonly held?: Held | undefined
}

/** Where a request came from, and so where its answer goes. */
export type Origin = {
  readonly channel: string | null
  readonly via: 'slack' | 'shell' | 'lifetime' | 'schedule' | 'webhook' | 'trigger' | 'breakglass'
}

/** What was asked to stop, by whom; `force` once somebody asked for the second, unsafe stop. */
export type Cancel = { readonly by: Actor; readonly at: number; readonly why: string; readonly force: boolean }

/** How it ended, when the status alone does not say it. */
export type Ending = 'rejected' | 'expired' | 'withdrawn' | 'superseded' | 'left'

/** One run of a workflow: plain JSON, planned once, changed only by `advance`. Times are milliseconds since 1970. */
export type Execution = {
  readonly id: string
  readonly version: number
  readonly command: string
  readonly line: string
  readonly args: Fields
  readonly actor: Actor
  /** The roles that the command file allows, for the checks that are made again later; empty where no person asked. */
  readonly allow: readonly string[]
  readonly askers: readonly string[]
  readonly origin: Origin
  readonly environment: string | null
  readonly lock: 'none' | 'queued' | 'held' | 'released'
  readonly stages: readonly StageRun[]
  readonly judgments: readonly Judgment[]
  /** Rights to judge that were handed over; absent where there were none. */
  readonly delegations?: readonly Delegation[]
  readonly status: ExecutionStatus
  readonly ending: Ending | null
  readonly cancel: Cancel | null
  /** The duration text of `--for`, for executions that start a lifetime. */
  readonly lifetime: string | null
  /** It says nothing where it has nothing to say (`isSilent`). */
  readonly quiet?: boolean
  /** Which step of a promotion it is; absent where it is none. */
  readonly promotion?: Promotion
  /** The stage of another execution that this one is begun for. */
  readonly parent?: Parent
  /** The id of the execution that this one runs again (`runs retry`). */
  readonly retries?: string
  /** The break glasses under which it was asked for. */
  readonly glass?: readonly UnderGlass[]
  readonly notes: readonly { readonly at: number; readonly text: string }[]
  /** Somebody let it change things outside the window, or in a freeze. */
  readonly override?: Override
  /** How many looks were begun: a number is never used twice, so that no button of an earlier look fits a later one. */
  readonly looks?: number
  readonly createdAt: number
  readonly endedAt: number | null
}

export type NewExecution = {
  readonly id: string
  readonly command: string
  readonly line: string
  readonly args: Fields
  readonly actor: Actor
  readonly allow: readonly string[]
  readonly askers?: readonly string[]
  readonly origin: Origin
  readonly environment: string | null
  readonly lifetime: string | null
  readonly quiet?: boolean
  readonly promotion?: Promotion
  /** The stage of another execution that this one is begun for. */
  readonly parent?: Parent
  /** The execution that this one runs again. */
  readonly retries?: string
  readonly override?: Override
  readonly glass?: readonly UnderGlass[]
  readonly stages: readonly Stage[]
}

/** An execution before anything happened to it. */
export function newExecution(wanted: NewExecution, now: number): Execution {
  return {
    ...wanted,
    version: 0,
    askers: [...new Set([...askersOf(wanted.actor), ...(wanted.askers ?? [])])],
    lock: 'none',
    stages: wanted.stages.map(fresh),
    judgments: [],
    status: 'queued',
    ending: null,
    cancel: null,
    notes: [],
    createdAt: now,
    endedAt: null,
  }
}

/** A stage that has still everything before it; `attempt` counts the starts there have been. */
export function fresh(stage: Stage & { readonly attempt?: number; readonly declared?: OnFailure }): StageRun {
  const { id, kind, input, after, recovers, retry, timeLimit, guard, aside = false, attempt = 0 } = stage
  const { declared: onFailure = stage.onFailure } = stage
  const untouched = { worker: null, readyAt: null, startedAt: null, endedAt: null, dueAt: null, outcome: null }
  const more = {
    ...(aside ? { aside } : {}),
    ...(recovers ? { recovers } : {}),
    ...(retry ? { retry } : {}),
    ...(timeLimit ? { timeLimit } : {}),
    ...(guard ? { guard } : {}),
  }
  return { id, kind, input, after, onFailure, ...more, state: 'pending', attempt, ...untouched }
}

export function isOver(execution: Execution): boolean {
  return execution.endedAt !== null
}

export function stageOf(execution: Execution, id: string): StageRun | undefined {
  return execution.stages.find((stage) => stage.id === id)
}

/** Output of a stage that gave one, also of a failed one (the three lists of a half-failed apply). */
export function outputOf(execution: Execution, id: string): Fields | null {
  const outcome = stageOf(execution, id)?.outcome
  return outcome && outcome.kind !== 'skipped' && outcome.output ? outcome.output : null
}

/** Asked to be quiet, and there is nothing to say: it goes on or ended well, waits for nobody, and no stage found anything (`loud`). */
export function isSilent(execution: Execution): boolean {
  if (execution.quiet !== true) return false
  if (!['queued', 'running', 'succeeded'].includes(execution.status)) return false
  return !execution.stages.some(({ id }) => outputOf(execution, id)?.loud === true)
}
