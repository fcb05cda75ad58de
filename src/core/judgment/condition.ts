import { z } from 'zod'
import type { Execution } from '../execution.ts'
import { outputNamed } from '../reference.ts'
import type { Fields } from '../workflow.ts'

const single = z.union([z.string(), z.number(), z.boolean()])

/** What an earlier stage has to have given for this one to be done: `{ ref: 'judgment.choice', is: 'all' }`, or one of several values. */
export const condition = z.strictObject({
  ref: z.string().regex(/^[a-z][a-z0-9._-]*\.[A-Za-z0-9_]+$/),
  is: z.union([single, z.array(single).min(1)]),
})

export type Condition = z.infer<typeof condition>

const planned = z.looseObject({ conditions: z.array(condition).optional() })

/** The conditions of a planned stage. Throws for what cannot be read: a stage is never done because its condition was lost. */
export function conditionsOf(input: Fields): Condition[] {
  return planned.parse({ conditions: input.conditions }).conditions ?? []
}

/** The first condition of a stage that does not hold; null where it may be done. A stage that gave nothing fulfils none. */
export function unmet(execution: Execution, input: Fields): Condition | null {
  if (input.conditions === undefined) return null
  const holds = ({ ref, is }: Condition) => {
    const value = outputNamed(execution, ref)
    return value !== undefined && (Array.isArray(is) ? is : [is]).some((each) => each === value)
  }
  return conditionsOf(input).find((each) => !holds(each)) ?? null
}

/** Why a stage was left out: `judgment.choice is not all`. */
export function unmetText({ ref, is }: Condition): string {
  return `\`${ref}\` is not ${(Array.isArray(is) ? is : [is]).join(' or ')}`
}
