import type { Behaviour } from '../../core/alert/route.ts'
import type { AlertGroup } from '../../core/alert.ts'
import { milliseconds } from '../../core/duration.ts'
import { clockOf } from './alert-words.ts'
import { code } from './text.ts'

/** What somebody who reads this can do now, and what happens if nobody does; null where there is nothing. */
export function nextLine(group: AlertGroup, behaviour: Behaviour): string | null {
  const clock = clockOf(group)
  const { state, acknowledged } = group
  switch (state) {
    case 'firing':
      return `*Acknowledge* it if you look after it${escalationText(group, behaviour)}.`
    case 'unknown':
      return `find out what hides it; it counts as open until it can be seen again${escalationText(group, behaviour)}.`
    case 'vanished':
      return 'look whether it was taken away on purpose: *Close* ends it then, with a reason.'
    case 'acknowledged':
      return `mend it; what still fires ${acknowledged ? `at ${clock(acknowledged.until)}` : 'later'} calls again.`
    case 'silenced':
      return 'when the silence ends and it still fires, it is told here.'
    case 'maintenance':
      return 'when the maintenance ends and it still fires, it calls.'
    case 'moved':
      return 'it goes on in the message of its new severity or rule.'
    default:
      return null
  }
}

/** Nobody is named here: naming them would call them now. */
function escalationText(group: AlertGroup, { escalate }: Behaviour): string {
  const { openSince, escalated } = group
  const done = (rung: number) => escalated.some((each) => each.rung === rung && each.since === openSince)
  const step = escalate.find((_, rung) => !done(rung))
  if (!step || openSince === null) return ''
  const at = clockOf(group)(openSince + milliseconds(step.after))
  const where = step.channel ? `it goes on to the channel ${code(step.channel)}` : 'other people are called'
  return `; if nobody does by ${at}, ${where}`
}
