import type { Actor } from '../actor.ts'
import type { AlertAnswers } from '../alert/asking.ts'
import type { GlassAnswers } from '../break-glass/asking.ts'
import type { ImageRelease, ImageVersion } from '../catalogue.ts'
import type { ConsulAnswers } from '../consul/asking.ts'
import type { EnvironmentRecord } from '../environment.ts'
import type { Execution } from '../execution.ts'
import type { InventoryAnswers } from '../inventory/asking.ts'
import type { Lock } from '../locks.ts'
import type { Schedule, ScheduleWish } from '../schedule.ts'
import type { Site } from '../site.ts'
import type { TriggerStanding } from '../trigger/standing.ts'

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
  /** Nothing new is changed in an environment, or in `all`, until then: a duration, or a day and a time in a zone. */
  freeze(wish: {
    readonly environment: string
    readonly until: string
    readonly tz?: string | undefined
    readonly why: string
  }): Promise<string>
  unfreeze(environment: string): Promise<string>
  /** Lets an execution begin to change things outside its window, or in a freeze. Throws a `UserError` that says who may. */
  override(id: string, why: string): Promise<string>
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
  /** What starts lines when it happens elsewhere, and how that goes. */
  readonly triggers: { list(): Promise<TriggerStanding[]> }
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
  /** All that have an instance in service: two while a canary takes a share. */
  readonly inService: ReadonlySet<string>
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
