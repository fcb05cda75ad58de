import { z } from 'zod'
import { UserError } from '../errors.ts'
import type { Live } from './environment.ts'
import type { Wish } from './live.ts'
import type { NamedService } from './release/service.ts'
import { consulName, serviceNamed } from './release/service.ts'
import type { Site, Variables } from './site.ts'
import type { NamedEnvironment } from './workflow.ts'

/** The variable that is counted up and down, and how far. */
export const counted = z.strictObject({
  variable: z.string(),
  min: z.number().int(),
  max: z.number().int(),
  step: z.number().int(),
})
export type Counted = z.infer<typeof counted>

/** A scale as it is stored with its plan stage: what was asked for, and what the site said then. */
export const scaling = z.strictObject({
  to: z.string(),
  counted: counted.optional(),
  sizes: z.record(z.string(), z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))),
})
export type Scaling = z.infer<typeof scaling>

/**
 * Checks what can be checked before anybody knows what is live. `service` is the variable that counts the service's instances, where
 * one is scaled alone: sizes are of whole environments. Throws a `UserError` that says what there is to scale to.
 */
export function scalingOf(environment: NamedEnvironment, to: string, service?: Counted): Scaling {
  const sizes = service ? {} : environment.sizes
  const counting = service ?? environment.scale
  const names = Object.keys(sizes)
  const scaling = { to, sizes, ...(counting ? { counted: counting } : {}) }
  if (to === 'up' || to === 'down') {
    if (counting || names.length > 0) return scaling
    throw new UserError(
      `${environment.name} has neither sizes nor a count to scale: give it \`sizes\` or \`scale\` in the site.`,
    )
  }
  if (/^\d{1,9}$/.test(to)) return checkedCount(environment.name, scaling, Number(to))
  if (Object.hasOwn(sizes, to)) return scaling
  throw new UserError(`\`${to}\` is nothing to scale ${environment.name} to. Expected ${choices(scaling)}.`)
}

function checkedCount(name: string, scaling: Scaling, count: number): Scaling {
  const { counted } = scaling
  if (!counted)
    throw new UserError(
      `${name} cannot be scaled to a number: the site gives it no \`scale\`. Expected ${choices(scaling)}.`,
    )
  const { variable, min, max } = counted
  if (count >= min && count <= max) return scaling
  throw new UserError(
    `\`${count}\` is outside of what the site allows for \`${variable}\` of ${name}: ${range(counted)}.`,
  )
}

function choices({ counted, sizes }: Scaling): string {
  const named = Object.keys(sizes).map((size) => `\`${size}\``)
  return ['`up`', '`down`', ...named, ...(counted ? [`a whole number (${range(counted)})`] : [])].join(', ')
}

function range({ min, max }: Counted): string {
  return `${min} to ${max}`
}

/** What a scale wishes of what is live now; a text where it stands at the end already, and nothing has to run. */
export function scaleWish(environment: NamedEnvironment, live: Live | null, scaling: Scaling): Wish | string {
  if (!live)
    throw new UserError(
      `Nothing is up in ${environment.name}, so there is nothing to scale. Bring it up at a size first.`,
    )
  const { to, counted, sizes } = scaling
  if (to !== 'up' && to !== 'down')
    return Object.hasOwn(sizes, to) ? { size: to } : { set: { [counted?.variable ?? '']: Number(to) } }
  const names = Object.keys(sizes)
  if (names.length > 0) return nextSize(environment.name, live, scaling, to)
  if (!counted) throw new Error('A scale without sizes and without a count was planned.')
  return nextCount(environment.name, live, counted, to)
}

type Way = 'up' | 'down'

