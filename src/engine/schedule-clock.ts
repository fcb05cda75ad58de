import type { Actor } from '../core/actor.ts'
import { idOf } from '../core/actor.ts'
import type { AuditEntry } from '../core/audit.ts'
import type { Effect } from '../core/event.ts'
import type { Execution } from '../core/execution.ts'
import { isOver } from '../core/execution.ts'
import type { Firing, Schedule } from '../core/schedule.ts'
import { actorOf, fired, isActive, latestDue, tooLate } from '../core/schedule.ts'
import { wordOf } from '../core/status-word.ts'
import { UserError } from '../errors.ts'
import { AuditUnavailable } from './audit/unavailable.ts'
import type { Crew } from './crew.ts'
import { cancel } from './deeds.ts'
import type { Done, Perform } from './effects.ts'
import { newId } from './id.ts'
import { TooLate, Unanswered } from './late.ts'
import type { CrewParts } from './parts.ts'
import type { ScheduleChange } from './schedule-records.ts'

/** How often it is looked whether the last run is over, where the next one waits for it. */
const LOOK_AGAIN_MS = 2_000

/** Whoever is slower than this stores nothing: another bot may have taken over by then. */
const START_WITHIN_MS = 10_000

/** How long a user group that cannot be looked up is waited for, before this time is refused; nobody is said to have lost a right then. */
const GROUPS_WITHIN_MS = 60_000

/**
 * Starts what is due by the clock. What is about to be started is stored first, and the run has an id that follows from schedule and
 * time: whoever dies between two lines leaves it to the next bot, and nothing runs twice.
 */
export function createClock(parts: CrewParts, crew: Pick<Crew, 'ask'>): Perform {
  return async (effect: Effect): Promise<Done> => {
    if (effect.do !== 'schedule') throw new Error(`${effect.do} is nothing for the clock.`)
    const early = effect.at - parts.now()
    if (early > 0) return { againIn: early }
    const schedule = await parts.store.schedules.find(effect.schedule)
    if (!schedule || !isActive(schedule) || schedule.next !== effect.at) return 'done'
    return fire(parts, crew, schedule)
  }
}

async function fire(parts: CrewParts, crew: Pick<Crew, 'ask'>, schedule: Schedule): Promise<Done> {
  const { store, now } = parts
  const until = now() + START_WITHIN_MS
  const due = schedule.firing?.due ?? latestDue(schedule.when, schedule.next ?? 0, now())
  const begun = await store.execution(newId(requestOf(schedule, due)))
  if (begun) return settle(parts, schedule, { due, what: 'started', execution: begun.id, why: null })
  const late = schedule.firing?.waits ? null : tooLate(due, schedule, now())
  if (late) return settle(parts, schedule, { due, what: 'missed', execution: null, why: late })
  const last = await lastRun(parts, schedule)
  const next = last ? await besides(parts, schedule, last, due) : 'start'
  if (typeof next === 'object') return settle(parts, schedule, next)
  const intends = await intend(parts, schedule, due, next === 'wait')
  if (!intends) return 'done'
  return next === 'wait' ? { againIn: LOOK_AGAIN_MS } : start(parts, crew, intends, { due, until })
}

/** The run that its last start led to, while that goes on. */
async function lastRun({ store }: CrewParts, { past }: Schedule): Promise<Execution | null> {
  const id = past.findLast(({ what }) => what === 'started')?.execution
  const run = id ? await store.execution(id) : null
  return run && !isOver(run) ? run : null
}

type End = Omit<Firing, 'at'>

/** Its last run goes on: this time is skipped, waits its turn, or takes its place. */
async function besides(
  parts: CrewParts,
  schedule: Schedule,
  last: Execution,
  due: number,
): Promise<End | 'start' | 'wait'> {
  const skipped = (why: string): End => ({ due, what: 'skipped', execution: last.id, why })
  const words = `its last run \`${last.id}\` is ${wordOf(last)}`
  if (schedule.overlap === 'skip') return skipped(`${words}, and nothing runs beside it`)
  if (schedule.overlap === 'queue') {
    if (last.lock === 'queued') return skipped(`${words} itself, and one in the queue is enough`)
    return last.environment === null ? 'wait' : 'start'
  }
  if (last.status === 'unknown')
    return skipped(`nobody knows how its last run \`${last.id}\` ended, so that nothing can take its place`)
  const asked = { actor: actorOf(schedule), roles: [], channel: schedule.channel }
  await cancel(parts, last.id, asked, { request: `${requestOf(schedule, due)}:replace` }).catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error // asked already, or over meanwhile
  })
  // Behind a lock it queues; what takes no lock has to be waited for here.
  const beside = last.environment === null && (await lastRun(parts, schedule)) !== null
  return beside ? 'wait' : 'start'
}

