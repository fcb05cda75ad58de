import type { Behaviour } from '../../core/alert/route.ts'
import type { AlertGroup, Escalated } from '../../core/alert.ts'
import { spoken } from '../../core/duration.ts'
import type { Message } from '../limits.ts'
import { acknowledgedLines } from './alert.ts'
import { alertButtons } from './alert-buttons.ts'
import { alertLines } from './alert-lines.ts'
import { clockOf, headline, isOver, mentionsText } from './alert-words.ts'
import { actions, finished, section } from './blocks.ts'
import { link } from './text.ts'
import { unbold } from './view.ts'

/** `url`: of the live message of the group. */
export type EscalationView = {
  readonly group: AlertGroup
  readonly behaviour: Behaviour
  readonly escalated: Escalated
  readonly url?: string | undefined
}

/**
 * One step of an escalation: whom it calls, and what it is about. It is drawn from the group as it is now, so that it says in place
 * when somebody acknowledged, or when it is over.
 */
export function escalationMessage({ group, behaviour, escalated, url }: EscalationView): Message {
  const { step, rung, since, at } = escalated
  const { id, version } = group
  const needed = isNeeded(group)
  const called = needed ? mentionsText(behaviour.escalate[rung]?.mention ?? []) : ''
  const first = headline(group)
  const why = `📣 Escalated at ${clockOf(group)(at)}: nobody had acknowledged it within ${spoken(at - since)}.${url ? ` ${link(url, 'Its message')} has the rest.` : ''}`
  const [worst = []] = needed ? alertLines(group) : []
  const answered = acknowledgedLines(group)
  const blocks = [
    section(first, ...(called ? [called] : []), why, ...answered),
    ...(worst.length > 0 ? [section(...worst)] : []),
    ...actions(alertButtons(group, behaviour.runbook)),
  ]
  const text = [`Escalated: ${unbold(first)}`, called].filter(Boolean).join(' ')
  const name = `alert-escalation-${id}-${step}`
  return finished({ text, blocks }, { first: `${name}-v${version}`, prefix: `ae-${id}-${step}-${version}` })
}

/** Whether it still needs somebody. */
function isNeeded(group: AlertGroup): boolean {
  return !isOver(group) && !group.acknowledged && ['firing', 'unknown', 'vanished'].includes(group.state)
}
