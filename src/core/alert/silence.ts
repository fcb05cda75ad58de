import type { Actor } from '../actor.ts'

/** What a silence covers: whatever fits all that is given, with `*` for any text. */
export type Matchers = {
  readonly rule?: string
  readonly dc?: string
  readonly severity?: string
  readonly node?: string
  readonly service?: string
  readonly check?: string
  readonly tag?: string
}

export type Silence = {
  readonly id: string
  readonly version: number
  readonly matchers: Matchers
  readonly by: Actor
  readonly why: string
  readonly from: number
  readonly until: number
  /** By somebody, before its time. */
  readonly ended: { readonly by: Actor; readonly at: number } | null
  /** Its end was told wherever it matters. */
  readonly closed: boolean
}

/** A test that somebody asked for: it fires as a check of this rule would, until then. */
export type AlertTest = {
  readonly id: string
  readonly rule: string
  readonly status: 'warning' | 'critical'
  readonly by: Actor
  readonly until: number
}
