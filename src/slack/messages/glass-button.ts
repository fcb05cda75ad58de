import type { Button } from '@slack/types'
import { button } from './buttons.ts'

/** The button that ends a break glass; its opaque value says which, and nothing of what may be done. */
export function endButton(id: string): Button {
  return { ...button('End it', 'glass.end', { value: `glass|${id}`, about: `break glass ${id}` }), style: 'danger' }
}

/** The break glass of a click, where anything may stand; null for what is none of ours. */
export function readGlassValue(value: unknown): string | null {
  return /^glass\|([\w-]{1,40})$/.exec(String(value))?.[1] ?? null
}
