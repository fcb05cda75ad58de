import { spoken } from '../../core/duration.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { timeText } from './words.ts'

/** A text as messages have it, with what stands in backticks as code. */
export function prose(text: string): Html {
  const parts = text.split(/`([^`\n]+)`/)
  return html`${parts.map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : part))}`
}

/** `until 17:42 UTC (in 12 m)`, with the day where it is not today. */
export function untilText(at: number, now: number): string {
  return `until ${timeText(at, now)}${at > now ? ` (in ${spoken(at - now)})` : ''}`
}
