import { z } from 'zod'
import { milliseconds } from '../duration.ts'
import { pattern } from '../pattern.ts'
import { countLimits } from '../site/words.ts'

const name = z.string().regex(/^[a-z][a-z0-9_-]*$/, { error: 'expected a name of lower-case letters, digits, - and _' })
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]*$/, { error: 'expected the name of a Terraform variable' })
const duration = z.string().refine(isDuration, { error: 'expected a duration such as 10s, 2m or 1h30m' })

/** A service that is released by version: which image it runs, where, and how the new group takes the place of the old one. */
export const serviceSettings = z.strictObject({
  image: name,
  environments: z.array(name).min(1),
  /** Its name in Consul, with `{environment}` where several environments share one Consul; without it the one it has here. */
  consul: z.string().min(1).optional(),
  /** The variable that says how many instances a group has. */
  count: variable,
  /** How far `scale` may count it; without it the environment's own `scale` of the same variable says so. */
  scale: countLimits.optional(),
  /** The variables that say which version is live and which one stands beside it; empty for none. */
  variables: z
    .strictObject({ live: variable.default('live_version'), next: variable.default('next_version') })
    .prefault({}),
  /** Addresses in the stack that belong to one version, with `{version}` and `*` for any text: what may go without another approval. */
  owns: z.array(z.string().regex(/\{version\}/, { error: 'expected an address with {version} in it' })).default([]),
  /** How long all instances must pass without a break before the new group takes over, and within what time. */
  healthy_for: duration.default('10s'),
  healthy_within: duration.default('2m'),
  /** How long the old group is left to end its connections, at most. */
  drain: duration.default('30s'),
  /** Where an instance says how many connections it has open, as `{"connections": 3}`; without it the whole time is waited. */
  connections: z.string().regex(/^\//, { error: 'expected a path such as /connections' }).optional(),
})

/** A program that a stage may run: exactly this argv, never anything from a chat. */
export const scriptSettings = z.strictObject({
  argv: z.array(z.string().min(1)).min(1),
  /** Killed after this long, with all that it started. */
  timeout: duration.default('10m'),
  /** What a workflow may hand it, as an environment variable: its name and the pattern that all of the value must fit. */
  takes: z
    .record(
      z.string().regex(/^[A-Z][A-Z0-9_]*$/, { error: 'expected a variable in capitals, such as VERSION' }),
      pattern,
    )
    .refine((takes) => !Object.keys(takes).some((name) => RESERVED.test(name)), {
      error: 'one of these names means something to programs themselves; choose another one',
    })
    .default({}),
  /** Variables of the worker that it gets; values of `secrets` are masked wherever they would be shown. */
  pass: z.array(z.string()).default([]),
  secrets: z.array(z.string()).default([]),
})

const RESERVED =
  /^(PATH|HOME|SHELL|IFS|ENV|BASH_.*|LD_.*|DYLD_.*|NODE_.*|PYTHON.*|PERL.*|RUBY.*|GIT_.*|TF_.*|CONSUL_.*)$/

export type ServiceSettings = z.infer<typeof serviceSettings>
export type ScriptSettings = z.infer<typeof scriptSettings>

function isDuration(text: string): boolean {
  try {
    return milliseconds(text) > 0
  } catch {
    return false
  }
}
