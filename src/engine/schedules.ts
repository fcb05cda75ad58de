import { distance } from 'fastest-levenshtein'
import type { Actor } from '../core/actor.ts'
import { idOf, nameOf } from '../core/actor.ts'
import type { AuditEntry } from '../core/audit.ts'
import type { Effect } from '../core/event.ts'
import type { Schedule, ScheduleWish } from '../core/schedule.ts'
import { pause, remove, resume, skipNext, whenText, zonedText } from '../core/schedule.ts'
import type { Asked } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import type { CrewParts } from './parts.ts'
import { withWake } from './schedule-clock.ts'
import { newSchedule } from './schedule-new.ts'
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
