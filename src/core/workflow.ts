import type { z } from 'zod'
import type { Actor } from './actor.ts'
import type { EnvironmentRecord } from './environment.ts'
import type { Execution } from './execution.ts'
import type { Lock } from './locks.ts'
import type { EnvironmentSettings, Site } from './site.ts'

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined }
export type Fields = { [key: string]: Json | undefined }

/** One step as data. `after` names the stages that must have ended well before it; without it, the stage before. */
export type Stage = {
  readonly id: string
  readonly kind: string
  readonly input: Fields
  readonly after: readonly string[]
  readonly onFailure: 'halt'
  /** Beside the workflow: it helps people to decide where nobody knows how a stage ended, and decides nothing itself. */
  readonly aside?: boolean
}

/** What a command file writes: id (by default the kind) and order (by default as written) are filled in when it is planned. */
export type StageDraft = {
  readonly kind: string
  readonly input: Fields
  readonly id?: string
  readonly after?: readonly string[]
}

/** What a workflow may look at while it is planned; there is nothing else, so planning twice gives the same stages. */
export type PlanContext = { readonly site: Site; readonly environment: NamedEnvironment | null }

export type NamedEnvironment = EnvironmentSettings & { readonly name: string }

/**
 * How a stage ended. `unknown` says honestly that nobody saw the end. `again` on a failure names the stage from which
 * the work has to be done anew, since what was approved no longer fits the world (a stale plan, a changed stack).
 */
export type Outcome =
  | { readonly kind: 'succeeded'; readonly output: Fields }
  | { readonly kind: 'failed'; readonly error: string; readonly output?: Fields; readonly again?: string }
  | { readonly kind: 'unknown'; readonly why: string; readonly output?: Fields }
  | { readonly kind: 'canceled'; readonly why: string; readonly output?: Fields }
  | { readonly kind: 'skipped'; readonly why: string }

/** How a program ended that a stage started. `vanished`: nobody saw its end; `never-started`: it was called off before. */
export type ProcessEnd =
  | { readonly end: 'ended'; readonly exitCode: number; readonly out: string; readonly err: string }
  | { readonly end: 'vanished'; readonly out: string; readonly err: string }
  | { readonly end: 'never-started'; readonly out: string; readonly err: string }

export type ProcessSpec = {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** For a command of seconds: killed after `timeout` milliseconds, or when `signal` aborts. */
export type ShortSettings = {
  cwd: string
  env: Readonly<Record<string, string>>
  timeout?: number
  signal?: AbortSignal
}

export type ShortResult = { exitCode: number; stdout: string; stderr: string }

/** What a running stage is given. Everything outside comes in here, so that a kind can be run by any worker. */
export type RunContext = {
  readonly execution: string
  readonly line: string
  readonly stage: string
  readonly attempt: number
  /** Output of an earlier stage of this execution; throws when it has none. */
  output(stage: string): Fields
  /** Digests that were approved for a plan stage, by judgments that still count. */
  approved(planStage: string): readonly string[]
  readonly environment: NamedEnvironment
  /** Id of the machine that runs it, and what people call it. */
  readonly machine: string
  readonly host: string
  /** A private folder of this attempt on this machine; it survives the worker. */
  readonly directory: string
  readonly artifacts: Artifacts
  /** The worker's own environment, for what a program may inherit (PATH, locale, address of Consul). */
  readonly inherit: Readonly<Record<string, string>>
  /** Variables that the site hands to programs by name, and the values that must never be shown. */
  readonly passed: Readonly<Record<string, string>>
  readonly secrets: readonly string[]
  /** Aborts once when somebody asked to cancel. */
  readonly signal: AbortSignal
  /**
   * Runs the program of this attempt at most once, ever; joins it when it was started already. It outlives the worker. Cancel
   * sends one SIGINT to its group and waits; only a forced stop kills it.
   */
  process(spec: ProcessSpec, onLine: (line: string) => void): Promise<ProcessEnd>
  /** Runs a command of seconds that may run again and may be killed; it is recorded with its exit, as `process` is. */
  run(argv: readonly string[], settings: ShortSettings): Promise<ShortResult>
  /** True when the program of this attempt was started before, by a worker that died. */
  readonly adopted: boolean
  progress(text: string): void
  now(): number
}

/** Encrypted files of one execution that travel between workers. Throws when one is missing, changed or too large. */
export type Artifacts = {
  put(name: string, content: Uint8Array): Promise<void>
  get(name: string): Promise<Uint8Array>
}

/** How one kind of stage is checked, planned and run. A kind without `run` is decided by people (a judgment). */
export type StageKind<Input = unknown> = {
  readonly kind: string
  readonly input: z.ZodType<Input>
  /** False: it is started at most once, ever. True: a second start does no harm. */
  readonly repeatable: boolean
  /** Fills in what the site says, once, when the execution is planned. Throws a `UserError`. */
  plan(input: Input, context: PlanContext): Fields
  run?(input: Fields, context: RunContext): Promise<Outcome>
}

export type StageKinds = ReadonlyMap<string, StageKind>

/** A read-only answer: plain text with `code` and *bold*; `@U01ALICE` becomes a mention. A long text becomes a file. */
export type Answer = { readonly text: string; readonly file?: { readonly name: string; readonly content: string } }

/** Milliseconds that are left to do what somebody asked; when none are left he was told that it was not done, and it never may be. */
export type Deadline = () => number

/** What the person typed, and who and where they are. */
export type Asked = {
  readonly actor: Actor
  readonly roles: readonly string[]
  readonly channel: string | null
  /** The key by which a second delivery of the same request is known, where there is one. */
  readonly request?: string
  readonly until?: Deadline | undefined
}

/** What an answer may look at and do. `runs cancel` and the like change things; the engine behind checks rights again. */
export type AnswerContext = Asked & {
  readonly site: Site
  readonly now: number
  runs(options: { limit: number; open: boolean }): Promise<Execution[]>
  /** Throws a `UserError` with the nearest ids when there is none. */
  run(id: string): Promise<Execution>
  environment(name: string): Promise<EnvironmentRecord>
  cancel(id: string): Promise<string>
  /** The locks of all environments of the site, with the executions that hold them. */
  locks(): Promise<Lock[]>
  /** Takes the lock of an environment from an execution that is over or at unknown. Throws a `UserError` that says why not. */
  steal(environment: string, why: string): Promise<string>
  /** Says what would run again; with `go` it is stored and runs. */
  retry(id: string, go: boolean): Promise<string>
  help(topic: string): string
  /** Whether somebody may run a command line, by which rule, or who may. */
  can(person: string, line: string): Promise<string>
  /** Everything that is recorded of one execution, oldest first. */
  history(id: string): Promise<string[]>
  /** A text that a stage left for people, masked; null when there is none (any more). */
  file(id: string, name: string): Promise<string | null>
  /** What was asked, decided and done, newest first, a line each. `since` is a duration. */
  audit(query: {
    who?: string
    environment?: string
    execution?: string
    since: string
    limit: number
  }): Promise<string[]>
  /** Instances of an environment as Consul sees them now. */
  health(environment: string): Promise<ServiceHealth[]>
}

export type ServiceHealth = {
  readonly service: string
  readonly passing: number
  readonly instances: readonly {
    readonly id: string
    readonly address: string
    readonly status: string
    readonly output: string
  }[]
}
