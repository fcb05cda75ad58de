import { UserError } from '../errors.ts'
import type { Actor, Person } from './actor.ts'
import { nameOf } from './actor.ts'
import type { Execution } from './execution.ts'
import type { misses, overlaps } from './schedule/settings.ts'
import type { When } from './schedule/times.ts'
import { nextTimes } from './schedule/times.ts'
import { zonedText } from './schedule/zone.ts'
import { wordOf } from './status-word.ts'
import { asCode } from './text.ts'

export type { When } from './schedule/times.ts'
export { latestDue, nextTimes, readCron, tooLate } from './schedule/times.ts'
export { isZone, readAt, readZone, zonedText } from './schedule/zone.ts'

/** What became of one time of a schedule. `execution` is the run that was started, or the one that stood in its way. */
export type Firing = {
  readonly due: number
  readonly at: number
  readonly what: 'started' | 'skipped' | 'missed' | 'refused'
  readonly execution: string | null
  readonly why: string | null
}

export type Overlap = (typeof overlaps)[number]
export type Missed = (typeof misses)[number]

/** A command line that runs by the clock, with the rights that its owner has then. Compared and set by `version`. */
export type Schedule = {
  readonly id: string
  readonly version: number
  /** The request that made it, by which a second delivery is known; for one of the site file a digest of what stands there. */
  readonly request: string
  readonly fixed: boolean
  readonly line: string
  readonly environment: string | null
  readonly owner: Person
  /** Where it was added, and so where people hear of it. */
  readonly channel: string | null
  readonly when: When
  readonly overlap: Overlap
  readonly missed: Missed
  readonly late: string
  readonly state: 'active' | 'paused' | 'over' | 'removed'
  /** The time that it waits for; null while it waits for none. */
  readonly next: number | null
  /** The time that is being started: stored before anything is, so that nobody starts another one in its place. `waits`: for its last run. */
  readonly firing: { readonly due: number; readonly waits: boolean } | null
  readonly skipped: number | null
  readonly paused: { readonly by: string | null; readonly at: number; readonly why: string | null } | null
  /** What somebody else than its owner did to it last, of which the owner is told. */
  readonly changed?: { readonly what: 'pause' | 'remove'; readonly by: string; readonly at: number }
  readonly createdAt: number
  readonly past: readonly Firing[]
}

/** A schedule as somebody asks for it; what is not said is as the site has it. */
export type ScheduleWish = {
  readonly line: string
  readonly cron?: string | undefined
  readonly at?: string | undefined
  readonly tz?: string | undefined
  readonly overlap?: Overlap | undefined
  readonly missed?: Missed | undefined
  readonly late?: string | undefined
}

const MOST_PAST = 10

/** The actor of what it starts. */
export function actorOf({ id, owner }: Schedule): Actor {
  return { kind: 'schedule', id, owner }
}

export function isActive({ state }: Schedule): boolean {
  return state === 'active'
}

/** The times to come, without those that are skipped. */
export function timesAhead({ when, next, state }: Schedule, most: number): number[] {
  if (state !== 'active' || next === null) return []
  return [next, ...nextTimes(when, next, most - 1)]
}

/** One of its times is done with; it waits for the next one, or is over. `pause` says why it does not go on by itself. */
export function fired(schedule: Schedule, firing: Firing, pause: string | null = null): Schedule {
  const [next = null] = nextTimes(schedule.when, firing.due, 1)
  const over = next === null ? ('over' as const) : schedule.state
  return {
    ...schedule,
    past: [...schedule.past, firing].slice(-MOST_PAST),
    firing: null,
    ...(pause
      ? { state: 'paused', next: null, paused: { by: null, at: firing.at, why: pause } }
      : { state: over, next }),
  }
}

