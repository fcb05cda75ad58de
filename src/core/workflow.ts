import type { z } from 'zod'
import type { Actor } from './actor.ts'
import type { AlertAnswers } from './alert/asking.ts'
import type { GlassAnswers } from './break-glass/asking.ts'
import type { ImageRelease, ImageVersion } from './catalogue.ts'
import type { ConsulAnswers } from './consul/asking.ts'
import type { EnvironmentRecord, Live } from './environment.ts'
import type { Execution, StageState } from './execution.ts'
import type { InventoryAnswers } from './inventory/asking.ts'
import type { NamedKv } from './kv/settings.ts'
import type { Lock } from './locks.ts'
import type { Schedule, ScheduleWish } from './schedule.ts'
import type { EnvironmentSettings, ImageSettings, Site, Variables } from './site.ts'

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined }
export type Fields = { [key: string]: Json | undefined }

/**
 * One step as data. `after` names the stages that must have ended well before it; without it, the stage before. A failure halts the
 * execution, or with `continue` is shown and gone on from. `recovers` names stages: it runs only when one of those failed, and
 * the execution has failed all the same.
 */
export type Stage = {
  readonly id: string
  readonly kind: string
  readonly input: Fields
  readonly after: readonly string[]
  readonly onFailure: 'halt' | 'continue'
  readonly recovers?: readonly string[]
  /** Beside the workflow: it helps people to decide where nobody knows how a stage ended, and decides nothing itself. */
  readonly aside?: boolean
}

/** What a command file writes: id (by default the kind) and order (by default as written) are filled in when it is planned. */
export type StageDraft = Shape & { readonly kind: string; readonly input: Fields }

/** What any stage may be given besides its input. */
export type Shape = {
  readonly id?: string
  readonly after?: readonly string[]
  readonly onFailure?: 'halt' | 'continue'
  readonly recovers?: readonly string[]
  /** A stage that may find that there is nothing to do (`needsApply: false` in its output): this one is skipped then. */
  readonly onlyIf?: string
  /** Done also where the plan that it shows or is about has nothing to apply: what comes after it acts all the same. */
  readonly evenIfEmpty?: boolean
  /** Labels that its worker must have besides those of the environment. */
  readonly labels?: readonly string[]
  /** No worker runs two stages of the same execution that say so at once: shares of one load. */
  readonly spread?: boolean
  /** It fails where no worker has begun it within this time (`1m`): nobody waits, and no lock is held, for workers that never come. */
  readonly beginWithin?: string
}

/** What a workflow may look at while it is planned; there is nothing else, so planning twice gives the same stages. */
export type PlanContext = {
  readonly site: Site
  readonly environment: NamedEnvironment | null
  readonly image?: NamedImage | null
  readonly kv?: NamedKv | null
}

export type NamedEnvironment = EnvironmentSettings & { readonly name: string }
export type NamedImage = ImageSettings & { readonly name: string }

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
  | {
      readonly end: 'ended'
      readonly exitCode: number
      readonly out: string
      readonly err: string
      readonly timedOut?: true
    }
  | { readonly end: 'vanished'; readonly out: string; readonly err: string; readonly timedOut?: true }
  | { readonly end: 'never-started'; readonly out: string; readonly err: string }

export type ProcessSpec = {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Milliseconds from the start of the stage after which all of its group is killed, by whichever worker has it then. */
  readonly timeout?: number
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
  /** Who gave an approval for a plan stage that still counts and hangs on no break glass. */
  approvedBy(planStage: string): readonly Actor[]
  /** What the execution works on, as it is recorded: an environment, `image:<name>`, `kv:<name>`, or nothing. */
  readonly target: string | null
  /** Throws where the execution works on none. */
  readonly environment: NamedEnvironment
  /** The same for the image that it bakes. */
  readonly image: NamedImage
  /** The same for the settings that it writes. */
  readonly kv: NamedKv
  /** What the last apply of this environment made live; null while nothing is. */
  readonly live: Live | null
  /** What people had chosen and what went when this environment was last taken down. */
  readonly dropped: Variables
  readonly site: Site
  /** Who asked, as it is written in messages. */
  readonly actor: string
  /** The same as an id, for what is recorded. */
  readonly by: string
  /** Id of the machine that runs it, and what people call it. */
  readonly machine: string
  readonly host: string
  /** A private folder of this attempt on this machine; it survives the worker. */
  readonly directory: string
  readonly artifacts: Artifacts
  /** What outlives the execution, encrypted as well. */
  readonly kept: Kept
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
  /** `load`: what a generator measured so far, which is shown for all generators together. */
  progress(text: string, load?: LoadWord): void
  /** The stages of this execution as they stand now. */
  ends(): Promise<readonly StageEnd[]>
  /** What this stage gave in the latest execution before this one of the same command with these arguments; null where there is none. */
  before(args: Fields): Promise<Earlier | null>
  now(): number
}

