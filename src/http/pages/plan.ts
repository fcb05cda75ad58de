import type { PlanPart } from '../../core/plan-lines.ts'
import { planParts } from '../../core/plan-lines.ts'
import { html } from '../html.ts'
import { page } from './layout.ts'

export type PlanText = { readonly stage: string; readonly headline: string; readonly text: string | null }

/** More changes than this begin folded: the heads say what there is. */
const MOST_OPEN = 12

/** The plans of an execution as readable diffs: a change each, risky ones first to be seen by their colour and their sign. */
export function planPage(plans: readonly PlanText[]): string {
  const sections = plans.map(({ stage, headline, text }) => {
    const parts = text === null ? [] : planParts(text)
    const open = parts.filter(({ head }) => head !== null).length <= MOST_OPEN
    return html`<h2>Plan <code>${stage}</code></h2>
<p class="headline">${headline}</p>
${text === null ? html`<p class="small">Its text is kept for a week, and is gone.</p>` : parts.map((part) => partOf(part, open))}`
  })
  return page('Plan', html`<main>${sections}</main>`)
}

function partOf({ head, kind, lines }: PlanPart, open: boolean) {
  const shown = lines.map(
    (line) => html`<span class="${line.kind}">${line.text}
</span>`,
  )
  if (head === null) return html`<pre class="diff">${shown}</pre>`
  return html`<details class="change ${kind}" ${open ? html`open` : null}><summary>${head}</summary><pre class="diff">${shown}</pre></details>`
}
