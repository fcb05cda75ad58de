import { z } from 'zod'
import { BLIND } from '../alert.ts'
import type { LiveKind } from '../consul/asking.ts'
import { milliseconds } from '../duration.ts'
import { scalable } from '../scale.ts'
import type { Site } from '../site.ts'
import { imageTarget, kvTarget } from '../target.ts'

/** What an argument is beyond its zod type. The site is asked when a line is parsed, so one command file serves every site. */
export type Mark =
  | { readonly kind: 'choice'; readonly what: string; readonly choices: (site: Site) => readonly string[] }
  | { readonly kind: 'duration' | 'user' | 'rest' }
  /** Text, for which the names that Consul has at that moment are offered where somebody has to choose. */
  | { readonly kind: 'text'; readonly live: LiveKind }

const marks = z.registry<Mark>()

/** One of the sizes that the site gives this environment. */
export function sizeOf(environment: string) {
  const sizes = (site: Site) =>
    Object.hasOwn(site.environments, environment) ? Object.keys(site.environments[environment]?.sizes ?? {}) : []
  return z.string().register(marks, { kind: 'choice', what: `sizes of ${environment}`, choices: sizes })
}

/** One of the site's environments. */
export function environmentOf() {
  const environments = (site: Site) => Object.keys(site.environments)
  return z.string().register(marks, { kind: 'choice', what: 'environments', choices: environments })
}

/** One of the site's environments, or settings as `kv:app`, or all of them. */
export function freezableOf() {
  const choices = (site: Site) => [...Object.keys(site.environments), ...Object.keys(site.kv).map(kvTarget), 'all']
  return z.string().register(marks, { kind: 'choice', what: 'environments and settings, and all', choices })
}

/** Whatever has a lock: an environment, an image as `image:base`, or settings as `kv:app`. */
export function targetOf() {
  const targets = (site: Site) => [
    ...Object.keys(site.environments),
    ...Object.keys(site.images).map(imageTarget),
    ...Object.keys(site.kv).map(kvTarget),
  ]
  return z.string().register(marks, { kind: 'choice', what: 'environments, images and settings', choices: targets })
}

/** An environment or a service that can be scaled. */
export function scalableOf() {
  return z
    .string()
    .register(marks, { kind: 'choice', what: 'environments and services that can be scaled', choices: scalable })
}

/** One of the site's services. */
export function serviceOf() {
  return z.string().register(marks, { kind: 'choice', what: 'services', choices: (site) => Object.keys(site.services) })
}

/** One of the site's images. */
export function imageOf() {
  return z.string().register(marks, { kind: 'choice', what: 'images', choices: (site) => Object.keys(site.images) })
}

/** One of the site's sources of settings. */
export function kvOf() {
  return z
    .string()
    .register(marks, { kind: 'choice', what: 'sources of settings (`kv`)', choices: (site) => Object.keys(site.kv) })
}

/** One of the site's load tests. */
export function loadtestOf() {
  return z
    .string()
    .register(marks, { kind: 'choice', what: 'load tests', choices: (site) => Object.keys(site.loadtests) })
}

/** One of the site's promotions. */
export function promotionOf() {
  return z
    .string()
    .register(marks, { kind: 'choice', what: 'promotions', choices: (site) => Object.keys(site.promotions) })
}

/** One of the names under `break_glass`. */
export function glassOf() {
  return z.string().register(marks, {
    kind: 'choice',
    what: 'names under `break_glass`',
    choices: (site) => Object.keys(site.break_glass),
  })
}

/** One of the site's rules for alerts, or the built-in one. */
export function ruleOf() {
  const rules = ({ alerts }: Site) => (alerts ? [...alerts.rules.map(({ name }) => name), BLIND] : [])
  return z.string().register(marks, { kind: 'choice', what: 'rules for alerts (`alerts.rules`)', choices: rules })
}

/** A service that Consul has now, in whichever datacenter. What is typed is not compared with that before the command looks. */
export function consulService() {
  return z.string().trim().min(1).register(marks, { kind: 'text', live: 'service' })
}

/** The same for a node. */
export function consulNode() {
  return z.string().trim().min(1).register(marks, { kind: 'text', live: 'node' })
}

/** The same for a tag of any service. */
export function consulTag() {
  return z.string().trim().min(1).register(marks, { kind: 'text', live: 'tag' })
}

/** The same for a key; those that the site hides are not offered. */
export function consulKey() {
  return z.string().min(1).register(marks, { kind: 'text', live: 'key' })
}

/** The same for a datacenter. */
export function datacenter() {
  return z.string().trim().min(1).register(marks, { kind: 'text', live: 'datacenter' })
}

/** `45m`, `4h`, `1h30m`: kept as text, so that messages say what the person said. */
export function duration() {
  return z
    .string()
    .refine(isDuration, { error: 'expected a duration such as 45m or 4h' })
    .register(marks, { kind: 'duration' })
}

/** A person: a Slack user id (what a mention becomes) or `shell:<unix user>`. Never a name: names can be changed. */
export function user() {
  return z
    .string()
    .regex(/^([UW][A-Z0-9]+|shell:[a-z_][a-z0-9_-]*)$/, { error: 'expected a mention, a user id or shell:<unix user>' })
    .register(marks, { kind: 'user' })
}

/** Everything that is left of the line, as it was typed, quotes and dashes included. Only as the last positional. */
export function rest() {
  return z.string().min(1).register(marks, { kind: 'rest' })
}

const alone = z.registry<{ readonly positional: true }>()

/**
 * An optional argument, or one with a default, that is written alone like one that is needed: `runs log <id> [<stage>]`. Only as the last
 * positional; its `--flag` is understood too. Around the whole schema: `positional(z.string().optional())`.
 */
export function positional<Schema extends z.ZodType>(schema: Schema): Schema {
  alone.add(schema, { positional: true })
  return schema
}

/** Whether it was marked so, however often it was described since. */
export function isPositional(schema: z.ZodType): boolean {
  return alone.get(schema) !== undefined
}

const named = z.registry<{ readonly flag: true }>()

/** An argument that is needed, and yet written as a `--flag`: `alerts close <alert> --why "..."`. Around the whole schema. */
export function flag<Schema extends z.ZodType>(schema: Schema): Schema {
  named.add(schema, { flag: true })
  return schema
}

/** Whether it was marked so, however often it was described since. */
export function isFlag(schema: z.ZodType): boolean {
  return named.get(schema) !== undefined
}

/** The mark, however often the schema was refined or described since. */
export function markOf(schema: z.ZodType): Mark | undefined {
  return marks.get(schema)
}

export function isDuration(text: string): boolean {
  try {
    return milliseconds(text) > 0
  } catch {
    return false
  }
}
