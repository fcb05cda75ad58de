import { nameOf, nameOfId } from '../../core/actor.ts'
import { spoken } from '../../core/duration.ts'
import type { StageRun } from '../../core/execution.ts'
import { isOver } from '../../core/execution.ts'
import { dayAndClock, judgmentText } from '../../core/judgment.ts'
import type { Promotion } from '../../core/promotion.ts'
import { fileNames } from '../../core/retention.ts'
import { wordOf } from '../../core/status-word.ts'
import { targetText } from '../../core/target.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { detailOf, linkTo } from './detail.ts'
import { graphOf } from './graph.ts'
import { page } from './layout.ts'
import { prose } from './prose.ts'
import { timesText } from './times.ts'
import type { RunView } from './view.ts'
import { waitsOf } from './waits.ts'
import { stateText, timeText } from './words.ts'

/** The page of one execution. What changes while it runs stands in `#now`, which is sent anew as a whole. */
export function runPage(view: RunView): string {
  const { id, line } = view.execution
  const base = `/runs/${id}`
  return page(
    `${wordOf(view.execution)}: ${line}`,
    html`<main id="run" data-base="${base}">
<p id="lost" class="bad" role="status" hidden></p>
<div id="now">${nowOf(view)}</div>
<section id="log"><h2>Log <select id="which" aria-label="Stage" autocomplete="off"></select> <span id="lines" class="small"></span></h2>
<p class="small tools"><label><input type="checkbox" id="follow" checked autocomplete="off"> Follow</label> <label>Find <input id="find" type="search" autocomplete="off"></label> <span id="found"></span> <a id="raw" href="${base}/log">as text</a></p>
<div id="view" tabindex="0" role="log" aria-label="Log"><div id="space"><div id="shown"></div></div></div>
</section>
<section id="plan"><p><a href="${base}/plan">Plan</a></p></section>
<section id="audit"><p><a href="${base}/audit">What was recorded of it</a></p></section>
</main>`,
    { script: 'run.js' },
  )
}

/** What changes: status, what it waits for, graph, stages with their times, judgments and notes. */
export function nowOf(view: RunView): Html {
  const { execution } = view
  const { id, createdAt, stages, judgments, notes } = execution
  const files = fileNames(execution).filter((name) => name.endsWith('.txt'))
  const many = stages.length > MANY_STAGES ? ' many' : ''
  return html`${headOf(view)}
${waitsOf(view)}
<div id="drawing" class="wide${many}" tabindex="0">${graphOf(execution)}</div>
<h2>Stages</h2>
<div id="listing" class="wide${many}"><table id="stages"><thead><tr><th>Stage</th><th>State</th><th>Began</th><th>Queued</th><th>Took</th><th>Where</th><th></th></tr></thead>
<tbody>${stages.map((stage) => stageRow(stage, view))}</tbody></table></div>
${judgments.length > 0 ? html`<h2>Judgments</h2><ul id="judgments">${judgments.map((each) => html`<li class="${each.fell ? 'fell' : each.decision}">${prose(judgmentText(each))}</li>`)}</ul>` : null}
${notes.length > 0 ? html`<h2>Notes</h2><ul id="notes">${notes.map(({ at, text }) => html`<li><time>${timeText(at, createdAt)}</time> ${prose(text)}</li>`)}</ul>` : null}
${files.length > 0 ? html`<h2>Files</h2><ul id="files">${files.map((name) => html`<li><a href="/runs/${id}/files/${name}">${name}</a></li>`)}</ul>` : null}`
}

/** A graph of more stages scrolls by itself, so that the log below it is not a thousand rows away. */
const MANY_STAGES = 40

function headOf({ execution, related, now }: RunView): Html {
  const { id, line, actor, environment, createdAt, endedAt, cancel, glass = [], parent, promotion } = execution
  const took = spoken((endedAt ?? now) - createdAt)
  const current = execution.stages.find((stage) => stage.state === 'running' && says(stage))
  const times = timesText(execution, now)
  return html`<header data-over="${isOver(execution) ? 'yes' : 'no'}" data-current="${current?.id ?? ''}">
<p class="small"><span class="id">${id}</span>${environment === null ? '' : ` on ${targetText(environment)}`}</p>
<h1><span class="word ${execution.status}">${wordOf(execution)}</span> <code>${line}</code></h1>
<p>asked by ${nameOf(actor)} at ${dayAndClock(createdAt)}, ${isOver(execution) ? `over after ${took}` : html`for <span id="age">${took}</span>`}${times ? html`<span id="times">: ${times}</span>` : null}${cancel ? `; cancel asked by ${nameOf(cancel.by)}${cancel.why ? `: ${cancel.why}` : ''}` : ''}</p>
${parent ? html`<p class="part">🧩 Part of <code>${parent.line}</code> (${related.parent ? linkTo(related.parent) : parent.execution}), its stage <code>${parent.stage}</code></p>` : null}
${related.retries ? html`<p class="part">🔁 Runs ${linkTo(related.retries)} again</p>` : null}
${promotion ? stepsOf(promotion, related) : null}
${glass.map((each) => html`<p class="glass">🔓 Asked for under break glass ${each.id} of ${nameOfId(each.by)}.</p>`)}
</header>`
}

function stepsOf({ name, step, environments }: Promotion, { steps }: RunView['related']): Html {
  const places = environments.map((environment, at) => {
    const there = steps[at]
    if (at + 1 === step) return html`<b>${environment}</b>`
    return html`${environment} ${there?.execution ? html`${wordOf(there.execution)} (${linkTo(there)})` : 'not begun'}`
  })
  return html`<p class="promotion">🪜 Step ${step} of ${environments.length} of the promotion <code>${name}</code>: ${places.map((place, at) => html`${at > 0 ? ' → ' : ''}${place}`)}</p>`
}

/** What people decide, and what only waits, has no log. */
function says({ kind }: StageRun): boolean {
  return kind !== 'judgment' && kind !== 'wait'
}

function stageRow(stage: StageRun, view: RunView): Html {
  const { execution, now } = view
  const { id, state, attempt, readyAt, startedAt, endedAt, worker } = stage
  const began = startedAt ?? null
  const end = endedAt ?? (state === 'running' || state === 'waiting' ? now : null)
  const took = began === null || end === null ? '' : spoken(end - began)
  const queued = readyAt === null || began === null ? '' : spoken(began - readyAt)
  const cell = (label: string, value: string) => html`<td data-label="${label}">${value}</td>`
  return html`<tr class="${state}"><td class="name"><a href="#log" data-stage="${id}" data-attempt="${attempt}" data-latest="yes" data-says="${says(stage) && attempt > 0 ? 'yes' : 'no'}">${id}</a></td><td class="state">${stateText(stage)}${attempt > 1 ? ` (attempt ${attempt})` : ''}</td>${cell('Began', timeText(began, execution.createdAt))}${cell('Queued', queued)}${cell('Took', took)}${cell('Where', worker?.host ?? '')}<td class="why">${detailOf(stage, view)}</td></tr>`
}
