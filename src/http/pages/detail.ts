import { spoken } from '../../core/duration.ts'
import type { StageRun } from '../../core/execution.ts'
import { clock } from '../../core/judgment.ts'
import { lastSign } from '../../core/signs.ts'
import { wordOf } from '../../core/status-word.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { prose, untilText } from './prose.ts'
import type { Linked, RunView } from './view.ts'
import { timeText, whyText } from './words.ts'

/** What is to be said of a stage beside its state: what it says, until when it waits, why it ended so, and its earlier tries. */
export function detailOf(stage: StageRun, view: RunView): Html {
  const lines = [...stateLines(stage, view), ...childLines(view.related.children.get(stage.id)), ...tryLines(stage)]
  return html`${lines.map((line) => html`<div>${line}</div>`)}`
}

function stateLines(stage: StageRun, view: RunView): Html[] {
  const { state, recovers = [], dueAt, held, stopped } = stage
  const { now } = view
  if (state === 'running')
    return [
      ...signLine(stage, view),
      ...(stopped
        ? [
            html`🛑 ${stopped.force ? 'being killed' : 'being stopped'} since ${clock(stopped.at)}: ${prose(stopped.why)}`,
          ]
        : []),
    ]
  if (state === 'waiting') return held || dueAt === null ? [] : [html`${untilText(dueAt, now)}`]
  if (state === 'pending' && recovers.length > 0) return [html`runs if ${recovers.join(' or ')} fails`]
  if (state === 'ready' && stage.tries && (stage.readyAt ?? 0) > now)
    return [
      html`try ${stage.tries.length + 1} of ${(stage.retry?.times ?? stage.tries.length) + 1} at ${clock(stage.readyAt ?? now)} (in ${spoken((stage.readyAt ?? now) - now)})`,
    ]
  const choice = stage.kind === 'judgment' && stage.outcome?.kind === 'succeeded' ? stage.outcome.output.choice : null
  if (typeof choice === 'string') return [html`with <code>${choice}</code>`]
  const why = whyText(stage)
  const means = state === 'failed' ? MEANS[stage.onFailure] : undefined
  return [...(why ? [prose(why)] : []), ...(means ? [html`${means}`] : [])]
}

/** What a failure means that does not end the execution. */
const MEANS: Readonly<Record<string, string>> = {
  'halt-branch': 'only its branch ends',
  'finish-then-fail': 'the rest is finished, then it fails',
  continue: 'gone on from',
}

/** Its latest word; where that is long ago, how long. */
function signLine(stage: StageRun, { progress, now, quietAfter }: RunView): Html[] {
  const sign = lastSign(stage, progress)
  if (!sign) return []
  if (now - sign.at < quietAfter) return sign.text ? [html`${sign.text}`] : []
  const silent = now - sign.at
  const ago = silent < 60_000 ? `${spoken(silent)} ago` : `${Math.floor(silent / 60_000)} min ago`
  return [
    html`<span class="quiet">⚠️ ${sign.text ? html`last sign of life ${ago}, in ${sign.where ? `${sign.where} (${sign.text})` : sign.text}` : `no sign of life since it began ${ago}`}</span>`,
  ]
}

function childLines(child: Linked | undefined): Html[] {
  return child?.execution
    ? [
        html`🧩 <code>${child.execution.line}</code> is <span class="word ${child.execution.status}">${wordOf(child.execution)}</span> (${linkTo(child)})`,
      ]
    : []
}

/** The id of another execution, as a link where it has one. */
export function linkTo({ id, href }: Linked): Html {
  return href ? html`<a class="run" href="${href}">${id}</a>` : html`<span class="id">${id}</span>`
}

/** Each earlier try with its log. */
function tryLines({ id, tries = [] }: StageRun): Html[] {
  return tries.map(({ attempt, at, error }) => {
    const [first = ''] = error.split('\n')
    return html`<a href="#log" data-stage="${id}" data-attempt="${attempt}" data-says="yes" class="try">try ${attempt}</a> failed at ${timeText(at, at)}: ${prose(first.slice(0, 300))}`
  })
}