/** What a generator measured so far: `times` is a histogram, as `src/tools/load/histogram.ts` encodes it. */
export type LoadWord = {
  readonly requests: number
  readonly failed: number
  /** Answers without error in the last whole second. */
  readonly throughput: number
  readonly times: string
}

export type StageEnd = {
  readonly stage: string
  readonly state: StageState
  readonly outcome: Outcome | null
  readonly host: string | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** When it last said how far it is. */
  readonly saidAt: number | null
}

export type Earlier = { readonly execution: string; readonly at: number; readonly output: Fields }

/** Encrypted files of one execution that travel between workers. Throws when one is missing, changed or too large. */
export type Artifacts = {
  put(name: string, content: Uint8Array): Promise<void>
  get(name: string): Promise<Uint8Array>
}

/** Encrypted, and kept until it is replaced or dropped. `get` gives null for what is not there, and throws where no key opens it any more. */
export type Kept = {
  get(name: string): Promise<Uint8Array | null>
  put(name: string, content: Uint8Array): Promise<void>
  drop(name: string): Promise<void>
}

/** How one kind of stage is checked, planned and run. A kind without `run` is decided by people (a judgment). */
export type StageKind<Input = unknown> = {
  readonly kind: string
  readonly input: z.ZodType<Input>
  /** False: it is started at most once, ever. True: a second start does no harm. */
  readonly repeatable: boolean
  /** It changes what people approved, so that the worker looks at their rights once more; by default what is not repeatable. */
  readonly gated?: boolean
  /** What it counts as when its worker and its machine are gone: `unknown` (the default), or `failed` where that can do no harm. */
  readonly lost?: 'unknown' | 'failed'
  /** Fills in what the site says, once, when the execution is planned. Throws a `UserError`. */
  plan(input: Input, context: PlanContext): Fields
  run?(input: Fields, context: RunContext): Promise<Outcome>
}

export type StageKinds = ReadonlyMap<string, StageKind>

/**
 * A read-only answer: plain text with `code` and *bold*; `@U01ALICE` becomes a mention. A `file` goes to the asker alone, never into the
 * channel. A button runs its command line, with the rights of whoever presses it.
 */
export type Answer = {
  readonly text: string
  readonly buttons?: readonly { readonly label: string; readonly line: string }[]
  readonly file?: AnswerFile
}

/** `content`: bytes for what is no text. Whatever must not be shown was taken out before. */
export type AnswerFile = { readonly name: string; readonly content: string | Uint8Array }

/** Milliseconds that are left to do what somebody asked; when none are left he was told that it was not done, and it never may be. */
export type Deadline = () => number

/** What the person typed, and who and where they are. */
export type Asked = {
  readonly actor: Actor
  /** All that he has now, by break glass too. */
  readonly roles: readonly string[]
  /** Those that he has without break glass. */
  readonly own?: readonly string[]
  /** The break glasses that he holds, by their ids. */
  readonly glass?: readonly string[]
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
  /** The versions of an image, as the catalogue has them. */
  readonly images: ImageAnswers
  /** What runs by the clock. `change` gives what to say; both check again who may. */
  readonly schedules: {
    list(): Promise<Schedule[]>
    find(id: string): Promise<Schedule>
    add(wish: ScheduleWish): Promise<Schedule>
    change(id: string, what: 'skip' | 'pause' | 'resume' | 'remove'): Promise<string>
  }
  /** What of the site's services is live where. */
  readonly deploys: DeployAnswers
  readonly alerts: AlertAnswers
  /** What Consul says now, in every datacenter. */
  readonly consul: ConsulAnswers
  /** The same as hosts and groups of Ansible. */
  readonly inventory: InventoryAnswers
  /** Rights that people raised for a while. */
  readonly breakGlass: GlassAnswers
  /** Instances of an environment as Consul sees them now. */
  health(environment: string): Promise<ServiceHealth[]>
}

export type ImageAnswers = {
  /** Newest first. */
  list(image: string): Promise<ImageVersion[]>
  /** Throws a `UserError` that names the versions there are. */
  find(image: string, version: string): Promise<ImageVersion>
  /** Only approvers of the image may; a version that is marked bad is neither deployed nor built on. */
  mark(image: string, version: string, as: 'good' | 'bad', why: string | null): Promise<ImageVersion>
}

export type DeployAnswers = {
  /** Every service in every environment it runs in. Throws a `UserError` while Consul does not answer. */
  list(service?: string): Promise<Deployed[]>
}

/** A service in an environment: what Terraform made live there, what stands beside it, what serves, and what is recorded of that. */
export type Deployed = {
  readonly service: string
  readonly environment: string
  readonly image: string
  /** The versions that the stack has; null for none. `serves` is the one that Consul has in service, or the catalogue as live. */
  readonly live: string | null
  readonly next: string | null
  readonly serves: string | null
  /** How many instances of it pass in service, and how many there have to be. */
  readonly passing: number
  readonly wanted: number
  readonly release: ImageRelease | null
  readonly entry: ImageVersion | null
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
