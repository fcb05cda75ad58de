import { z } from 'zod'
import { milliseconds } from '../duration.ts'

/** A duration as it stands in the site file (`4h`); kept as text, so that messages say what the site says. */
export const duration = z.string().refine(isDuration, { error: 'expected a duration such as 90s, 45m, 4h or 1h30m' })

export const name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]*$/, { error: 'expected a name of lower-case letters, digits, - and _' })

export const variables = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

/** Labels that a worker must have. */
export const labels = z
  .array(z.string().regex(/^[a-z0-9_.-]+(=[a-z0-9_.-]+)?$/, { error: 'expected a label such as network=hub' }))
  .default([])

const count = z.number().int().min(0)

/** How far a count may go, and by how much one step changes it. */
const limits = { min: count.default(1), max: count, step: z.number().int().min(1).default(1) }
const ORDER = { error: 'expected `min` to be at most `max`' }

/** Limits of what one variable counts. */
export const countedBy = z.strictObject({ variable: z.string(), ...limits }).refine(({ min, max }) => min <= max, ORDER)

/** Limits alone, where it is known already what is counted. */
export const countLimits = z.strictObject(limits).refine(({ min, max }) => min <= max, ORDER)

export function isDuration(text: string): boolean {
  try {
    return milliseconds(text) > 0
  } catch {
    return false
  }
}
