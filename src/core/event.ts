import type { Actor } from './actor.ts'
import type { EnvironmentRecord } from './environment.ts'
import type { Execution, WorkerName } from './execution.ts'
import type { Delegation } from './judgment/delegate.ts'
import type { Judgment } from './judgment.ts'
import type { Choice } from './mend.ts'
import type { Outcome } from './workflow.ts'

/** Break glasses that somebody held when he did it: it counts only where they still do when it is stored. */
type ByGlass = { readonly glass?: readonly string[] }

/** Everything that can happen to an execution. */
export type Event =
  | { readonly type: 'requested'; readonly first?: boolean }
  | { readonly type: 'lock.granted' }
  | { readonly type: 'stage.started'; readonly stage: string; readonly attempt: number; readonly worker: WorkerName }
  | {
      readonly type: 'stage.adopted'
      readonly stage: string
      readonly attempt: number
      readonly worker: WorkerName
      /** Id of the worker that it is taken from: of two that adopt at once, one comes too late. */
      readonly from?: string
    }
  | {
      readonly type: 'stage.ended'
      readonly stage: string
      readonly attempt: number
      readonly outcome: Outcome
      /** What people should know of how it was begun. */
      readonly note?: string | undefined
    }
  | {
      readonly type: 'stage.lost'
      readonly stage: string
      readonly attempt: number
      readonly why: string
      readonly repeatable: boolean
      /** Where nobody saw the end it counts as failed, since it can have done no harm. */
      readonly harmless?: boolean
      /** Id of the worker that is gone; another one may have adopted the stage meanwhile. */
      readonly from?: string
    }
  | { readonly type: 'stage.stuck'; readonly stage: string; readonly attempt: number; readonly why: string }
  | { readonly type: 'begin.due'; readonly stage: string; readonly attempt: number }
  /** The execution that a stage began is over; `begun` where it had begun to change the environment of both. */
  | {
      readonly type: 'child.ended'
      readonly stage: string
      readonly attempt: number
      readonly outcome: Outcome
      readonly begun?: true
    }
  | { readonly type: 'limit.due'; readonly stage: string; readonly attempt: number }
  | { readonly type: 'judged'; readonly judgment: Judgment }
  | { readonly type: 'judgment.due'; readonly stage: string; readonly attempt: number }
  | { readonly type: 'judgment.remind'; readonly stage: string; readonly attempt: number; readonly at: number }
  | { readonly type: 'delegated'; readonly delegation: Delegation }
  | { readonly type: 'withdrawn'; readonly by: Actor }
  | { readonly type: 'wait.due'; readonly stage: string; readonly attempt: number }
  | ({
      readonly type: 'wait.moved'
      readonly stage: string
      readonly attempt: number
      readonly by: Actor
      /** `now` ends the wait; `later` adds what its stage says one press adds. */
      readonly to: 'now' | 'later'
    } & ByGlass)
  | ({ readonly type: 'cancel'; readonly by: Actor; readonly why: string; readonly force: boolean } & ByGlass)
  /** A window opened, or a freeze began or ended. */
  | { readonly type: 'hold.due' }
  | ({ readonly type: 'overridden'; readonly by: Actor; readonly why: string; readonly rule: string } & ByGlass)
  | { readonly type: 'superseded'; readonly why: string }
  | ({ readonly type: 'left'; readonly by: Actor } & ByGlass)
  | ({ readonly type: 'stolen'; readonly by: Actor; readonly why: string; readonly rule: string } & ByGlass)
  | { readonly type: 'chosen'; readonly choice: Choice }

/** What has to be done besides storing. Each is stored with its due time and done at least once; each may be done twice. */
export type Effect =
  | {
      readonly do: 'run'
      readonly execution: string
      readonly stage: string
      readonly attempt: number
      readonly at: number
    }
  | { readonly do: 'tell'; readonly execution: string; readonly event: Event; readonly at: number }
  | {
      readonly do: 'lifetime'
      readonly environment: string
      readonly id: string
      readonly what: 'warn' | 'end'
      readonly at: number
    }
  /** Its time has come; one that waits for another time by now does nothing. Done by bots only. */
  | { readonly do: 'schedule'; readonly schedule: string; readonly at: number }
  /** The execution that a stage is to begin is begun, or told to stop, as its parent wants it now. */
  | {
      readonly do: 'child'
      readonly execution: string
      readonly stage: string
      readonly attempt: number
      readonly at: number
    }
  /** The next step of a promotion is begun, after the good end of this one. */
  | { readonly do: 'promote'; readonly execution: string; readonly at: number }
  /** The end of a step is told to the address that the site names. Done by bots only. */
  | { readonly do: 'report'; readonly execution: string; readonly at: number }
  /** A break glass whose time may be over, or whose summary is not complete. Done by bots only. */
  | { readonly do: 'glass'; readonly glass: string; readonly at: number }
  /** A datacenter that was away when settings were written is looked after, and caught up once it answers. Done by bots only. */
  | { readonly do: 'kv-catch-up'; readonly execution: string; readonly dc: string; readonly at: number }
  | { readonly do: 'show'; readonly message: string; readonly at: number }

export type World = { readonly execution: Execution; readonly environment: EnvironmentRecord | null }

/** `refused` says to a person why nothing was changed; null with an unchanged execution means the event came too late. */
export type Next = World & {
  readonly effects: readonly Effect[]
  readonly changed: boolean
  readonly refused: string | null
}

/** Which start of which stage an event is about; one about an earlier start changes nothing. */
export type StageEvent = { readonly stage: string; readonly attempt: number }
