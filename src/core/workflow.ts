import type { z } from 'zod'
import type { Condition } from './judgment/condition.ts'
import type { NamedKv } from './kv/settings.ts'
import type { Child } from './nested.ts'
import type { EnvironmentSettings, ImageSettings, Site } from './site.ts'
import type { Guard } from './stage/guard.ts'
import type { Branch, OnFailure, Retry, TimeLimit } from './stage/shape.ts'
import type { RunContext } from './workflow/running.ts'

export type {
  Answer,
  AnswerContext,
  AnswerFile,
  Asked,
  Deadline,
  DeployAnswers,
  Deployed,
  ImageAnswers,
  ServiceHealth,
} from './workflow/answering.ts'
export type {
  Artifacts,
  Earlier,
  Kept,
  LoadWord,
  ProcessEnd,
  ProcessSpec,
  RunContext,
  ShortResult,
  ShortSettings,
  StageEnd,
} from './workflow/running.ts'

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined }
export type Fields = { [key: string]: Json | undefined }

/**
 * One step as data. `after` names the stages that must have ended well before it; without it, the stage before. `recovers` names
 * stages: it runs only when one of those failed, before the execution ends, and what failed has failed all the same.
 */
export type Stage = {
  readonly id: string
  readonly kind: string
  readonly input: Fields
  readonly after: readonly string[]
  readonly onFailure: OnFailure
  readonly recovers?: readonly string[]
  readonly retry?: Retry
  readonly timeLimit?: TimeLimit
  /** It changes its environment: it waits for a window, and begins nothing in a freeze. */
  readonly guard?: Guard
  /** Beside the workflow: it helps people to decide where nobody knows how a stage ended, and decides nothing itself. */
  readonly aside?: boolean
}

/** What a command file writes: id (by default the kind) and order (by default as written) are filled in when it is planned. */
export type StageDraft = Shape & { readonly kind: string; readonly input: Fields }

/** What any stage may be given besides its input. */
export type Shape = {
  readonly id?: string
  readonly after?: readonly string[]
  readonly onFailure?: OnFailure
  readonly recovers?: readonly string[]
  /** Tried again after a failure, where its kind may be started twice: `{ times: 3, wait: '10s', most: '5m' }`. */
  readonly retry?: { readonly times: number; readonly wait?: string; readonly most?: string }
  /** The longest one start of it may run: `30m`, or with the time that it gets to end after its interrupt. */
  readonly timeLimit?: string | { readonly after: string; readonly grace?: string }
  /** Filled in by `parallel([...])`. */
  readonly branch?: readonly Branch[]
  /**
   * A stage that may find that there is nothing to do (`needsApply: false` in its output), or what one has to have given, such as
   * `{ ref: 'judgment.choice', is: 'all' }`; or several of them. Otherwise this one is skipped.
   */
  readonly onlyIf?: string | Condition | readonly (string | Condition)[]
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
  /** Plans another command of this crew; absent where nothing can be nested. Throws where there is none, or where it cannot be planned. */
  readonly nested?: (command: string, args: Fields) => Child & { readonly lifetime: string | null }
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
  /** `because`: the stage whose failure keeps it from ever being done; what comes after it is not done either. */
  | { readonly kind: 'skipped'; readonly why: string; readonly because?: string }

/** How one kind of stage is checked, planned and run. A kind without `run` is decided by people (a judgment). */
export type StageKind<Input = unknown> = {
  readonly kind: string
  readonly input: z.ZodType<Input>
  /** False: it is started at most once, ever. True: a second start does no harm. */
  readonly repeatable: boolean
  /** Whether it changes the environment (or settings), so that it waits for a window: by default what may not run twice does. */
  readonly changes?: boolean
  /** It changes what people approved, so that the worker looks at their rights once more; by default what is not repeatable. */
  readonly gated?: boolean
  /** What it counts as when its worker and its machine are gone: `unknown` (the default), or `failed` where that can do no harm. */
  readonly lost?: 'unknown' | 'failed'
  /** Whether a process of it that must not run twice may be killed once its time limit and its grace are over. What it did is unknown then. */
  readonly forcible?: boolean
  /** What it gives, where it always says so: references to it are checked against this when they are planned and when they are used. */
  readonly output?: z.ZodObject | ((input: Fields) => z.ZodObject)
  /** Fills in what the site says, once, when the execution is planned. Throws a `UserError`. */
  plan(input: Input, context: PlanContext): Fields
  run?(input: Fields, context: RunContext): Promise<Outcome>
}

export type StageKinds = ReadonlyMap<string, StageKind>
