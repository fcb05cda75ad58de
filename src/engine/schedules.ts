import { distance } from 'fastest-levenshtein'
import { decide, rolesOf } from '../core/access.ts'
import type { Actor, Person } from '../core/actor.ts'
import { idOf, nameOf } from '../core/actor.ts'
import type { AuditEntry } from '../core/audit.ts'
import { isDuration } from '../core/command/schema.ts'
import { parseCommand } from '../core/command.ts'
import type { Effect } from '../core/event.ts'
import type { Schedule, ScheduleWish, When } from '../core/schedule.ts'
import {
  nextTimes,
  pause,
  readAt,
  readCron,
  readZone,
  remove,
  resume,
  skipNext,
  whenText,
  zonedText,
} from '../core/schedule.ts'
import { wantedOf } from '../core/wanted.ts'
import type { Asked } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { newId } from './id.ts'
import type { CrewParts } from './parts.ts'
import { planRequest, wantedBelow } from './request.ts'
import { withWake } from './schedule-clock.ts'
import type { ScheduleChange } from './schedule-records.ts'
import { refusalToChange } from './schedule-rights.ts'

/** What people may do with schedules, for one asker. */
export function schedulesOf(parts: CrewParts, asked: Asked) {
  const { store } = parts
  return {
    list: () => store.schedules.list(),
    find: (id: string) => existing(parts, id),
    add: (wish: ScheduleWish) => add(parts, wish, asked),
    change: (id: string, what: ScheduleDeed) => change(parts, id, what, asked),
  }
}

export type ScheduleDeed = 'skip' | 'pause' | 'resume' | 'remove'

async function add(parts: CrewParts, wish: ScheduleWish, asked: Asked): Promise<Schedule> {
  const { actor } = asked
  if (actor.kind !== 'slack' && actor.kind !== 'shell')
    throw new UserError('Only a person can own a schedule: it runs with the rights of its owner.')
  const request = asked.request ?? `add:${idOf(actor)}:${parts.now()}`
  const made = await newSchedule(parts, wish, { owner: actor, channel: asked.channel, request, fixed: false })
  const stored = await parts.store.schedules.alter(
    made.id,
    (before) => (before ? null : { ...withWake(made, null, parts.now()), audit: [added(made)] }),
    { key: `schedule-add:${request}`, until: asked.until },
  )
  parts.kick()
  return stored ?? existing(parts, made.id)
}

/** Whose it is, and under which id it is known from now on. */
function added({ id, owner, line, environment }: Schedule): AuditEntry {
  const about = { line, ...(environment ? { environment } : {}) }
  return { kind: 'scheduled', who: idOf(owner), what: `added as ${id}`, ...about }
}

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

async function existing({ store }: CrewParts, id: string): Promise<Schedule> {
  const found = await store.schedules.find(id.toLowerCase())
  if (found && found.state !== 'removed') return found
  const near = (await store.schedules.list()).filter((each) => each.id.startsWith(id) || distance(each.id, id) <= 1)
  const hint =
    near.length > 0
      ? `Did you mean ${near
          .slice(0, 3)
          .map((each) => `\`${each.id}\``)
          .join(' or ')}?`
      : '`schedule list` shows them all.'
  throw new UserError(`There is no schedule \`${id}\`. ${hint}`)
}

/** Its owner may, and whoever approves what it does. Gives what to say. */
async function change(parts: CrewParts, id: string, what: ScheduleDeed, asked: Asked): Promise<string> {
  const key = `schedule-${what}:${asked.request ?? `${idOf(asked.actor)}:${parts.now()}`}`
  const earlier = await doneBefore(parts, key, what)
  if (earlier) return earlier
  const before = await existing(parts, id)
  const refusal = refusalToChange(parts.site, before, asked)
  if (refusal) throw new UserError(refusal)
  if (what === 'remove' && before.fixed)
    throw new UserError(
      `\`${before.id}\` stands in the site file: take it out there and start the bot again, or \`schedule pause ${before.id}\`.`,
    )
  const now = parts.now()
  const deed = (current: Schedule | null): ScheduleChange | null => {
    if (!current || current.state === 'removed') return null
    if (what === 'remove') return ownerTold(withWake(remove(current), null, now), what, asked.actor, now)
    if (what === 'pause')
      return ownerTold(withWake(pause(current, asked.actor, now), null, now), what, asked.actor, now)
    if (what === 'resume') return withWake(resume(current, now), null, now)
    const skipped = skipNext(current, asked.actor, now)
    return withWake(skipped, skipped.past.at(-1) ?? null, now)
  }
  const changed = await parts.store.schedules
    .alter(before.id, deed, { key, until: asked.until })
    .catch(async (error) => {
      // What another delivery has just done cannot be done again, and that is no refusal.
      if (await doneBefore(parts, key, what)) return null
      throw error
    })
  const other = changed ? null : await doneBefore(parts, key, what)
  if (other) return other
  if (!changed) throw new UserError(`The schedule \`${id}\` was removed just now.`)
  parts.kick()
  return doneText(what, before, changed)
}

/** What another delivery of the same request said: two of them skip one time, not two. Null where this is the first. */
async function doneBefore({ store }: CrewParts, key: string, what: ScheduleDeed): Promise<string | null> {
  const id = await store.seen(key)
  const found = id && (await store.schedules.find(id))
  if (!found) return null
  const skipped = found.past.findLast((each) => each.what === 'skipped')?.due ?? found.next
  return doneText(what, { ...found, next: skipped }, found)
}

/** Whoever relies on it to run has to hear that it does not, where somebody else ended it. */
function ownerTold(change: ScheduleChange, what: 'pause' | 'remove', by: Actor, now: number): ScheduleChange {
  const { schedule, effects } = change
  if (idOf(by) === idOf(schedule.owner)) return change
  const told: Effect = { do: 'show', message: `schedule-changed:${schedule.id}:${now}`, at: now }
  return {
    ...change,
    schedule: { ...schedule, changed: { what, by: nameOf(by), at: now } },
    effects: [...effects, told],
  }
}

function doneText(what: ScheduleDeed, before: Schedule, { id, line, when, next }: Schedule): string {
  const then = next === null ? 'There is no further time.' : `Next: ${zonedText(next, when.tz)}.`
  if (what === 'remove') return `\`${id}\` is removed: \`${line}\` does not run ${whenText(when)} any more.`
  if (what === 'pause') return `\`${id}\` is paused; \`schedule resume ${id}\` goes on with it.`
  if (what === 'resume') return `\`${id}\` goes on. ${then}`
  return `\`${id}\` skips ${zonedText(before.next ?? 0, when.tz)}, and only that. ${then}`
}
