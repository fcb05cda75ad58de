import { nameOf } from '../../core/actor.ts'
import type { Firing, Schedule } from '../../core/schedule.ts'
import { actorOf, zonedText } from '../../core/schedule.ts'
import type { Message } from '../limits.ts'
import { finished, section } from './blocks.ts'
import { noteText } from './outcome.ts'
import { code, people, plain } from './text.ts'

const WORDS: Readonly<Record<Firing['what'], string>> = {
  started: '▶️ *started*',
  skipped: '⏭️ *skipped*',
  missed: '⌛ *missed*',
  refused: '⛔ *refused*',
}

/** A time of a schedule at which nothing was started: which, why, and what comes now. Its owner is mentioned where he has to do something. */
export function scheduleMessage(schedule: Schedule, firing: Firing): Message {
  const { id, line, next, when, state, owner } = schedule
  const { due, what, why } = firing
  const who = what === 'refused' ? people(nameOf(actorOf(schedule))) : `schedule ${plain(id)} of ${code(nameOf(owner))}`
  const text = `${WORDS[what]}: ${code(line)} of ${plain(zonedText(due, when.tz))}, ${who}`
  const lines = [text, ...(why ? [noteText(why)] : []), afterwards({ id, state, next, tz: when.tz })]
  return finished(
    { text: text.replaceAll('*', ''), blocks: [section(...lines)] },
    { first: `schedule-${id}-${due}`, prefix: `s-${id}-${due}` },
  )
}

/** A line to the owner of a schedule that somebody else paused or removed. Null where nobody else did. */
export function scheduleChangedMessage(schedule: Schedule): Message | null {
  const { id, line, changed, owner } = schedule
  if (!changed) return null
  const { what, by, at } = changed
  const then = what === 'pause' ? ` ${code(`schedule resume ${id}`)} goes on with it.` : ''
  const done = what === 'pause' ? '⏸️ *paused*' : '🗑️ *removed*'
  const text = `${done}: schedule ${code(id)} (${code(line)}) of ${people(nameOf(owner))}, by ${people(by)}.${then}`
  return finished(
    { text: text.replaceAll('*', ''), blocks: [section(text)] },
    { first: `schedule-changed-${id}-${at}`, prefix: `sc-${id}-${at}` },
  )
}

type Then = {
  readonly id: string
  readonly state: Schedule['state']
  readonly next: number | null
  readonly tz: string
}

function afterwards({ id, state, next, tz }: Then): string {
  if (state === 'paused')
    return `*Next*: it is paused; ${code(`schedule resume ${id}`)} goes on with it, ${code(`schedule remove ${id}`)} ends it.`
  return next === null ? 'There is no further time.' : `*Next*: ${plain(zonedText(next, tz))}.`
}
