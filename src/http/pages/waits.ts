import { nameOf } from '../../core/actor.ts'
import type { EnvironmentRecord } from '../../core/environment.ts'
import { placeOf } from '../../core/environment.ts'
import type { Execution, StageRun } from '../../core/execution.ts'
import { openText } from '../../core/judgment/count.ts'
import { ownersOf, ownersText } from '../../core/judgment/owners.ts'
import { approversIn, choicesOf } from '../../core/judgment/settings.ts'
import { peopleText, rolesText } from '../../core/judgment.ts'
import { digestOf } from '../../core/settle.ts'
import { targetText } from '../../core/target.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { prose, untilText } from './prose.ts'
import type { RunView } from './view.ts'
import { timeText } from './words.ts'

/** What it waits for and until when: people, a clock, a window, the lock. Whoever opens the page wants to know this first. */
export function waitsOf({ execution, environment, now }: RunView): Html | null {
  const { stages } = execution
  const lines = [
    ...(environment ? [lockText(environment, execution, now)] : []),
    ...stages.flatMap((stage) => (stage.state === 'ready' && stage.stuck ? [stuckText(stage.id, stage.stuck)] : [])),
    ...stages.filter(({ state }) => state === 'waiting').map((stage) => waitOf(execution, stage, now)),
    ...(execution.status === 'unknown' ? stages.filter(({ state }) => state === 'unknown').map(unknownText) : []),
  ]
  return lines.length === 0 ? null : html`<section id="waits">${lines}</section>`
}

/** Its lock is held by another one, which may be in a channel that whoever looks is not in: named, and not linked. */
function lockText(environment: EnvironmentRecord, { id }: Execution, now: number): Html {
  const { lock, name } = environment
  const place = placeOf(environment, id)
  const holder = lock
    ? html` Held by <code>${lock.line}</code> (${lock.execution}) of ${nameOf(lock.actor)} since ${timeText(lock.since, now)}; until that is over.`
    : null
  return html`<p class="waits lock">🔒 Waits for the lock of ${targetText(name)}${place > 0 ? `, ${place}. in the queue` : ''}.${holder}</p>`
}

function stuckText(id: string, why: string): Html {
  return html`<p class="waits stuck">⏳ <code>${id}</code> waits for a worker. ${prose(why)}</p>`
}

function unknownText({ id }: StageRun): Html {
  return html`<p class="waits unknown">❓ Nobody saw how <code>${id}</code> ended: people have to look and choose, in its message in Slack.</p>`
}

function waitOf(execution: Execution, stage: StageRun, now: number): Html {
  const { id, kind, held, dueAt, input } = stage
  if (held)
    return html`<p class="waits held">${held.by === 'freeze' ? '🧊' : '🌙'} <code>${id}</code> waits: ${prose(held.text)}.</p>`
  const until = dueAt === null ? '' : ` ${untilText(dueAt, now)}`
  if (kind === 'judgment') return judgmentOf(execution, stage, until)
  const skip = Array.isArray(input.skip) ? input.skip.map(String) : []
  const more = skip.length > 0 ? `; ${rolesText(skip)} may skip it` : ''
  return html`<p class="waits clock">⏲️ <code>${id}</code> waits${until}${prose(more)}.${typeof input.why === 'string' ? ` ${input.why}` : ''}</p>`
}

/** What people have to know to judge: what is asked, who may, what is there and what is missing. The buttons are in Slack. */
function judgmentOf(execution: Execution, stage: StageRun, until: string): Html {
  const { id, input } = stage
  const roles = approversIn(input)
  const owners = ownersOf(execution, stage)
  const owned =
    owners === null
      ? null
      : typeof owners === 'string'
        ? owners
        : `Only owners of \`${owners.path}\` (CODEOWNERS): ${ownersText(owners)}`
  const choices = choicesOf(input)
  const standing = openText(stage, execution.judgments, digestOf(execution, stage))
  const asked = execution.askers.filter((each) => !/^(lifetime|email):/.test(each))
  const facts: [string, Html][] = [
    [
      'Who',
      html`${prose(roles.length > 0 ? `one of ${rolesText(roles)}` : 'an approver')}${asked.length > 0 ? `, but nobody who asked for it: ${peopleText(asked)}` : ''}`,
    ],
    ...(owned ? [['Owners', prose(owned)] as [string, Html]] : []),
    ...(choices.length > 0 ? [['Choices', html`${choices.map(choiceOf)}`] as [string, Html]] : []),
    ...standing.map((line): [string, Html] => ['So far', prose(line)]),
  ]
  return html`<div class="waits people" data-judgment="${id}">
<p>✋ <code>${id}</code> waits for approval${until}; the buttons are in its message in Slack.</p>
${typeof input.instructions === 'string' ? html`<p class="instructions">${input.instructions}</p>` : null}
<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
</div>`
}

function choiceOf({ value, label, rejects }: ReturnType<typeof choicesOf>[number]): Html {
  return html`<span class="choice ${rejects ? 'rejected' : ''}">${label}${label.toLowerCase() === value.toLowerCase() ? '' : ` (${value})`}${rejects ? ', which ends it' : ''}</span> `
}
