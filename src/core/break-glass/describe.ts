import { nameOf } from '../actor.ts'
import { spoken } from '../duration.ts'
import { dayAndClock, rolesText } from '../judgment.ts'
import { shown } from '../text.ts'
import { stateText } from './end.ts'
import type { Glass } from './glass.ts'
import { holds } from './glass.ts'
import { heldText } from './view.ts'

/** One in two lines: who, which rights, until when or how it ended, and why. */
export function describeGlass(glass: Glass, now: number): string {
  const { id, role, gives, by, why, from, until } = glass
  const left = holds(glass, now)
    ? `holds until ${dayAndClock(until)}, ${spoken(until - now)} more; \`breakglass end ${id}\` ends it`
    : `${stateText(glass, now)}${glass.ended ? ` after ${heldText(glass)}` : ''}`
  return `\`${id}\` *${role}* (${rolesText(gives)}) of ${nameOf(by)} since ${dayAndClock(from)}: ${left}\n   ${shown(why, 300)}`
}
