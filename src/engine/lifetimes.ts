import type { Actor } from '../core/actor.ts'
import { underGlass } from '../core/break-glass/glass.ts'
import { milliseconds } from '../core/duration.ts'
import type { EnvironmentRecord } from '../core/environment.ts'
import { extended } from '../core/environment.ts'
import type { Effect } from '../core/event.ts'
import type { NewExecution } from '../core/execution.ts'
import { dayAndClock } from '../core/judgment.ts'
import { shown, wakeUps } from '../core/lifetime.ts'
import { planStages } from '../core/planning.ts'
import { environmentNamed } from '../core/target.ts'
import type { NamedEnvironment } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { teardown } from '../stages/index.ts'
import type { EngineParts } from './perform.ts'
import type { AlterRequest } from './store.ts'

type Parts = Pick<EngineParts, 'store' | 'site' | 'kinds' | 'now'>

/** The warning before the end: shown once, for the end that it was set for. */
export async function warnOfEnd({ store, now }: Parts, name: string, id: string): Promise<void> {
  await store.alter(name, (environment) => {
    const { lifetime } = environment
    if (lifetime?.id !== id || lifetime.warned || lifetime.ending) return null
    return { environment: { ...environment, lifetime: { ...lifetime, warned: true } }, effects: shown(lifetime, now()) }
  })
}

/**
 * The time is over: an execution that takes the environment down is stored, first in the queue, and whatever only waits gives way.
 * The end that an extension moved away finds another id and does nothing.
 */
export async function endLifetime(parts: Parts, name: string, id: string): Promise<void> {
  const { store, now } = parts
  const { lifetime } = await store.environment(name)
  if (lifetime?.id !== id || lifetime.ending) return
  const wanted = takeDown(parts, environmentNamed(parts.site, name), await store.environment(name))
  const alter = (environment: EnvironmentRecord) => {
    const current = environment.lifetime
    if (current?.id !== id || current.ending) return null
    const ending = { ...environment, lifetime: { ...current, ending: wanted.id } }
    return { environment: ending, effects: [...shown(current, now()), ...givingWay(environment, wanted.id, now())] }
  }
  await store.request(wanted, `lifetime-end:${id}`, { first: true, alter })
}

/** Everything that only waits for this environment is told to give way; what runs is not touched by that. */
function givingWay(environment: EnvironmentRecord, ending: string, now: number): Effect[] {
  const why = `${environment.name}'s time is over: ${ending} takes it down.`
  const claims = [...(environment.lock ? [environment.lock] : []), ...environment.queue]
  return claims.map(({ execution }) => ({ do: 'tell', execution, event: { type: 'superseded', why }, at: now }))
}

function takeDown(parts: Parts, settings: NamedEnvironment, environment: EnvironmentRecord): NewExecution {
  const { lifetime } = environment
  if (!lifetime) throw new Error(`${settings.name} has no lifetime to end.`)
  const { execution, lineage, approvers, glass } = lifetime
  const drafts = teardown({ execution, environment: settings.name, lineage, approvers: [...approvers] })
  return {
    id: `end-${lifetime.id}`,
    command: `${settings.name} down`,
    line: `${settings.name} down`,
    args: {},
    actor: { kind: 'lifetime', environment: settings.name },
    allow: [],
    askers: lifetime.askers,
    ...(glass ? { glass } : {}),
    origin: { channel: lifetime.channel, via: 'lifetime' },
    environment: settings.name,
    lifetime: null,
    stages: planStages(drafts, parts.kinds, { site: parts.site, environment: settings }),
  }
}

/**
 * More time, by somebody who may run the command that began it. `request` names the lifetime that he saw as its value, and makes a
 * second delivery harmless; with what he held of break glass (`under`) it counts as asked for so. Throws a `UserError` that says why there is none.
 */
export async function extendLifetime(
  parts: Parts,
  name: string,
  by: Actor,
  request?: AlterRequest,
): Promise<EnvironmentRecord> {
  const settings = environmentNamed(parts.site, name)
  const change = (environment: EnvironmentRecord) => {
    if (!environment.lifetime || (request && environment.lifetime.id !== request.value)) return null
    const longer = extended(environment, settings, by, parts.now())
    if (!longer.lifetime) return null
    const wakes = wakeUps(name, longer.lifetime, milliseconds(settings.lifetime.warn))
    const lifetime = { ...longer.lifetime, ...underGlass(request?.under, by, longer.lifetime.glass) }
    return { environment: { ...longer, lifetime }, effects: [...wakes, ...shown(environment.lifetime, parts.now())] }
  }
  const changed = await parts.store.alter(name, change, request)
  if (changed) return changed
  const now = await parts.store.environment(name)
  if (request && (await parts.store.seen(request.key))) return now
  throw notExtended(name, now.lifetime)
}

/** Why there is no more time: there is no limit now, or another one than was seen. */
export function notExtended(name: string, lifetime: EnvironmentRecord['lifetime']): UserError {
  if (!lifetime) return new UserError(`${name} has no time limit now, so there is nothing to extend.`)
  return new UserError(`That was extended or begun anew since: ${name} stays up until ${dayAndClock(lifetime.endsAt)}.`)
}
