import { z } from 'zod'
import { auditKinds, shownByDefault } from './audit.ts'
import { milliseconds } from './duration.ts'

/** A duration as it stands in the site file (`4h`); kept as text, so that messages say what the site says. */
const duration = z.string().refine(isDuration, { error: 'expected a duration such as 90s, 45m, 4h or 1h30m' })

const name = z.string().regex(/^[a-z][a-z0-9_-]*$/, { error: 'expected a name of lower-case letters, digits, - and _' })

/** `U01ALICE`, `T01TEAM/U01ALICE` (a person of another workspace), `shell:ann` or `shell:*` (who runs the CLI on this host). */
const member = z.string().regex(/^((T[A-Z0-9]+\/)?[UW][A-Z0-9]+|shell:([a-z_][a-z0-9_-]*|\*))$/, {
  error: 'expected a Slack user id (U01ALICE, never a name) or shell:<unix user>',
})

/** What a role may do: commands by pattern (`loadtest *`), and where given only in these environments, with these values. */
const permission = z.strictObject({
  commands: z.array(z.string().min(1)).min(1),
  environments: z.array(name).optional(),
  args: z.record(z.string(), z.array(z.string())).optional(),
})

const role = z.strictObject({
  members: z.array(member).default([]),
  user_groups: z
    .array(z.string().regex(/^S[A-Z0-9]+$/, { error: 'expected the id of a Slack user group (S01ENG)' }))
    .default([]),
  may: z.array(permission).default([]),
})

const variables = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

const lifetime = z.strictObject({
  max: duration.default('24h'),
  warn: duration.default('15m'),
  extend: duration.default('1h'),
})

const environment = z.strictObject({
  stack: z.string(),
  workspace: z.string().default('default'),
  backend: z.strictObject({ type: name, config: z.record(z.string(), z.string()).default({}) }),
  terraform: z.string().default('terraform'),
  lock_timeout: duration.default('60s'),
  variables: variables.default({}),
  sizes: z.record(name, variables).default({}),
  approvers: z.array(name).min(1),
  /** Only workers that have all of these labels run its stages. */
  labels: z
    .array(z.string().regex(/^[a-z0-9_.-]+(=[a-z0-9_.-]+)?$/, { error: 'expected a label such as network=hub' }))
    .default([]),
  channel: name.optional(),
  lifetime: lifetime.prefault({}),
  /** Consul service -> name of the variable that says how many instances of it must pass. */
  health: z.record(z.string(), z.string()).default({}),
  health_within: duration.default('2m'),
  /** Names of environment variables handed to Terraform; values of `secrets` are masked wherever they would be shown. */
  pass: z.array(z.string()).default([]),
  secrets: z.array(z.string()).default([]),
})

/** The schema of `groundcrew.yml`, and of everything in it a default. */
export const siteSchema = z
  .strictObject({
    slack: z.strictObject({
      team: z.string().regex(/^T[A-Z0-9]+$/, { error: 'expected the id of your workspace (T01TEAM)' }),
      /** Progress in a message is drawn anew at most this often; a change of state at once. */
      edit_every: duration.default('3s'),
      /** What Slack allows an app, shared by all bots: posts in one channel (short bursts are fine), and edits in the workspace (tier 3). */
      posts_per_second: z.number().min(0.1).max(1000).default(1),
      edits_per_minute: z.number().int().min(1).max(60_000).default(50),
    }),
    /** The demo's site only: the CLI may act as other people there. */
    demo: z.boolean().default(false),
    channels: z.record(name, z.string().regex(/^[CG][A-Z0-9]+$/, { error: 'expected a channel id (C01OPS)' })),
    roles: z
      .record(name, role)
      .refine((roles) => Object.keys(roles).length > 0, { error: 'at least one role is needed' }),
    environments: z.record(name, environment),
    images: z.record(name, z.strictObject({ template: z.string() })).default({}),
    /** Which lines of the audit go to which channel; all of them are recorded, whatever stands here. */
    audit: z
      .strictObject({ channel: name.optional(), show: z.array(z.enum(auditKinds)).default([...shownByDefault]) })
      .prefault({}),
    /** How long executions are kept after they are over; the audit keeps what was recorded of them. */
    keep: z
      .strictObject({ executions: duration.refine(isDay, { error: 'expected at least 1d' }).default('90d') })
      .prefault({}),
    judgment: z.strictObject({ within: duration.default('1h') }).prefault({}),
    /** How long after the last heartbeat a worker counts as dead. */
    worker: z
      .strictObject({
        dead_after: duration.default('20s'),
        /** How long a worker that is told to stop lets its stages run on before it interrupts what must end here. */
        grace: duration.default('2m'),
      })
      .prefault({}),
  })
  .superRefine((site, context) => {
    for (const [name, environment] of Object.entries(site.environments))
      checkEnvironment(site, name, environment, context)
    const { channel } = site.audit
    if (channel && !Object.hasOwn(site.channels, channel))
      context.addIssue({ code: 'custom', path: ['audit', 'channel'], message: unknownChannel(channel) })
  })

export type Site = z.infer<typeof siteSchema>
export type Permission = z.infer<typeof permission>
export type EnvironmentSettings = z.infer<typeof environment>
export type Variables = z.infer<typeof variables>

type References = { roles: object; channels: object }

function checkEnvironment(
  site: References,
  name: string,
  environment: EnvironmentSettings,
  context: z.RefinementCtx,
): void {
  const missing = (path: string[], what: string) =>
    context.addIssue({ code: 'custom', path: ['environments', name, ...path], message: what })
  for (const role of environment.approvers) {
    if (!Object.hasOwn(site.roles, role)) missing(['approvers'], `names the role ${role}, which is not under roles`)
  }
  if (environment.channel && !Object.hasOwn(site.channels, environment.channel)) {
    missing(['channel'], unknownChannel(environment.channel))
  }
}

function unknownChannel(channel: string): string {
  return `names the channel ${channel}, which is not under channels`
}

/** A second delivery of a request is known for a day, and then finds what the first one began. */
function isDay(text: string): boolean {
  return !isDuration(text) || milliseconds(text) >= milliseconds('1d')
}

function isDuration(text: string): boolean {
  try {
    return milliseconds(text) > 0
  } catch {
    return false
  }
}
