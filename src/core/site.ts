import { z } from 'zod'
import { alertSettings } from './alert/settings.ts'
import { playbookSettings } from './ansible/settings.ts'
import { auditKinds, shownByDefault } from './audit.ts'
import { breakGlassSettings } from './break-glass/settings.ts'
import { callSettings } from './call/settings.ts'
import { consulSettings } from './consul/settings.ts'
import { milliseconds } from './duration.ts'
import { withGroups } from './groups.ts'
import { checkRegions, checkStates } from './infrastructure.ts'
import { checkInventory, inventorySettings } from './inventory/settings.ts'
import { jenkinsSettings } from './jenkins/settings.ts'
import { checkKv, kvOwners, kvSettings } from './kv/settings.ts'
import { loadSettings } from './load/settings.ts'
import { checkPromotions, promotionSettings } from './promotion/settings.ts'
import { scriptSettings, serviceSettings } from './release/settings.ts'
import { scheduleSettings } from './schedule/settings.ts'
import { checkCodeowners, codeownersSettings } from './site/codeowners.ts'
import { environment, group } from './site/environment.ts'
import { checkHttp, httpSettings } from './site/http.ts'
import { image } from './site/image.ts'
import { checkNames } from './site/names.ts'
import type { permission } from './site/roles.ts'
import { role } from './site/roles.ts'
import type { variables } from './site/words.ts'
import { duration, isDuration, name } from './site/words.ts'
import { checkTriggers, triggerSettings } from './trigger/settings.ts'
import { checkWebhooks, webhookSettings } from './webhook/settings.ts'

const completeSite = z
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
    /** Read by `withGroups` already; here only checked. */
    groups: z.record(name, group).default({}),
    environments: z.record(name, environment),
    images: z.record(name, image).default({}),
    codeowners: codeownersSettings.optional(),
    services: z.record(name, serviceSettings).default({}),
    scripts: z.record(name, scriptSettings).default({}),
    calls: z.record(name, callSettings).default({}),
    jenkins: z.record(name, jenkinsSettings).default({}),
    playbooks: z.record(name, playbookSettings).default({}),
    loadtests: z.record(name, loadSettings).default({}),
    promotions: z.record(name, promotionSettings).default({}),
    webhooks: z.record(name, webhookSettings).default({}),
    triggers: z.record(name, triggerSettings).default({}),
    alerts: alertSettings.optional(),
    http: httpSettings.prefault({}),
    consul: consulSettings.prefault({}),
    inventory: inventorySettings.prefault({}),
    break_glass: breakGlassSettings,
    kv: z.record(name, kvSettings).default({}),
    kv_owners: kvOwners.default({}),
    /** Which lines of the audit go to which channel; all of them are recorded, whatever stands here. */
    audit: z
      .strictObject({ channel: name.optional(), show: z.array(z.enum(auditKinds)).default([...shownByDefault]) })
      .prefault({}),
    /** How long executions are kept after they are over; the audit keeps what was recorded of them. */
    keep: z
      .strictObject({ executions: duration.refine(isDay, { error: 'expected at least 1d' }).default('90d') })
      .prefault({}),
    /** `delegate`: approvers may hand their right for one judgment to somebody by name. */
    judgment: z.strictObject({ within: duration.default('1h'), delegate: z.boolean().default(false) }).prefault({}),
    /** In what the prices of environments are given. */
    currency: z.string().min(1).max(12).default('USD'),
    /** How long a scale-down waits after its approval before anything goes, and how much one press on Postpone adds. */
    scale_down_wait: duration.default('5m'),
    scale_down_postpone: duration.default('30m'),
    schedules: scheduleSettings.prefault({}),
    /** How long after the last heartbeat a worker counts as dead. */
    worker: z
      .strictObject({
        dead_after: duration.default('20s'),
        /** How long a worker that is told to stop lets its stages run on before it interrupts what must end here. */
        grace: duration.default('2m'),
        /** How long a running stage may say nothing before its message says so. */
        quiet_after: duration.default('5m'),
      })
      .prefault({}),
  })
  .superRefine((site, context) => {
    checkNames(site, context)
    checkRegions(site, context)
    checkStates(site, context)
    checkPromotions(site, context)
    checkWebhooks(site, context)
    checkTriggers(site, context)
    checkHttp(site, context)
    checkCodeowners(site, context)
    checkKv(site, context)
    checkInventory(site, context)
  })

/** The schema of `groundcrew.yml`, and of everything in it a default. */
export const siteSchema = z.preprocess(withGroups, completeSite)

export type Site = z.infer<typeof siteSchema>
export type Permission = z.infer<typeof permission>
export type EnvironmentSettings = z.infer<typeof environment>
export type ImageSettings = z.infer<typeof image>
export type { ScriptSettings, ServiceSettings } from './release/settings.ts'
export type Variables = z.infer<typeof variables>

/** A second delivery of a request is known for a day, and then finds what the first one began. */
function isDay(text: string): boolean {
  return !isDuration(text) || milliseconds(text) >= milliseconds('1d')
}
