import { html } from '../html.ts'
import { page } from './layout.ts'

/** Why somebody sees nothing, in the words of the refusal. */
export function errorPage(status: number, why: string): string {
  return page(`${status}`, html`<main class="narrow"><h1>${status}</h1><p id="why">${why}</p></main>`)
}
