import { nameOf } from '../../core/actor.ts'
import { spoken } from '../../core/duration.ts'
import type { Execution } from '../../core/execution.ts'
import { dayAndClock } from '../../core/judgment.ts'
import { wordOf } from '../../core/status-word.ts'
import { targetText } from '../../core/target.ts'
import { html } from '../html.ts'
import { page } from './layout.ts'

/** What somebody looks for; an empty text is everything. */
export type Filter = {
  readonly status: string
  readonly command: string
  readonly environment: string
  readonly who: string
}

export type ListView = {
  readonly runs: readonly Execution[]
  readonly filter: Filter
  /** So many of the newest were looked through. */
  readonly searched: number
  readonly now: number
  readonly linkOf: (execution: string) => string
}

const STATUSES = [
  'open',
  'queued',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'rejected',
  'expired',
  'withdrawn',
  'canceled',
  'unknown',
]

/** Whether an execution is looked for. `people`: what they are called, each with the id in Slack. */
export function fits(
  run: Execution,
  { status, command, environment, who }: Filter,
  people: readonly (readonly [name: string, user: string])[] = [],
): boolean {
  const has = (text: string, part: string) => text.toLowerCase().includes(part.trim().toLowerCase())
  const hasTarget = (name: string | null, part: string) =>
    name === null ? part.trim() === '' : has(name, part) || has(targetText(name), part)
  const stands =
    status === '' ||
    (status === 'open' ? run.endedAt === null : [run.status, run.ending, wordOf(run)].includes(status as never))
  const { actor } = run
  const called = people.flatMap(([name, user]) => (actor.kind === 'slack' && user === actor.user ? name : []))
  const byWhom = [nameOf(actor), ...called].some((name) => has(name, who))
  return stands && byWhom && has(run.line, command) && hasTarget(run.environment, environment)
}

/** The latest executions, each a link to its own page. */
export function listPage({ runs, filter, searched, now, linkOf }: ListView): string {
  const field = (name: keyof Filter, label: string) =>
    html`<label>${label} <input name="${name}" value="${filter[name]}" autocomplete="off"></label>`
  const options = ['', ...STATUSES].map(
    (each) => html`<option value="${each}" ${each === filter.status ? html`selected` : null}>${each || 'any'}</option>`,
  )
  const unknown = runs.length > 0 || ['', ...STATUSES].includes(filter.status) ? null : filter.status
  const rows = runs.map(
    (run) => html`<tr>
<td class="name"><a href="${linkOf(run.id)}">${run.id}</a></td>
<td class="state"><span class="word ${run.status}">${wordOf(run)}</span></td>
<td class="line">${run.line}</td>
<td data-label="On">${run.environment === null ? '' : targetText(run.environment)}</td>
<td data-label="By">${nameOf(run.actor)}${run.glass?.length ? ' 🔓 break glass' : ''}</td>
<td data-label="Asked">${dayAndClock(run.createdAt)}</td>
<td data-label="For">${spoken((run.endedAt ?? now) - run.createdAt)}</td>
</tr>`,
  )
  return page(
    'Executions',
    html`<main id="list">
<h1>Executions</h1>
<form method="get" action="/runs" class="filters">
<label>Status <select name="status">${options}</select></label>
${field('command', 'Command')} ${field('environment', 'Environment')} ${field('who', 'Who')}
<button>Show</button>
</form>
${unknown === null ? null : html`<p id="unknown" class="bad">There is no status ${unknown}; there are ${STATUSES.join(', ')}.</p>`}
<div class="wide"><table id="runs">
<thead><tr><th>Id</th><th>Status</th><th>Command</th><th>On</th><th>By</th><th>Asked</th><th>For</th></tr></thead>
<tbody>${rows}</tbody>
</table></div>
${runs.length === 0 ? html`<p id="none">${searched === 0 ? 'There is no execution yet.' : html`None of the newest ${searched} is like that. <a href="/runs">All of them</a>`}</p>` : html`<p class="small">${runs.length} of the newest ${searched}.</p>`}
</main>`,
    { script: 'list.js' },
  )
}
