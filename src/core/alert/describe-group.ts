import type { AlertGroup, Silence } from '../alert.ts'
import { BLIND } from '../alert.ts'
import { milliseconds } from '../duration.ts'
import { asCode } from '../text.ts'
import { atText, groupLine, inHandText, sinceText } from './describe.ts'
import { alertLines } from './describe-alert.ts'
import { noteLines } from './describe-note.ts'
import { behaviourParts, stepText } from './describe-rule.ts'
import { silenceLine } from './describe-silence.ts'
import { type Behaviour, behaviourOf } from './route.ts'
import type { AlertSettings } from './settings.ts'
import { alertStates } from './states.ts'

type Around = { readonly settings: AlertSettings; readonly silences: readonly Silence[]; readonly now: number }

/** All of a group: what fires and what else is in it, how it is told and what comes next, and its history. */
export function describeGroup(group: AlertGroup, { settings, silences, now }: Around): string[] {
  const behaviour = behaviourOf(settings, group.rule)
  const alerts = group.alerts.toSorted(
    (one, other) => alertStates.indexOf(one.state) - alertStates.indexOf(other.state),
  )
  const covering = silences.filter(({ id }) => group.alerts.some(({ silence }) => silence === id))
  return [
    groupLine(group, now),
    ruleText(group, settings, behaviour),
    ...comingLines(group, behaviour, now),
    ...covering.map((silence) => `🔕 Silence ${silenceLine(silence, now)}`),
    ...alerts.flatMap((alert) => alertLines(alert, now)),
    ...noteLines(group, now),
  ]
}

function ruleText({ rule }: AlertGroup, { rules }: AlertSettings, behaviour: Behaviour): string {
  const at = rules.findIndex(({ name }) => name === rule)
  const parts = behaviourParts(behaviour).join(', ')
  if (rule === BLIND) return `By the built-in rule *blind*: ${parts}`
  if (at < 0) return `The site has no rule ${asCode(rule)} any more, so it calls nobody: ${parts}`
  return `By rule ${at + 1}, *${rule}*: ${parts}`
}

/** The next reminder, and the escalations that were and will be; they stop with the alert and while somebody has it. */
function comingLines(group: AlertGroup, { remind, escalate }: Behaviour, now: number): string[] {
  const { openSince, escalated, endedAt } = group
  if (endedAt !== null) return []
  if (openSince === null) {
    const why = inHandText(group, now).length > 0 ? 'it is acknowledged' : `it is ${group.state}`
    return remind.length + escalate.length > 0 ? [`No reminder and no escalation comes while ${why}.`] : []
  }
  const reminder = nextReminder(remind, openSince, now)
  return [
    ...(reminder === null ? [] : [`Next reminder at ${atText(reminder, now)}, unless somebody acknowledges it.`]),
    ...escalate.map((step, at) => {
      const done = escalated.find(({ rung, since }) => rung === at && since === openSince)
      const due = openSince + milliseconds(step.after)
      return done
        ? `Escalated ${stepText(step)} at ${sinceText(done.at, now)}.`
        : `Escalates ${stepText(step)} at ${atText(due, now)}.`
    }),
  ]
}

/** The last of the times goes on as an interval. */
function nextReminder(remind: readonly string[], openSince: number, now: number): number | null {
  const times = remind.map(milliseconds)
  const last = times.at(-1)
  if (last === undefined) return null
  const passed = now - openSince
  return openSince + (times.find((time) => time > passed) ?? (Math.floor(passed / last) + 1) * last)
}
