import { nameOf, nameOfId } from '../../core/actor.ts'
import { spoken } from '../../core/duration.ts'
import type { Execution, StageRun } from '../../core/execution.ts'
import { isOver, wordOf } from '../../core/execution.ts'
import { dayAndClock, judgmentText } from '../../core/judgment.ts'
import { fileNames } from '../../core/retention.ts'
import { targetText } from '../../core/target.ts'
import type { Progress } from '../../engine/progress.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { graphOf } from './graph.ts'
import { page } from './layout.ts'
import { stateText, timeText, whyText } from './words.ts'

export type RunView = { readonly execution: Execution; readonly progress: readonly Progress[]; readonly now: number }

/** The page of one execution. What changes while it runs stands in `#now`, which is sent anew as a whole. */
export function runPage(view: RunView): string {
  const { id, line } = view.execution
  const base = `/runs/${id}`
  return page(
    `${wordOf(view.execution)}: ${line}`,
    html`<main id="run" data-base="${base}">
<div id="now">${nowOf(view)}</div>
<section id="log"><h2>Log <select id="which" aria-label="Stage" autocomplete="off"></select> <span id="lines" class="small"></span></h2>
<p class="small tools"><label><input type="checkbox" id="follow" checked autocomplete="off"> Follow</label> <label>Find <input id="find" type="search" autocomplete="off"></label> <span id="found"></span> <a id="raw" href="${base}/log">as text</a></p>
<div id="view" tabindex="0" role="log" aria-label="Log"><div id="space"><div id="shown"></div></div></div>
</section>
<section id="plan"><p><a href="${base}/plan">Plan</a></p></section>
<section id="audit"><p><a href="${base}/audit">What was recorded of it</a></p></section>
<p id="lost" class="bad" hidden></p>
</main>`,
    { script: 'run.js' },
  )
}

/** What changes: status, graph, stages with their times, judgments and notes. */
export function nowOf({ execution, progress, now }: RunView): Html {
  const { id, line, actor, environment, createdAt, endedAt, cancel, notes, judgments, glass = [], parent } = execution
  const took = spoken((endedAt ?? now) - createdAt)
  const current = execution.stages.find((stage) => stage.state === 'running' && says(stage))
  const files = fileNames(execution).filter((name) => name.endsWith('.txt'))
  return html`<header data-over="${isOver(execution) ? 'yes' : 'no'}" data-current="${current?.id ?? ''}">
<p class="small"><span class="id">${id}</span>${environment === null ? '' : ` on ${targetText(environment)}`}</p>
<h1><span class="word ${execution.status}">${wordOf(execution)}</span> <code>${line}</code></h1>
<p>asked by ${nameOf(actor)} at ${dayAndClock(createdAt)}, ${isOver(execution) ? `over after ${took}` : html`for <span id="age">${took}</span>`}${cancel ? `; cancel asked by ${nameOf(cancel.by)}${cancel.why ? `: ${cancel.why}` : ''}` : ''}</p>
${parent ? html`<p class="part">🧩 Part of <code>${parent.line}</code> (${parent.execution})</p>` : null}
${glass.map((each) => html`<p class="glass">🔓 Asked for under break glass ${each.id} of ${nameOfId(each.by)}.</p>`)}
</header>
<div class="wide">${graphOf(execution)}</div>
<h2>Stages</h2>
<div class="wide"><table id="stages"><thead><tr><th>Stage</th><th>State</th><th>Began</th><th>Waited</th><th>Took</th><th>Where</th><th></th></tr></thead>
<tbody>${execution.stages.map((stage) => stageRow(stage, { execution, progress, now }))}</tbody></table></div>
${judgments.length > 0 ? html`<h2>Judgments</h2><ul id="judgments">${judgments.map((each) => html`<li class="${each.fell ? 'fell' : each.decision}">${judgmentText(each)}</li>`)}</ul>` : null}
${notes.length > 0 ? html`<h2>Notes</h2><ul id="notes">${notes.map(({ at, text }) => html`<li><time>${timeText(at, createdAt)}</time> ${text}</li>`)}</ul>` : null}
${files.length > 0 ? html`<h2>Files</h2><ul id="files">${files.map((name) => html`<li><a href="/runs/${id}/files/${name}">${name}</a></li>`)}</ul>` : null}`
}

/** What people decide, and what only waits, has no log. */
function says({ kind }: StageRun): boolean {
  return kind !== 'judgment' && kind !== 'wait'
}

function stageRow(stage: StageRun, { execution, progress, now }: RunView): Html {
  const { id, state, attempt, readyAt, startedAt, endedAt, worker } = stage
  const began = startedAt ?? null
  const end = endedAt ?? (state === 'running' || state === 'waiting' ? now : null)
  const took = began === null || end === null ? '' : spoken(end - began)
  const waited = readyAt === null || began === null ? '' : spoken(began - readyAt)
  const word = progress.find((each) => each.stage === id && state === 'running' && each.at >= (startedAt ?? 0))
  return html`<tr class="${state}"><td><a href="#log" data-stage="${id}" data-attempt="${attempt}" data-says="${says(stage) && attempt > 0 ? 'yes' : 'no'}">${id}</a></td><td>${stateText(stage)}${attempt > 1 ? ` (attempt ${attempt})` : ''}</td><td>${timeText(began, execution.createdAt)}</td><td>${waited}</td><td>${took}</td><td>${worker?.host ?? ''}</td><td class="why">${word?.text || whyText(stage)}</td></tr>`
}
