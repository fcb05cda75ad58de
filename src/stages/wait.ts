import { z } from 'zod'
import { milliseconds } from '../core/duration.ts'
import type { Shape, StageDraft, StageKind } from '../core/workflow.ts'

const input = z.strictObject({
  for: z.string(),
  /** What one press on **Postpone** adds; without it there is no such button. */
  postpone: z.string().optional(),
  /** The longest it may be put off in all, from its beginning. */
  most: z.string().default('24h'),
  /** What comes after it, as the message says it. */
  why: z.string().optional(),
  /** It waits only where this plan would do anything, and with `when` only where that field of its output is true. */
  plan: z.string().optional(),
  when: z.string().optional(),
})

/** Waits for a time. It is a record with a due time, so that nothing is held meanwhile and a restart loses nothing. */
export const waitKind: StageKind<z.infer<typeof input>> = {
  kind: 'wait',
  input,
  repeatable: true,
  plan(input) {
    for (const text of [input.for, input.postpone ?? '1s', input.most]) milliseconds(text)
    return input
  },
}

/** A wait in a workflow: `wait({ for: '5m', postpone: '30m', why: 'Then two instances go.' })`. */
export function wait(draft: Shape & z.input<typeof input>): StageDraft {
  const { for: time, postpone, most, why, plan, when, ...shape } = draft
  const given = Object.entries({ for: time, postpone, most, why, plan, when }).filter(
    ([, value]) => value !== undefined,
  )
  return { kind: waitKind.kind, input: Object.fromEntries(given), ...shape }
}
