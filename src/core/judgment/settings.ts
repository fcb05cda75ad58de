import { z } from 'zod'
import type { Fields } from '../workflow.ts'

/** More buttons than these are a select; Slack takes no longer list than this. */
export const MOST_BUTTONS = 5
const MOST_CHOICES = 100
const MOST_PEOPLE = 20

/** One answer that approves, or with `rejects` one that ends the judgment as rejected. */
export type Choice = {
  readonly value: string
  readonly label: string
  readonly style?: 'primary' | 'danger'
  readonly rejects?: boolean
}

const value = z
  .string()
  .min(1)
  .max(60)
  .refine((text) => text.trim() === text && !/[\n`]/.test(text), {
    error: 'expected a value on one line, without backticks and without spaces around it',
  })

const choice = z.strictObject({
  value,
  label: z.string().min(1).max(70),
  style: z.enum(['primary', 'danger']).optional(),
  rejects: z.boolean().optional(),
})

/** `stop` alone means what it says; whoever wants to go on from a stop writes `rejects: false`. */
const asText = value.transform((text): z.infer<typeof choice> => ({ value: text, label: text }))

export const choices = z
  .array(z.union([asText, choice]))
  .min(1)
  .max(MOST_CHOICES)
  .transform((all) =>
    all.map((each): Choice => {
      const rejects = each.rejects ?? each.value.toLowerCase() === 'stop'
      const style = each.style ?? (rejects ? 'danger' : undefined)
      return { value: each.value, label: each.label, ...(style ? { style } : {}), ...(rejects ? { rejects } : {}) }
    }),
  )
  .refine((all) => new Set(all.map((each) => each.value)).size === all.length, {
    error: 'has the same choice twice',
  })
  .refine((all) => all.some(({ rejects }) => !rejects), { error: 'has no choice that goes on' })

export const group = z.strictObject({ role: z.string().min(1), count: z.number().int().min(1).max(MOST_PEOPLE) })

export type Group = z.infer<typeof group>

/** How many people it takes in all, and how many of each role; a person counts once, and for one role only. */
export type Requirement = { readonly count: number; readonly groups: readonly Group[] }

const planned = z.looseObject({
  choices: z.array(choice).default([]),
  count: z.number().int().min(1).default(1),
  groups: z.array(group).default([]),
  approvers: z.array(z.string()).default([]),
})

/** The choices of a planned judgment; none where it only asks for yes or no, as all did before there were choices. */
export function choicesOf(input: Fields): readonly Choice[] {
  return (planned.safeParse(input).data?.choices ?? []) as readonly Choice[]
}

/** What a planned judgment needs. One that cannot be read needs what nobody can give. */
export function requirementOf(input: Fields): Requirement {
  const read = planned.safeParse(input).data
  return read ? { count: read.count, groups: read.groups } : { count: Number.MAX_SAFE_INTEGER, groups: [] }
}

/** The roles that may judge it. */
export function approversIn(input: Fields): string[] {
  return planned.safeParse(input).data?.approvers ?? []
}

/** Whether one approval is all it takes: only such a one can have been given in advance. */
export function isPlain(input: Fields): boolean {
  const { count, groups } = requirementOf(input)
  return count <= 1 && groups.length === 0 && choicesOf(input).length === 0 && input.codeowners === undefined
}
