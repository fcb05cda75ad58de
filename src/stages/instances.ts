import { setTimeout as sleep } from 'node:timers/promises'
import { milliseconds, spoken } from '../core/duration.ts'
import { planOutput } from '../core/report.ts'
import type { Fields, NamedEnvironment, Outcome, RunContext } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import type { ConsulClient, Instance } from '../tools/consul.ts'

const LOOK_EVERY_MS = 500

/** How many instances of a service have to pass; `exactly`: no more of them may be registered. */
export type Wanted = {
  readonly service: string
  readonly version?: string | undefined
  readonly count: number
  readonly exactly: boolean
  /** Those that are kept out of service count by their own checks; otherwise they do not count at all. */
  readonly standby: boolean
}

export type Seen = { readonly wanted: Wanted; readonly instances: readonly Instance[] }

type Health = { readonly wanted: readonly Wanted[]; readonly within: string; readonly for: string }

/** Each service of an environment with the variable that counts it. Throws a `UserError` where that is no whole number. */
export function wantedOfEnvironment(environment: NamedEnvironment, plan: () => Fields): Wanted[] {
  return Object.entries(environment.health).map(([service, variable]) => ({
    service,
    count: countOf(service, { variable }, plan, 0),
    exactly: true,
    standby: false,
  }))
}

/** The number itself, or the value of the plan's variable. Throws a `UserError` where that is no whole number. */
export function countOf(
  service: string,
  passing: number | { readonly variable: string },
  plan: () => Fields,
  least = 1,
): number {
  if (typeof passing === 'number') return passing
  const value = planOutput.parse(plan()).variables[passing.variable]
  const count = Number(value)
  if (value !== undefined && Number.isInteger(count) && count >= least) return count
  throw new UserError(
    `The health of ${service} needs the variable \`${passing.variable}\` as a whole number${least > 0 ? ` of ${least} or more` : ''}; the plan has \`${value}\`.`,
  )
}

/** Looks until all that is wanted was so for the whole time, without a break at any look. */
export async function untilHealthy(consul: ConsulClient, health: Health, context: RunContext): Promise<Outcome> {
  const { wanted, within, for: time } = health
  const until = context.now() + milliseconds(within)
  const needed = time === '0s' ? 0 : milliseconds(time)
  let since: number | null = null
  let breaks = 0
  for (;;) {
    const late = context.now() >= until
    const seen = await look(consul, wanted).catch((error: unknown) => {
      if (late || context.signal.aborted || !(error instanceof UserError)) throw error
      return null
    })
    const now = context.now()
    const well = seen?.every(isWell) ?? false
    if (!well && since !== null) breaks += 1
    since = well ? (since ?? now) : null
    const held = since === null ? 0 : now - since
    const output: Fields = { services: (seen ?? []).map(shown), ...(needed > 0 ? { for: time, held, breaks } : {}) }
    if (since !== null && held >= needed) return { kind: 'succeeded', output }
    if (context.signal.aborted) return { kind: 'canceled', why: 'canceled while it waited for the instances', output }
    if (late && seen && !well) return { kind: 'failed', error: tooLate(seen, within, breaks), output }
    // It passes and only needs to go on doing so: it gets the time for that, once, since any break ends it now.
    context.progress(
      seen ? `${words(seen)}${holding(held, needed, well)}` : 'Consul does not answer, it is asked again',
    )
    await sleep(LOOK_EVERY_MS)
  }
}

export async function look(consul: ConsulClient, wanted: readonly Wanted[]): Promise<Seen[]> {
  return Promise.all(
    wanted.map(async (each) => {
      const all = (await consul.instances(each.service)).filter(
        ({ version, maintenance }) =>
          (each.version === undefined || version === each.version) && (each.standby || !maintenance),
      )
      const instances = each.standby
        ? all.map((instance) => ({ ...instance, status: instance.own, output: instance.ownOutput }))
        : all
      return { wanted: each, instances }
    }),
  )
}

export function isWell({ wanted: { count, exactly }, instances }: Seen): boolean {
  const enough = exactly ? instances.length === count : instances.length >= count
  return enough && instances.every(({ status }) => status === 'passing')
}

function tooLate(seen: readonly Seen[], within: string, breaks: number): string {
  const broke = breaks > 0 ? ` They passed in between, but not without a break (${breaks} of them).` : ''
  const sick = seen.flatMap(({ instances }) =>
    instances
      .filter(({ status }) => status !== 'passing')
      .slice(0, 3)
      .map(({ id, status, output }) => `\n${id} ${status}${output ? `: ${output.split('\n')[0]}` : ''}`),
  )
  return `Not all instances passed within ${within}: ${words(seen)}.${broke}${sick.join('')}`
}

function holding(held: number, needed: number, well: boolean): string {
  return well && needed > 0 ? `, for ${spoken(held)} of ${spoken(needed)}` : ''
}

export function shown({ wanted: { service, version, count }, instances }: Seen) {
  const passing = instances.filter(({ status }) => status === 'passing')
  const sick = instances.filter(({ status }) => status !== 'passing').slice(0, 5)
  return {
    service: version === undefined ? service : `${service} ${version}`,
    wanted: count,
    registered: instances.length,
    passing: passing.length,
    sick: sick.map(({ id, status, output }) => ({ id, status, output })),
    instances: passing.slice(0, 20).map(({ id, address }) => ({ id, address })),
  }
}

export function words(seen: readonly Seen[]): string {
  return seen
    .map(({ wanted: { service, version, count }, instances }) => {
      const passing = instances.filter(({ status }) => status === 'passing').length
      return `${version === undefined ? service : `${service} ${version}`} ${passing} of ${count} passing`
    })
    .join(', ')
}
