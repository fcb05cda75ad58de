import type { EnvironmentRecord } from '../../core/environment.ts'
import type { Execution } from '../../core/execution.ts'
import type { Progress } from '../../engine/progress.ts'

/** Another execution; `href` opens its page for whoever looks, null where nothing does. */
export type Linked = { readonly id: string; readonly execution: Execution | null; readonly href: string | null }

export type Related = {
  /** What its stages began, by stage. */
  readonly children: ReadonlyMap<string, Linked>
  readonly parent: Linked | null
  /** What it runs again. */
  readonly retries: Linked | null
  /** All steps of its promotion, itself too; empty where it is none. */
  readonly steps: readonly Linked[]
}

/** All that the page of an execution is made of. Times are milliseconds. */
export type RunView = {
  readonly execution: Execution
  /** The latest word of each stage. */
  readonly progress: readonly Progress[]
  /** What it waits for the lock of; null where it does not. */
  readonly environment: EnvironmentRecord | null
  readonly related: Related
  /** How long a stage may say nothing before that is said. */
  readonly quietAfter: number
  readonly now: number
}