/** The next size in the order of the site; where counts were chosen one by one, the next one that has more, or fewer, in all. */
function nextSize(name: string, live: Live, { sizes }: Scaling, way: Way): Wish | string {
  const names = Object.keys(sizes)
  const at = isAt(live, sizes) ? names.indexOf(live.size ?? '') : -1
  const end = way === 'up' ? names.at(-1) : names[0]
  if (at >= 0) {
    const next = names[at + (way === 'up' ? 1 : -1)]
    return next
      ? { size: next }
      : `${name} is at ${live.size} already, the ${way === 'up' ? 'largest' : 'smallest'} size the site has. Nothing was run.`
  }
  const now = (size: Variables) => total(Object.keys(size).map((variable) => live.variables[variable]))
  const beyond = names.filter((each) => {
    const size = sizes[each] ?? {}
    return way === 'up' ? total(Object.values(size)) > now(size) : total(Object.values(size)) < now(size)
  })
  const next = way === 'up' ? beyond[0] : beyond.at(-1)
  return next
    ? { size: next }
    : `${name} is ${way === 'up' ? 'above' : 'below'} ${end} already, the ${way === 'up' ? 'largest' : 'smallest'} size the site has. Nothing was run.`
}

/** Whether what is live is what its size says: none of its counts was chosen since. */
function isAt({ size, variables }: Live, sizes: Scaling['sizes']): boolean {
  const sized = size === null ? undefined : sizes[size]
  return sized !== undefined && Object.entries(sized).every(([variable, value]) => variables[variable] === value)
}

function total(values: readonly (Variables[string] | undefined)[]): number {
  return values.reduce<number>((sum, value) => sum + (typeof value === 'number' ? value : 0), 0)
}

function nextCount(name: string, live: Live, { variable, min, max, step }: Counted, way: Way): Wish | string {
  const count = Number(live.variables[variable])
  if (!Number.isInteger(count))
    throw new UserError(
      `How many there are now is not known: \`${variable}\` is not among what was applied to ${name}. Scale it to a number.`,
    )
  const wanted = way === 'up' ? count + step : count - step
  const next = way === 'up' ? Math.min(wanted, max) : Math.max(wanted, min)
  if (way === 'up' ? next > count : next < count) return { set: { [variable]: next } }
  return `${variable} of ${name} is ${count} already, the ${way === 'up' ? 'most' : 'least'} the site allows. Nothing was run.`
}

/** What there is to scale on a site: environments that have sizes or a count, and services. */
export function scalable(site: Site): string[] {
  const environments = Object.entries(site.environments).filter(
    ([, { sizes, scale }]) => scale || Object.keys(sizes).length > 0,
  )
  return [...new Set([...environments.map(([name]) => name), ...Object.keys(site.services)])]
}

/** Where it is; for a service also what is counted there, and its name in Consul. */
export type ScaleTarget = {
  readonly environment: string
  readonly service?: { readonly counted: Counted; readonly consul: string }
}

/**
 * Where a name that can be scaled is: an environment itself, or the one where a service runs, which has no sizes but a count.
 * Throws a `UserError` where a service runs in several and none is named.
 */
export function scaleTarget(site: Site, target: string, named?: string): ScaleTarget {
  if (Object.hasOwn(site.environments, target)) {
    if (named !== undefined && named !== target)
      throw new UserError(`\`${target}\` is an environment itself; \`--env\` says where a service is scaled.`)
    return { environment: target }
  }
  if (!Object.hasOwn(site.services, target))
    throw new UserError(`There is nothing \`${target}\` to scale; there are ${scalable(site).join(', ') || 'none'}.`)
  const service = serviceNamed(site, target)
  const [only] = service.environments.length === 1 ? service.environments : [named]
  if (!only || (named !== undefined && !service.environments.includes(named)))
    throw new UserError(`\`${target}\` runs in ${service.environments.join(', ')}: say which one with \`--env\`.`)
  const environment = named ?? only
  const counted = countOf(site, service, environment)
  return { environment, service: { counted, consul: consulName(service, environment) } }
}

/** How far a service may be counted. A slip of the finger must not make a thousand instances: without a limit it is refused. */
function countOf(site: Site, { name, count, scale }: NamedService, environment: string): Counted {
  const limits = site.environments[environment]?.scale
  if (scale) return { variable: count, ...scale }
  if (limits?.variable === count) return limits
  throw new UserError(
    `The site does not say how far \`${name}\` may be scaled. Write \`scale: { min: 1, max: 6 }\` under services.${name} in the site file.`,
  )
}
