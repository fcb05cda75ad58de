import { z } from 'zod'
import { milliseconds } from '../duration.ts'
import { duration, isDuration, name } from '../site/words.ts'

/** A name with `*` for any text: `web-*`. */
const pattern = z.string().min(1).max(200)

/** A delay, which may be none: `0s`. */
const delay = z
  .string()
  .refine((text) => text === '0s' || isDuration(text), { error: 'expected 0s or a duration such as 90s or 5m' })

/** Whom a message calls: a person (U…), a user group (S…), or everybody in the channel. */
const mention = z
  .array(
    z.union([z.string().regex(/^[UWS][A-Z0-9]+$/, { error: MENTION() }), z.enum(['here', 'channel'])], {
      error: MENTION(),
    }),
  )
  .default([])

function MENTION() {
  return 'expected the id of a person (U01ALICE), of a user group (S01SRE), `here` or `channel`'
}

export const severities = ['critical', 'warning', 'info'] as const
export const severity = z.enum(severities)

/** What happens when nobody has acknowledged for so long: other people are called, in the same channel or in another one. */
const step = z
  .strictObject({ after: duration, channel: name.optional(), mention })
  .refine(({ channel, mention }) => channel !== undefined || mention.length > 0, {
    error: 'needs `channel`, `mention` or both',
  })

const page = z.url({ protocol: /^https?$/, error: 'expected an http or https address' })

/** Counted from when it needed somebody; the last one is repeated. */
const reminders = z
  .array(duration)
  .default(['1h', '4h', '1d'])
  .refine((times) => times.every((time, at) => at === 0 || ms(time) > ms(times[at - 1])), {
    error: 'expected each time to be longer than the one before',
  })

const escalation = z
  .array(step)
  .default([])
  .refine((steps) => steps.every(({ after }, at) => at === 0 || ms(after) > ms(steps[at - 1]?.after)), {
    error: 'expected each `after` to be longer than the one before',
  })

function ms(text: string | undefined): number {
  return text !== undefined && isDuration(text) ? milliseconds(text) : 0
}

/** The first rule that fits a check decides; what fits none is no alert. */
const rule = z.strictObject({
  name,
  datacenter: pattern.optional(),
  node: pattern.optional(),
  service: pattern.optional(),
  tag: pattern.optional(),
  /** The id of the check, or its name. */
  check: pattern.optional(),
  status: z
    .union([z.enum(['warning', 'critical']), z.array(z.enum(['warning', 'critical'])).min(1)])
    .transform((given) => (typeof given === 'string' ? [given] : given))
    .default(['warning', 'critical']),
  /** False: what fits this rule is never an alert. */
  alert: z.boolean().default(true),
  channel: name.optional(),
  /** Without it the status of the check. */
  severity: severity.optional(),
  mention,
  raise_after: delay.default('0s'),
  keep_for: delay.default('0s'),
  remind: reminders,
  escalate: escalation,
  runbook: page.optional(),
})

const BLIND = 'blind'

/** Rules and times of alerts. Without this section the bot does not watch Consul. */
export const alertSettings = z
  .strictObject({
    /** Where a rule says nothing else. */
    channel: name,
    /** Exactly these; without it all that Consul knows. */
    datacenters: z.array(z.string().min(1)).min(1).optional(),
    rules: z.array(rule).min(1),
    /** Services whose check reports for others: when their time runs out, nobody watches, which is not what they watch for. */
    monitors: z.array(z.string().min(1)).default(['vault-audit-monitor', 'token-expiry-monitor']),
    /** The alert that the watching itself does not work. */
    blind: z
      .strictObject({
        after: delay.default('30s'),
        channel: name.optional(),
        severity: severity.default('critical'),
        mention,
        remind: reminders,
        escalate: escalation,
        runbook: page.optional(),
      })
      .prefault({}),
    /** How long an acknowledgement holds unless its giver says otherwise, and at most. */
    acknowledge: z.strictObject({ for: duration.default('4h'), most: duration.default('7d') }).prefault({}),
    /** How long before its end the giver of a silence is told, and the longest that one may last. */
    silence: z.strictObject({ warn: duration.default('15m'), most: duration.default('30d') }).prefault({}),
    /** A check that is gone from Consul counts as vanished after this, and is closed by itself after that. */
    vanished: z.strictObject({ after: duration.default('5m'), close: duration.default('1d') }).prefault({}),
    /** What fires again within this goes on in its old message. */
    reopen: duration.default('15m'),
    /** Of what happens to checks by themselves a thread tells at most once within this, then all of it together. */
    gather: delay.default('10s'),
    /** So many changes within that are flapping, until nothing changed for `quiet`. */
    flap: z
      .strictObject({
        changes: z.number().int().min(3).max(50).default(6),
        within: duration.default('30m'),
        quiet: duration.default('10m'),
      })
      .prefault({}),
    /** How often everything is read anew, whatever the blocking queries said, and how often one may answer. */
    resync: duration.default('5m'),
    read_every: duration.default('1s'),
  })
  .superRefine(({ rules }, context) => {
    const seen = new Set<string>([BLIND])
    for (const [at, { name }] of rules.entries()) {
      const path = ['rules', at, 'name']
      if (name === BLIND) context.addIssue({ code: 'custom', path, message: 'is the name of a rule of our own: blind' })
      else if (seen.has(name)) context.addIssue({ code: 'custom', path, message: `is given twice: ${name}` })
      seen.add(name)
    }
  })

export type AlertSettings = z.infer<typeof alertSettings>
export type AlertRule = AlertSettings['rules'][number]
export type Severity = z.infer<typeof severity>
export type EscalationStep = AlertRule['escalate'][number]
