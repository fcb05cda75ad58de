import type { SectionBlock } from '@slack/types'
import { nameOf, nameOfId } from '../../core/actor.ts'
import type { DeedView, GlassView } from '../../core/break-glass/view.ts'
import { heldText, lookLines } from '../../core/break-glass/view.ts'
import { spoken } from '../../core/duration.ts'
import type { Execution } from '../../core/execution.ts'
import { clock, rolesText } from '../../core/judgment.ts'
import { targetText } from '../../core/target.ts'
import type { Message } from '../limits.ts'
import { actions, context, finished, section } from './blocks.ts'
import { endButton } from './glass-button.ts'
import { code, link, people, plain } from './text.ts'
import { timeFrom } from './view.ts'

/** The last lines in the announcement; the summary has more, and its file all. */
const MOST_LIVE = 5
export const MOST_SUMMED = 15
const MOST_LOOKS = 15
const MOST_OPEN = 15
const ROOM = 2_600

/** What an execution that was asked for under break glass says of that. */
export function glassLines({ glass = [] }: Execution): string[] {
  return glass.map(({ id, by }) => `🔓 Asked for under break glass ${code(id)} of ${people(nameOfId(by))}.`)
}

/** That somebody raised his rights, kept true until they are gone: anybody may end it with the button. */
export function glassMessage(view: GlassView): Message {
  const { glass, deeds } = view
  const { id, by, from, ended } = glass
  const who = people(nameOf(by))
  const first = ended
    ? `🔒 *Break glass* ${code(id)} of ${who} is over: ${endText(view)}.`
    : `🚨 *Break glass* ${code(id)}: ${who} ${rightsText(view)} until *${timeFrom(glass.until, from)}*, for ${spoken(glass.until - from)}.`
  const note = ended
    ? `${people('It gave')} ${people(rolesText(glass.gives))} (${code(glass.role)}). A summary is posted in this channel.`
    : 'Anybody may end it. It approves nothing that was asked for by himself or under break glass, and all that is done with it is marked with its id.'
  const blocks = [
    section(first, `Why: ${code(glass.why, 300)}`),
    ...sections([`*Done under it so far*: ${deeds.length}`, ...lastOf(view, MOST_LIVE)]),
    context(note),
    ...(ended ? [] : actions([endButton(id)])),
  ]
  const text = `${first.replaceAll('*', '')} Why: ${code(glass.why, 300)}`
  return finished({ text, blocks }, { first: `glass-${id}`, prefix: `g-${id}` })
}

/** What was done with it, what is still open, and the drift that it left behind. */
export function glassSummary(view: GlassView): Message {
  const { glass, deeds } = view
  const { id, by, from, ended } = glass
  const first = `📋 *Summary of break glass* ${code(id)} of ${people(nameOf(by))}: ${rightsText(view, 'had')} for ${heldText(glass)}, ${clock(from)} to ${ended ? timeFrom(ended.at, from) : 'now'}.`
  const open = deeds.filter((deed) => deed.open)
  const more = deeds.length > MOST_SUMMED ? [context(`All of it stands in a file in the thread.`)] : []
  const blocks = [
    section(first, `Why: ${code(glass.why, 300)}`, `End: ${endText(view)}.`),
    ...sections([`*Done under it*: ${deeds.length}`, ...lastOf(view, MOST_SUMMED)]),
    ...more,
    section(...openLines(view, open)),
    ...sections(['*Drift that it left behind*', ...driftLines(view)]),
  ]
  const text = `${first.replaceAll('*', '')} ${deeds.length} done, ${open.length} still open.`
  return finished({ text, blocks }, { first: `glass-summary-${id}`, prefix: `gs-${id}` })
}

/** Whole lines together, as many as a section takes. */
function sections(lines: readonly string[]): SectionBlock[] {
  const parts: string[][] = [[]]
  for (const line of lines) {
    const length = parts.at(-1)?.join('\n').length ?? 0
    if (length > 0 && length + line.length > ROOM) parts.push([])
    parts.at(-1)?.push(line)
  }
  return parts.map((part) => section(...part))
}

function rightsText({ glass: { gives, role } }: GlassView, word = 'has'): string {
  return `${word} ${people(rolesText(gives))} (${code(role)})`
}

function endText({ glass }: GlassView): string {
  const { ended, from } = glass
  if (!ended) return 'its time is over'
  const at = timeFrom(ended.at, from)
  return ended.by
    ? `${people(nameOf(ended.by))} ended it at ${at}, after ${heldText(glass)}`
    : `its time was over at ${at}, after ${heldText(glass)}`
}

function lastOf(view: GlassView, most: number): string[] {
  const { deeds, linkOf } = view
  const left = Math.max(deeds.length - most, 0)
  const earlier = left > 0 ? [`… ${left} earlier`] : []
  return [...earlier, ...deeds.slice(left).map((deed) => deedLine(deed, linkOf))]
}

function deedLine({ at, what, execution, refused, outcome }: DeedView, linkOf: GlassView['linkOf']): string {
  const where = execution ? ` (${named(execution, linkOf)})` : ''
  const why = refused === null ? '' : `: ${plain(refused, 160)}`
  return `• ${clock(at)} ${code(what, 120)}${where}: *${outcome}*${why}`
}

function named(execution: string, linkOf: GlassView['linkOf']): string {
  const url = linkOf(execution)
  return url ? link(url, execution) : code(execution)
}

function openLines({ linkOf }: GlassView, open: readonly DeedView[]): string[] {
  const ids = [...new Set(open.flatMap(({ execution }) => execution ?? []))]
  if (ids.length === 0) return ['*Still open*: nothing']
  const list = ids.slice(0, MOST_OPEN).map((id) => named(id, linkOf))
  const more = ids.length > MOST_OPEN ? ` and ${ids.length - MOST_OPEN} more` : ''
  return [`*Still open*: ${list.join(', ')}${more}. What starts from now on needs rights without it.`]
}

function driftLines({ looks, linkOf }: GlassView): string[] {
  if (looks === null) return ['⏳ What was changed is being looked for.']
  if (looks.length === 0) return lookLines(looks).map((line) => plain(line))
  return looks.slice(0, MOST_LOOKS).map(({ target, execution, found }) => {
    const where = execution ? ` (${named(execution, linkOf)})` : ''
    return `• ${plain(targetText(target))}${where}: ${found === null ? '⏳ it is looked at, or will be when its lock is free' : plain(found)}`
  })
}
