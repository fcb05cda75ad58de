import { html } from '../html.ts'
import { page } from './layout.ts'

/** What the audit has of an execution, as `runs why` says it. */
export function auditPage(lines: readonly string[]): string {
  const shown = lines.map((line) => html`<li>${line.replace(/[*`]/g, '')}</li>`)
  return page('Audit', html`<main><h2>What was recorded of it</h2><ul id="records">${shown}</ul></main>`)
}
