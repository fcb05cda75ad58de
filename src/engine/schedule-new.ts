import { decide, rolesOf } from '../core/access.ts'
import type { Actor, Person } from '../core/actor.ts'
import { isDuration } from '../core/command/schema.ts'
import { parseCommand } from '../core/command.ts'
import type { Schedule, ScheduleWish, When } from '../core/schedule.ts'
import { nextTimes, readAt, readCron, readZone } from '../core/schedule.ts'
import { wantedOf } from '../core/wanted.ts'
import { UserError } from '../errors.ts'
import { newId } from './id.ts'
import type { CrewParts } from './parts.ts'
import { planRequest, wantedBelow } from './request.ts'

type Owned = {
  readonly owner: Person
  readonly channel: string | null
  readonly request: string
  readonly fixed: boolean
  readonly id?: string
}

/** A schedule with everything checked: the line, the right to run it now, the times. Throws a `UserError`. */
export async function newSchedule(parts: CrewParts, wish: ScheduleWish, owned: Owned): Promise<Schedule> {
  const { site, now } = parts
  const { owner, channel, request, fixed } = owned
  const { line, environment } = await checkedLine(parts, wish.line, fixed ? null : owner)
  const late = wish.late ?? site.schedules.late
  if (!isDuration(late)) throw new UserError(`\`${late}\` is not a duration such as \`15m\`.`)
  const when = whenOf(wish, site.schedules.tz, now())
  const [next = null] = nextTimes(when, now(), 1)
  return {
    ...{
      id: owned.id ?? (await freeId(parts, request)),
      version: 0,
      request,
      fixed,
      line,
      environment,
      owner,
      channel,
      when,
    },
    overlap: wish.overlap ?? site.schedules.overlap,
    missed: wish.missed ?? site.schedules.missed,
    late,
    ...{ state: 'active', next, firing: null, skipped: null, paused: null, createdAt: now(), past: [] },
  }
}

/** The line as it is stored. Where an owner is given he has to be allowed to run it now; that is looked at again each time. */
async function checkedLine(
  parts: CrewParts,
  text: string,
  owner: Person | null,
): Promise<{ line: string; environment: string | null }> {
  const parsed = parseCommand(parts.catalog, text)
  const { name, line, command } = parsed
  if (name.split(' ')[0] === 'schedule')
    throw new UserError('A schedule cannot run schedules. Give it the line that shall run.')
  if (command.answer) throw new UserError(`\`${line}\` only answers; there is nothing to run by the clock.`)
  const wanted = wantedOf(parsed, parts.site)
  const decision = owner && decide(parts.site, rolesOf(parts.site, owner, await parts.groups()), wanted)
  if (decision && !decision.allowed) throw new UserError(decision.why)
  const actor: Actor = owner ?? { kind: 'schedule', id: 'new', owner: { kind: 'shell', user: 'nobody' } }
  const planned = planRequest(parts, parsed, { actor, origin: { channel: null, via: 'schedule' } })
  const roles = owner ? rolesOf(parts.site, owner, await parts.groups()) : []
  for (const below of owner ? wantedBelow(planned) : []) {
    const allowed = decide(parts.site, roles, below)
    if (!allowed.allowed) throw new UserError(allowed.why)
  }
  return { line, environment: wanted.environment }
}

function whenOf({ cron, at, tz }: ScheduleWish, standard: string, now: number): When {
  if ((cron === undefined) === (at === undefined))
    throw new UserError('Say either `--cron "0 9 * * 1-5"` or `--at "2026-11-21 09:00"`.')
  const zone = readZone(tz ?? standard)
  return cron === undefined ? { at: readAt(at ?? '', zone, now), tz: zone } : readCron(cron, zone, now)
}

/** Short enough to be read aloud; the same for every delivery of the same request. */
async function freeId({ store }: CrewParts, request: string): Promise<string> {
  const long = newId(`schedule-add:${request}`)
  for (const id of [long.slice(0, 4), long.slice(0, 6)]) {
    const other = await store.schedules.find(id)
    if (!other || other.request === request) return id
  }
  return long
}
