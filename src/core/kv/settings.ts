import { z } from 'zod'
import { gitStack } from '../git-stack.ts'
import { labels, name } from '../site/words.ts'
import { windowSettings } from '../window/settings.ts'

/** Ends with a slash, so that owning `config/app/` is no claim on `config/application`. */
const prefix = z.string().superRefine((text, context) => {
  const say = (message: string) => context.addIssue({ code: 'custom', message })
  if (!text.endsWith('/')) return say('expected a prefix that ends with a slash, such as config/app/')
  if (/\p{Cc}/u.test(text) || /\s/.test(text)) return say('holds a space or a control character')
  if (
    text
      .slice(0, -1)
      .split('/')
      .some((part) => part === '' || part === '.' || part === '..')
  )
    say('expected a prefix such as config/app/, without empty parts and parts that are only dots')
})

const datacenter = z.string().regex(/^[A-Za-z0-9_-]+$/, { error: 'expected the name of a datacenter, such as dc1' })

const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'expected the name of an environment variable' })

const person = z.string().regex(/^((T[A-Z0-9]+\/)?[UW][A-Z0-9]+|shell:[a-z_][a-z0-9_-]*)$/, {
  error:
    'expected a Slack user id (U01ALICE, never a name) or shell:<unix user>: the look runs with the rights of that person',
})

/** How often drift is looked for, as the cron expression that comes to the same. */
export const DRIFT_TIMES = {
  '5m': '*/5 * * * *',
  '10m': '*/10 * * * *',
  '15m': '*/15 * * * *',
  '20m': '*/20 * * * *',
  '30m': '*/30 * * * *',
  '1h': '7 * * * *',
  '2h': '7 */2 * * *',
  '3h': '7 */3 * * *',
  '4h': '7 */4 * * *',
  '6h': '7 */6 * * *',
  '8h': '7 */8 * * *',
  '12h': '7 */12 * * *',
  '1d': '7 6 * * *',
} as const
const times = Object.keys(DRIFT_TIMES) as (keyof typeof DRIFT_TIMES)[]

/** Keys and external services that have one source, a folder of files in source control. */
export const kvSettings = z.strictObject({
  /** A folder, relative to this file, or one of a git repository. */
  source: z.union([z.string().min(1), gitStack]),
  /** The datacenter that gets what is common first. */
  hub: datacenter,
  /** Those that get it too: by name, or `all` others that Consul knows. */
  spokes: z.union([z.literal('all'), z.array(datacenter)]).default([]),
  /** What it owns: every key below them comes from the source, and nothing else is ever touched. */
  prefixes: z.array(prefix).default([]),
  /** Patterns of keys (`*` stands for any text) whose values are shown to nobody. */
  secrets: z.array(z.string().min(1)).default([]),
  /** Variables of the worker that the source may take by `from_env`; their values are masked everywhere. */
  pass: z.array(variable).default([]),
  approvers: z.array(name).min(1),
  /** When they may be written; without one at any time. */
  windows: z.array(windowSettings).default([]),
  /** Roles that may let something write them outside its windows, or in a freeze. */
  outside_window: z.array(name).default([]),
  /** Only workers that have all of these labels plan and write. */
  labels,
  channel: name.optional(),
  drift: z
    .strictObject({
      every: z.enum(times, { error: `expected one of ${times.join(', ')}` }),
      owner: person,
      channel: name.optional(),
    })
    .optional(),
})

/** Prefixes that belong to something else, such as Terraform's `consul_keys`. */
export const kvOwners = z.record(name, z.array(prefix).min(1))

export type KvSettings = z.infer<typeof kvSettings>
export type NamedKv = KvSettings & { readonly name: string }

type Owners = {
  readonly kv: Readonly<Record<string, KvSettings>>
  readonly kv_owners: Readonly<Record<string, readonly string[]>>
  readonly environments: Readonly<
    Record<string, { readonly backend: { readonly type: string; readonly config: Readonly<Record<string, unknown>> } }>
  >
  readonly schedules: { readonly fixed: Readonly<Record<string, unknown>> }
}

/** Where Groundcrew's own catalogue of images lies. */
const OURS = 'groundcrew/'

type Claim = { readonly path: readonly string[]; readonly owner: string; readonly prefix: string }

/** Every prefix has one owner: two that overlap would undo each other's work for ever. */
export function checkKv(site: Owners, context: z.RefinementCtx): void {
  const tell = (path: readonly string[], message: string) =>
    context.addIssue({ code: 'custom', path: [...path], message })
  const claims: Claim[] = [
    ...Object.entries(site.kv).flatMap(([name, { prefixes }]) => claimsOf(['kv', name, 'prefixes'], name, prefixes)),
    ...Object.entries(site.kv_owners).flatMap(([name, prefixes]) => claimsOf(['kv_owners', name], name, prefixes)),
  ]
  for (const [at, claim] of claims.entries()) {
    const other = claims.slice(0, at).find(({ prefix }) => overlaps(prefix, claim.prefix))
    if (other) tell(claim.path, `${claim.prefix} overlaps with ${other.prefix} of ${other.path.slice(0, 2).join('.')}`)
  }
  for (const claim of claims.filter(({ path }) => path[0] === 'kv')) {
    const kept = keptBy(site, claim.prefix)
    if (kept) tell(claim.path, `${claim.prefix} overlaps with ${kept}`)
  }
  for (const [name, { hub, spokes }] of Object.entries(site.kv)) {
    if (spokes === 'all') continue
    if (spokes.includes(hub)) tell(['kv', name, 'spokes'], `names the hub ${hub}`)
    if (new Set(spokes).size < spokes.length) tell(['kv', name, 'spokes'], 'names a datacenter twice')
  }
  for (const [name, { drift }] of Object.entries(site.kv)) {
    const id = driftScheduleOf(name)
    if (drift && Object.hasOwn(site.schedules.fixed, id))
      tell(['schedules', 'fixed', id], `has the name of the look for drift of kv.${name}: give it another one`)
  }
}

/** The schedule by which drift is looked for. */
export function driftScheduleOf(name: string): string {
  return `kv-drift-${name}`
}

function claimsOf(path: readonly string[], owner: string, prefixes: readonly string[]): Claim[] {
  return prefixes.map((prefix) => ({ path, owner, prefix }))
}

function overlaps(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one)
}

function keptBy({ environments }: Owners, prefix: string): string | null {
  if (overlaps(prefix, OURS)) return `${OURS}, where Groundcrew itself keeps its images`
  for (const [name, { backend }] of Object.entries(environments)) {
    const { path } = backend.config
    if (
      backend.type === 'consul' &&
      typeof path === 'string' &&
      (overlaps(prefix, path) || overlaps(`${path}/`, prefix))
    )
      return `${path}, where Terraform keeps the state of environments.${name}`
  }
  return null
}
