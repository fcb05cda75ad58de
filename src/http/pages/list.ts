import { nameOf } from '../../core/actor.ts'
import { spoken } from '../../core/duration.ts'
import type { Execution } from '../../core/execution.ts'
import { wordOf } from '../../core/execution.ts'
import { dayAndClock } from '../../core/judgment.ts'
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
  'canceled',
  'unknown',
]

/** Whether an execution is looked for. */
export function fits(run: Execution, { status, command, environment, who }: Filter): boolean {
  const has = (text: string, part: string) => text.toLowerCase().includes(part.trim().toLowerCase())
  const stands =
    status === '' ||
    (status === 'open' ? run.endedAt === null : [run.status, run.ending, wordOf(run)].includes(status as never))
  return stands && has(run.line, command) && has(run.environment ?? '', environment) && has(nameOf(run.actor), who)
}

/** The latest executions, each a link to its own page. */
export function listPage({ runs, filter, searched, now, linkOf }: ListView): string {
  const field = (name: keyof Filter, label: string) =>
    html`<label>${label} <input name="${name}" value="${filter[name]}" autocomplete="off"></label>`
  const options = ['', ...STATUSES].map(
    (each) => html`<option value="${each}" ${each === filter.status ? html`selected` : null}>${each || 'any'}</option>`,
  )
  const rows = runs.map(
    (run) => html`<tr>
<td><a href="${linkOf(run.id)}">${run.id}</a></td>
<td><span class="word ${run.status}">${wordOf(run)}</span></td>
<td class="line">${run.line}</td>
<td>${run.environment === null ? '' : targetText(run.environment)}</td>
<td>${nameOf(run.actor)}${run.glass?.length ? ' 🔓 break glass' : ''}</td>
<td>${dayAndClock(run.createdAt)}</td>
<td>${spoken((run.endedAt ?? now) - run.createdAt)}</td>
</tr>`,
  )
  return page(
    'Executions',
    html`<main>
<h1>Executions</h1>
<form method="get" action="/runs" class="filters">
<label>Status <select name="status">${options}</select></label>
${field('command', 'Command')} ${field('environment', 'Environment')} ${field('who', 'Who')}
<button>Show</button>
</form>
<div class="wide"><table id="runs">
<thead><tr><th>Id</th><th>Status</th><th>Command</th><th>On</th><th>By</th><th>Asked</th><th>For</th></tr></thead>
<tbody>${rows}</tbody>
</table></div>
<p class="small">${runs.length} of the newest ${searched}.</p>
</main>`,
    { script: 'list.js' },
  )
}
