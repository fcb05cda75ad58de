import { hostname } from 'node:os'
import { z } from 'zod'
import { ConfigError } from './errors.ts'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** A secret is never optional by accident: empty counts as missing. */
const secret = z.string().min(1)
const url = (protocols: RegExp, form: string) => z.string().regex(protocols, { error: `expected ${form}` })

/** Variables of the environment that a process may read. What only some processes need is optional here and asked for by `need`. */
const environmentSchema = z.object({
  GROUNDCREW_SITE: z.string().default('groundcrew.yml'),
  /** The monitors' own settings: a host of Vault has no site. */
  GROUNDCREW_MONITORS: z.string().default('monitors.yml'),
  /** What bots send to fetch the details of a monitor, and monitors ask for. */
  GROUNDCREW_MONITOR_TOKEN: z
    .string()
    .regex(/^[!-~]{16,}$/, { error: 'expected 16 characters or more, without spaces: openssl rand -hex 32' })
    .optional(),
  GROUNDCREW_COMMANDS: z.string().default('commands'),
  GROUNDCREW_WORK_DIR: z.string().default('.groundcrew'),
  /** The first key encrypts, all of them decrypt: a new one is put in front, and the old one goes when its artifacts are gone. */
  GROUNDCREW_ARTIFACT_KEY: z
    .string()
    .regex(/^[0-9a-fA-F]{64}(,[0-9a-fA-F]{64})*$/, {
      error: 'expected 64 hexadecimal digits (32 bytes): openssl rand -hex 32; while keys change NEW,OLD',
    })
    .optional(),
  GROUNDCREW_PREFIX: z
    .string()
    .regex(/^[a-z0-9_-]+$/)
    .default('groundcrew'),
  GROUNDCREW_HOST: z.string().default(hostname()),
  GROUNDCREW_AUDIT_FILE: z.string().optional(),
  LOG_LEVEL: z.enum(LEVELS).default('info'),
  /** With Sentinel: where the sentinels are (`host:port,host:port`) and what they call the master. User, password and database stand in REDIS_URL. */
  REDIS_SENTINELS: z
    .string()
    .regex(/^[^\s:,]+:\d+(,[^\s:,]+:\d+)*$/, { error: 'expected host:port,host:port' })
    .optional(),
  REDIS_MASTER: z.string().default('mymaster'),
  /** How many replicas must have a change before it counts as stored. */
  REDIS_REPLICAS: z.coerce.number().int().min(0).max(10).default(0),
  REDIS_URL: url(/^rediss?:\/\//, 'redis://HOST:PORT or rediss://HOST:PORT').optional(),
  CONSUL_HTTP_ADDR: z.string().optional(),
  CONSUL_HTTP_TOKEN: secret.optional(),
  VAULT_ADDR: url(/^https?:\/\//, 'https://HOST:PORT').optional(),
  VAULT_TOKEN: secret.optional(),
  SLACK_BOT_TOKEN: secret.startsWith('xoxb-', { error: 'expected a bot token (xoxb-...)' }).optional(),
  SLACK_APP_TOKEN: secret.startsWith('xapp-', { error: 'expected an app-level token (xapp-...)' }).optional(),
  SLACK_SIGNING_SECRET: secret.optional(),
  SLACK_API_URL: url(/^https?:\/\//, 'https://HOST/api/').default('https://slack.com/api/'),
  SLACK_MODE: z.enum(['socket', 'http']).default('socket'),
  SLACK_HTTP_PORT: z.coerce.number().int().min(1).max(65_535).default(3000),
  SLACK_HTTP_HOST: z.string().default('127.0.0.1'),
  /** Where the bot serves health, metrics, pages and webhooks (by default 3080); 0 is any free port, which the log says. */
  GROUNDCREW_HTTP_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  GROUNDCREW_HTTP_HOST: z.string().default('127.0.0.1'),
  /** Where people reach the bot's pages, where the site does not say it (`http.public_url`). */
  GROUNDCREW_PUBLIC_URL: url(/^https?:\/\/[^/?#]+$/, 'https://HOST, without a path').optional(),
  /** Where a worker serves health and metrics; without it, nowhere. */
  GROUNDCREW_WORKER_HTTP_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  /** What a scraper from elsewhere sends as `Authorization: Bearer`. */
  GROUNDCREW_METRICS_TOKEN: z
    .string()
    .regex(/^[!-~]{16,}$/, { error: 'expected 16 characters or more, without spaces: openssl rand -hex 32' })
    .optional(),
  /** What links to pages are signed with, instead of a key that is derived from GROUNDCREW_ARTIFACT_KEY. */
  GROUNDCREW_LINK_SECRET: z
    .string()
    .regex(/^[!-~]{32,}$/, { error: 'expected 32 characters or more, without spaces: openssl rand -hex 32' })
    .optional(),
  /** What a worker can do that not every worker can: `network=hub,generator`. */
  GROUNDCREW_LABELS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((label) => label.trim())
        .filter(Boolean),
    ),
  WORKER_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(4),
})

export type Settings = z.infer<typeof environmentSchema>

/** What a process was started with: its environment, checked and frozen, and nothing read later. */
export type Config = { readonly settings: Readonly<Settings>; readonly variables: Readonly<Record<string, string>> }

/** Reads and checks the process's environment. Throws a `ConfigError` that names each variable, what was expected and what came. */
export function readConfig(variables: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''))
  const checked = environmentSchema.safeParse(given)
  if (!checked.success) {
    const lines = checked.error.issues.map(
      (issue) => `${issue.path.join('.')} ${cameOf(given, issue)}: ${issue.message}.`,
    )
    throw new ConfigError(`The environment is not right:\n  ${lines.join('\n  ')}`)
  }
  return Object.freeze({
    settings: Object.freeze(checked.data),
    variables: Object.freeze(given as Record<string, string>),
  })
}

/** The value of a variable that this process cannot do without. */
export function need<K extends keyof Settings>(config: Config, name: K): NonNullable<Settings[K]> {
  const value = config.settings[name]
  if (value === undefined || value === null) {
    throw new ConfigError(
      `${name} is not set. It is needed to start this; see "Connecting a real workspace" in the README, or run script/demo.`,
    )
  }
  return value
}

/** An address may hold a password. */
const HIDDEN = /TOKEN|SECRET|KEY|PASSWORD|REDIS_URL/

function cameOf(given: Record<string, unknown>, issue: { path: PropertyKey[] }): string {
  const name = String(issue.path[0])
  return HIDDEN.test(name) ? 'has a value that does not fit (not shown)' : `is \`${String(given[name])}\``
}
