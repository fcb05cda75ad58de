import { z } from 'zod'
import { UserError } from '../errors.ts'
import type { Execution } from './execution.ts'
import { outputOf } from './execution.ts'
import type { Fields, Json } from './workflow.ts'

/** A value that an earlier stage gives: `{ ref: 'terraform.plan.digest' }`, a stage and a field of its output. */
export const reference = z.strictObject({
  ref: z.string().regex(/^[a-z][a-z0-9._-]*\.[A-Za-z0-9_]+$/, {
    error: "expected a stage and a field that it gives, such as { ref: 'bake.artifact' }",
  }),
})
export type Reference = z.infer<typeof reference>

/** The references in an input, however deep. */
export function referencesIn(value: Json | undefined): string[] {
  const found = reference.safeParse(value)
  if (found.success) return [found.data.ref]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(referencesIn)
}

/** The stage that a reference names: ids may have dots too, so that the longest one that is there counts. */
export function stageNamed(ref: string, stages: readonly { readonly id: string }[]): string {
  const named = stages.filter(({ id }) => ref.startsWith(`${id}.`)).sort((a, b) => b.id.length - a.id.length)
  return named[0]?.id ?? ref.slice(0, ref.lastIndexOf('.'))
}

/** What a reference stands for now: a field that its stage gave itself (`constructor` is none of those), or nothing. */
export function outputNamed(execution: Execution, ref: string): Json | undefined {
  const stage = stageNamed(ref, execution.stages)
  const output = outputOf(execution, stage)
  const field = ref.slice(stage.length + 1)
  return output && Object.hasOwn(output, field) ? output[field] : undefined
}

/** The input with every reference replaced by what the stage gave. Throws a `UserError` where it gave no such field. */
export function resolved(input: Fields, outputs: (ref: string) => Json | undefined): Fields {
  return resolvedValue(input, outputs) as Fields
}

function resolvedValue(value: Json | undefined, outputs: (ref: string) => Json | undefined): Json | undefined {
  const found = reference.safeParse(value)
  if (found.success) return outputs(found.data.ref) ?? missing(found.data.ref)
  if (Array.isArray(value)) return value.map((each) => resolvedValue(each, outputs) as Json)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, resolvedValue(each, outputs)]))
}

function missing(ref: string): never {
  throw new UserError(`\`${ref}\` is needed here, and the stage that it names gave no such output.`)
}