/** Passes over the next time, and only that. Throws a `UserError` where there is none, or it is skipped already. */
export function skipNext(schedule: Schedule, by: Actor, now: number): Schedule {
  const { id, next, skipped, when } = schedule
  if (next === null) throw new UserError(`\`${id}\` is ${schedule.state}: it has no next time to skip.`)
  refuseWhileStarting(schedule)
  if (skipped !== null && skipped > now)
    throw new UserError(
      `${zonedText(skipped, when.tz)} is skipped already; the one after it is ${zonedText(next, when.tz)}.`,
    )
  return {
    ...fired(schedule, { due: next, at: now, what: 'skipped', execution: null, why: `${nameOf(by)} skipped it` }),
    skipped: next,
  }
}

export function pause(schedule: Schedule, by: Actor, now: number): Schedule {
  refuseWhileStarting(schedule)
  if (schedule.state !== 'active') throw new UserError(`\`${schedule.id}\` is ${schedule.state} already.`)
  return { ...schedule, state: 'paused', next: null, firing: null, paused: { by: nameOf(by), at: now, why: null } }
}

/** It ends; what it started goes on. */
export function remove(schedule: Schedule): Schedule {
  refuseWhileStarting(schedule)
  return { ...schedule, state: 'removed', next: null, firing: null }
}

/** Nobody is told that nothing starts while a bot does it. */
function refuseWhileStarting({ id, firing }: Schedule): void {
  if (!firing || firing.waits) return
  throw new UserError(
    `\`${id}\` is being started just now. Try again in a moment, and cancel that run if it is not wanted.`,
  )
}

/** Goes on with its next time from now; what is skipped stays skipped. */
export function resume(schedule: Schedule, now: number): Schedule {
  if (schedule.state !== 'paused')
    throw new UserError(`\`${schedule.id}\` is ${schedule.state}; only a paused one can go on.`)
  const done = schedule.past.at(-1)?.due ?? 0
  const [next = null] = nextTimes(schedule.when, Math.max(now, done, schedule.skipped ?? 0), 1)
  if (next === null)
    throw new UserError(`The time of \`${schedule.id}\` is over. Add it again with a time that is ahead.`)
  return { ...schedule, state: 'active', next, paused: null }
}

/** `at 0 9 * * 1-5 Asia/Tokyo`, or `once, ...`. */
export function whenText(when: When): string {
  return 'at' in when ? `once, ${zonedText(when.at, when.tz)}` : `at \`${when.cron}\` ${when.tz}`
}

/** What became of a time, in a few words: `started as k3f9x2ab`, `refused: ...`. */
export function firingText({ what, execution, why }: Firing): string {
  if (what === 'started') return `started as \`${execution}\``
  return `${what}${why ? `: ${why}` : ''}`
}

/** A schedule as `schedule list` shows it: the next three times, its owner, and how the last one went. */
export function describeSchedule(schedule: Schedule, last: Execution | null): string[] {
  const { id, line, when, owner, state, overlap, missed, late, paused, skipped, past } = schedule
  const firing = past.at(-1)
  const ahead = timesAhead(schedule, 3).map((at) => zonedText(at, when.tz))
  const skips =
    skipped !== null && ahead.length > 0 && skipped === firing?.due
      ? ` (${zonedText(skipped, when.tz)} is skipped)`
      : ''
  const run = firing?.what === 'started' && last ? ` *${wordOf(last)}*` : ''
  return [
    `\`${id}\` *${state}*: ${asCode(line)} ${whenText(when)}, of ${nameOf(owner)}; overlap: ${overlap}, missed: ${missed === 'run' ? `run if less than ${late} late` : 'skip'}`,
    ...(ahead.length > 0 ? [`   next: ${ahead.join(', ')}${skips}`] : []),
    ...(paused
      ? [`   paused${paused.by ? ` by ${paused.by}` : ''}${paused.why ? `, since it was refused: ${paused.why}` : ''}`]
      : []),
    `   last: ${firing ? `${zonedText(firing.due, when.tz)} ${firingText(firing)}${run}` : 'none yet'}`,
  ]
}
