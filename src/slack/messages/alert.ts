import type { KnownBlock } from '@slack/types'
import { nameOf } from '../../core/actor.ts'
import { matchersText } from '../../core/alert/describe-silence.ts'
import type { Behaviour } from '../../core/alert/route.ts'
import type { Alert, AlertGroup, Silence } from '../../core/alert.ts'
import { dayAndClock } from '../../core/judgment.ts'
import type { Message } from '../limits.ts'
import { alertButtons } from './alert-buttons.ts'
import { detailLines } from './alert-details.ts'
import { alertLines } from './alert-lines.ts'
import { nextLine } from './alert-next.ts'
import { clockOf, headline, isOver, labelText, lastChange, mentionsText, shelfOf } from './alert-words.ts'
import { actions, context, finished, section } from './blocks.ts'
import { code, people } from './text.ts'
import { unbold } from './view.ts'

/** All that the message of a group is made of. `silences`: those that cover anything in it; one that is gone is named by its id. */
export type AlertView = {
  readonly group: AlertGroup
  readonly behaviour: Behaviour
  readonly silences: readonly Silence[]
}

/** Details of more alerts than these are in the thread. */
const MOST_DETAILED = 2

/**
 * The live message of a group: a pure function of what is stored, so that it can be posted anew at any time. What matters comes first:
 * it is read on a phone. Its first block has the id `alert-<id>-v<version>`, by which the bot finds it again.
 */
export function alertMessage({ group, behaviour, silences }: AlertView): Message {
  const { id, version, state } = group
  const first = headline(group)
  const called = state === 'firing' ? mentionsText(behaviour.mention) : ''
  const next = nextLine(group, behaviour)
  const blocks = [
    section(first, ...(called ? [called] : [])),
    ...alertLines(group).map((lines) => section(...lines)),
    ...small([...acknowledgedLines(group), ...silenceLines(group, silences)]),
    ...detailBlocks(group),
    ...(next ? [section(`*Next*: ${next}`)] : []),
    ...actions(alertButtons(group, behaviour.runbook)),
    context(`${code(id)}, opened ${dayAndClock(group.openedAt)}, last change ${dayAndClock(lastChange(group))}`),
  ]
  const text = [`${unbold(first)}${firstLabel(group)}`, called].filter(Boolean).join(' ')
  return finished({ text, blocks }, { first: `alert-${id}-v${version}`, prefix: `a-${id}-${version}` })
}

function small(lines: readonly string[]): KnownBlock[] {
  return lines.length > 0 ? [context(...lines)] : []
}

/** A notification is meaningful alone: it names the first that fires. */
function firstLabel({ alerts }: AlertGroup): string {
  const found = alerts.find((alert) => shelfOf(alert) === 'firing')
  return found ? `: ${labelText(found)}` : ''
}

/** Who looks after it, until when and why; and who closed what vanished. What people wrote stands in code. */
export function acknowledgedLines(group: AlertGroup): string[] {
  const clock = clockOf(group)
  const { acknowledged, notes } = group
  const closed = group.state === 'closed' ? notes.findLast(({ what }) => what === 'closed') : undefined
  return [
    ...(acknowledged
      ? [
          `👀 Acknowledged by ${people(nameOf(acknowledged.by))} at ${clock(acknowledged.at)}${
            isOver(group) ? '' : `, until ${clock(acknowledged.until)}`
          }${reason(acknowledged.why)}`,
        ]
      : []),
    ...(closed?.by ? [`☑️ Closed by ${people(nameOf(closed.by))} at ${clock(closed.at)}${reason(closed.why)}`] : []),
  ]
}

function reason(why: string | null | undefined): string {
  return why ? `: ${code(why, 300)}` : ''
}

const MOST_SILENCES = 5

function silenceLines(group: AlertGroup, silences: readonly Silence[]): string[] {
  const clock = clockOf(group)
  const named = group.alerts.flatMap((alert) => (shelfOf(alert) === 'silenced' ? [alert.silence ?? ''] : []))
  const lines = [...new Set(named)].map((id) => {
    const silence = silences.find((each) => each.id === id)
    if (!silence) return `🔕 Silence ${code(id)}`
    const { by, until, why, matchers } = silence
    return `🔕 Silence ${code(id)} until ${clock(until)} by ${people(nameOf(by))}${reason(why)} (${people(matchersText(matchers))})`
  })
  const left = lines.length - MOST_SILENCES
  return [...lines.slice(0, MOST_SILENCES), ...(left > 0 ? [`… +${left} more silences`] : [])]
}

/** Figures of a burst, and what ends when, with the name of the alert where there are several. */
function detailBlocks(group: AlertGroup): KnownBlock[] {
  const detailed = group.alerts.filter((alert) => alert.details && shelfOf(alert) === 'firing')
  return detailed.slice(0, MOST_DETAILED).flatMap((alert: Alert) => {
    const lines = alert.details ? detailLines(alert.details, clockOf(group)) : []
    const named = detailed.length > 1 ? [`${labelText(alert)}:`] : []
    return lines.length > 0 ? [section(...named, ...lines)] : []
  })
}