/** From here on it is this time that is started, whoever does it. Null: somebody changed it meanwhile. */
async function intend({ store }: CrewParts, schedule: Schedule, due: number, waits: boolean): Promise<Schedule | null> {
  if (schedule.firing?.due === due && schedule.firing.waits === waits) return schedule
  return store.schedules.alter(schedule.id, (current) =>
    stillWaits(current, schedule) ? { schedule: { ...current, firing: { due, waits } }, effects: [], audit: [] } : null,
  )
}

type Time = { readonly due: number; readonly until: number }

async function start(
  parts: CrewParts,
  crew: Pick<Crew, 'ask'>,
  schedule: Schedule,
  { due, until }: Time,
): Promise<Done> {
  const actor: Actor = actorOf(schedule)
  const caller = {
    actor,
    origin: { channel: schedule.channel, via: 'schedule' } as const,
    request: requestOf(schedule, due),
    until: () => until - parts.now(),
  }
  try {
    const reply = await crew.ask(schedule.line, caller)
    if (reply.kind === 'started')
      return settle(parts, schedule, { due, what: 'started', execution: reply.execution.id, why: null })
    throw new UserError('It only answers by now; there is nothing to run.')
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    if (error instanceof AuditUnavailable) return { againIn: LOOK_AGAIN_MS } // until it is too late
    // Its request has a key, so that asking again starts nothing twice.
    if (error instanceof TooLate || error instanceof Unanswered) return { againIn: LOOK_AGAIN_MS }
    const unsure = await groupsAreMissing(parts)
    if (unsure && parts.now() - due < GROUPS_WITHIN_MS) return { againIn: LOOK_AGAIN_MS }
    const refused: End = { due, what: 'refused', execution: null, why: error.message }
    return settle(parts, schedule, refused, unsure ? null : error.message)
  }
}

/** No answer from Slack gives nobody a role; that is a reason to wait a little before somebody is told that he lost his. */
async function groupsAreMissing({ site, groups }: CrewParts): Promise<boolean> {
  const known = await groups()
  return Object.values(site.roles).some((role) => role.user_groups.some((group) => !known.has(group)))
}

/** Stores what became of this time, and waits for the next one. With `pause` it does not. */
async function settle(parts: CrewParts, schedule: Schedule, end: End, pause: string | null = null): Promise<Done> {
  const firing: Firing = { ...end, at: parts.now() }
  await parts.store.schedules.alter(schedule.id, (current) =>
    stillWaits(current, schedule) ? withWake(fired(current, firing, pause), firing, parts.now()) : null,
  )
  parts.kick()
  return 'done'
}

/** Somebody may have paused, skipped or removed it, or another bot was faster. */
function stillWaits(current: Schedule | null, schedule: Schedule): current is Schedule {
  return current?.state === 'active' && current.next === schedule.next
}

/** A schedule as it is to be stored, with its next wake-up, and with what people are told of the time that is done with. */
export function withWake(schedule: Schedule, firing: Firing | null, now: number): ScheduleChange {
  const wake: Effect[] = schedule.next === null ? [] : [{ do: 'schedule', schedule: schedule.id, at: schedule.next }]
  const told = firing !== null && firing.what !== 'started'
  const show: Effect[] = told ? [{ do: 'show', message: `schedule:${schedule.id}:${firing.due}`, at: now }] : []
  return { schedule, effects: [...wake, ...show], audit: firing ? [auditOf(schedule, firing)] : [] }
}

function auditOf(schedule: Schedule, { what, execution, why }: Firing): AuditEntry {
  const { line, environment, owner } = schedule
  return {
    kind: 'scheduled',
    who: idOf(actorOf(schedule)),
    what: `for ${idOf(owner)}`,
    line,
    outcome: what,
    ...(execution ? { execution } : {}),
    ...(environment ? { environment } : {}),
    ...(why ? { why } : {}),
  }
}

function requestOf({ id }: Schedule, due: number): string {
  return `schedule:${id}:${due}`
}
