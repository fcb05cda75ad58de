import type { Actor } from '../actor.ts'
import type { Live } from '../environment.ts'
import type { StageState } from '../execution.ts'
import type { NamedKv } from '../kv/settings.ts'
import type { Site, Variables } from '../site.ts'
import type { Fields, NamedEnvironment, NamedImage, Outcome } from '../workflow.ts'

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
  /** Who gave an approval for a plan stage that still counts by a right of his own: by no break glass, and by none that was handed to him. */
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
  process(spec: ProcessSpec, onLine: (line: string) => void, onErrorLine?: (line: string) => void): Promise<ProcessEnd>
  /** Runs a command of seconds that may run again and may be killed; it is recorded with its exit, as `process` is. */
  run(argv: readonly string[], settings: ShortSettings): Promise<ShortResult>
  /** True when the program of this attempt was started before, by a worker that died. */
  readonly adopted: boolean
  /** `load`: what a generator measured so far, which is shown for all generators together. `where`: what it is about. */
  progress(text: string, load?: LoadWord, where?: string): void
  /** What the program says, for people who look on meanwhile: shown masked by `mask`, and kept for a while only. */
  log(line: string, mask: (text: string) => string): void
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
