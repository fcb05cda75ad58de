import { z } from 'zod'
import { fitsAll } from '../core/pattern.ts'
import { reference } from '../core/reference.ts'
import type { Json } from '../core/workflow.ts'

export const plain = z.union([z.string(), z.number(), z.boolean()])

/** What a command file gives a stage, for what the site says that it takes. */
export const wished = z.record(z.string(), z.union([plain, reference])).default({})

/** The same once it runs: by a reference anything may come that an earlier stage gave. */
export const given = z.record(z.string(), z.json())

/**
 * Why one of them may not be handed on, as the end of a sentence that names who does not get it, or null. The value itself is not told: it may
 * be a secret.
 */
export function misfit(values: z.infer<typeof given>, takes: Readonly<Record<string, string>>): string | null {
  for (const [name, value] of Object.entries(values)) {
    const pattern = takes[name]
    if (typeof value === 'object')
      return `\`${name}\` is ${kindOf(value)}; a text, a number or true and false can be handed on.`
    if (pattern === undefined || !fitsAll(pattern, String(value)))
      return `\`${name}\` has a value that does not fit what the site allows${pattern === undefined ? '' : ` (${pattern})`}.`
    // No program takes it, in its environment or among its arguments.
    if (String(value).includes('\0')) return `\`${name}\` has a zero byte in it.`
  }
  return null
}

function kindOf(value: Json): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object'
}
