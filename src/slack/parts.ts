import type { AuditLine } from '../core/audit.ts'
import type { Site } from '../core/site.ts'
import type { ArtifactStore } from '../engine/artifacts.ts'
import type { Audit } from '../engine/audit.ts'
import type { Budgets, Rate } from '../engine/budgets.ts'
import type { Outbox, Posted } from '../engine/outbox.ts'
import type { Progress } from '../engine/progress.ts'
import type { Store } from '../engine/store.ts'
import type { Log } from '../log.ts'
import type { Clients } from './clients.ts'

/** How long what may take, in milliseconds, and how often what may be said. */
export type Pace = {
  /** The first wait after a failure; each further one doubles, up to `most`, or up to `refused` where Slack said no. */
  readonly first: number
  readonly most: number
  readonly refused: number
  /** How long nothing at all is tried while Slack takes our token for none; doubles up to ten times that. */
  readonly auth: number
  /** After this long a call that was given up is not done any more: what may have arrived late is looked at then. */
  readonly doubt: number
  /** How often open messages are looked for, whether somebody deleted them. */
  readonly look: number
  /** How long the end of the process waits for calls under way; what they leave is found by the next. */
  readonly stop: number
  /** Posts of one channel: one a second, and a few at once for a command with a few answers. */
  readonly posts: Rate
  /** Edits of the workspace: Slack's tier 3. Reading history is of the same tier, by itself. */
  readonly edits: Rate
  readonly reads: Rate
}

export const usual: Pace = {
  first: 1_000,
  most: 30_000,
  refused: 300_000,
  auth: 30_000,
  doubt: 30_000,
  look: 60_000,
  stop: 5_000,
  posts: { most: 4, per: 4_000 },
  edits: { most: 50, per: 60_000 },
  reads: { most: 50, per: 60_000 },
}

/** The limits that the site states: a few posts at once are fine, as long as their number holds over four seconds. */
export function paceOf({ slack }: Site): Pick<Pace, 'posts' | 'edits'> {
  const window = 4
  return {
    posts: { most: Math.max(1, Math.round(slack.posts_per_second * window)), per: window * 1000 },
    edits: { most: slack.edits_per_minute, per: 60_000 },
  }
}

/** What the poster works with. `random`, from 0 to 1, keeps those who failed together from coming back together. */
export type PosterParts = {
  readonly clients: Clients
  readonly budgets: Budgets
  readonly outbox: Outbox
  readonly store: Store
  readonly site: Site
  readonly artifacts: ArtifactStore
  readonly progressOf: (execution: string) => Promise<readonly Progress[]>
  readonly auditLine: (seq: number) => Promise<AuditLine | null>
  /** All that is recorded of one execution, or as `glass-<id>` of one break glass; without it what was done under one is not told. */
  readonly auditAbout?: Audit['about']
  /** Draws how many there were in each minute, as a PNG; without it such a picture is left out. `endsAt`: milliseconds since 1970. */
  readonly drawMinutes?: (chart: {
    readonly title: string
    readonly subtitle: string
    readonly minutes: readonly number[]
    readonly endsAt: number
  }) => Promise<Uint8Array>
  /** The signed address of a page, where people can reach one. */
  readonly pageAt?: (path: string) => string | null
  readonly permalink: (posted: Posted) => Promise<string | undefined>
  readonly now: () => number
  readonly random: () => number
  readonly pace: Pace
  readonly log: Log
  /** Channels of which it was said already that their history cannot be read. */
  readonly unreadable: Set<string>
}
