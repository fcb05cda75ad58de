import { z } from 'zod'
import { milliseconds } from '../core/duration.ts'
import { readClock } from '../core/schedule/clock.ts'
import { readZone } from '../core/schedule/zone.ts'
import type { Shape, StageDraft, StageKind } from '../core/workflow.ts'
import { CommandFileError } from '../errors.ts'

const input = z
  .strictObject({
    for: z.string().optional(),
    /** A time of day, `18:00`, in `zone` (`UTC` without one): the next time that a clock there shows it. */
    until: z.string().optional(),
    zone: z.string().optional(),
    /** The roles that may end it with **Skip wait**; without it whoever approves here, or may cancel it. */
    skip: z.array(z.string()).min(1).optional(),
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
  .refine((wait) => (wait.for === undefined) !== (wait.until === undefined), {
    error: 'expected either `for` (a duration) or `until` (a time of day)',
  })
  .refine(({ zone, until }) => zone === undefined || until !== undefined, { error: '`zone` goes with `until`' })

/** Waits for a time. It is a record with a due time, so that nothing is held meanwhile and a restart loses nothing. */
export const waitKind: StageKind<z.infer<typeof input>> = {
  kind: 'wait',
  input,
  repeatable: true,
  plan(input, { site }) {
    for (const text of [input.for ?? '1s', input.postpone ?? '1s', input.most]) milliseconds(text)
    for (const role of input.skip ?? []) {
      if (Object.hasOwn(site.roles, role)) continue
      throw new CommandFileError(
        `A wait may be skipped by ${role}, which is no role of the site (there are ${Object.keys(site.roles).join(', ')}).`,
      )
    }
    if (input.until === undefined) return input
    return { ...input, until: readClock(input.until), zone: readZone(input.zone ?? 'UTC') }
  },
}

/** A wait in a workflow: `wait({ for: '5m', postpone: '30m', why: 'Then two instances go.' })`, `wait({ until: '18:00', zone: 'Asia/Tokyo' })`. */
export function wait(draft: Shape & z.input<typeof input>): StageDraft {
  const { for: time, until, zone, skip, postpone, most, why, plan, when, ...shape } = draft
  const given = Object.entries({ for: time, until, zone, skip, postpone, most, why, plan, when }).filter(
    ([, value]) => value !== undefined,
  )
  return { kind: waitKind.kind, input: Object.fromEntries(given), ...shape }
}
