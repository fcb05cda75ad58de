import { z } from 'zod'
import { artifact } from './catalogue.ts'
import type { Fields } from './workflow.ts'

/** What the stages of a bake leave in `outcome.output`. Read loosely, as report.ts does, so that an old record still makes a message. */
const text = z.string().catch('')
const texts = z.array(z.string()).catch([])
const textOrNull = z.string().nullable().catch(null)
const flag = z.boolean().catch(false)
const artifacts = z.array(artifact).catch([])

/** A bake with the same key that is finished already. */
const found = z.object({ version: z.string(), execution: text, by: text, at: z.number().catch(0), artifacts })

export const prepareOutput = z.object({
  image: z.string(),
  version: z.string(),
  key: z.string(),
  /** False where the same was baked before: nothing has to be built. */
  needsApply: flag,
  base: z.object({ image: z.string(), version: z.string(), artifacts }).nullable().catch(null),
  commit: textOrNull,
  packer: text,
  tree: text,
  variables: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).catch({}),
  /** The template as Packer is given it: a file of the tree, or `.`. */
  template: z.string().catch('.'),
  found: found.nullable().catch(null),
})

export const buildOutput = z.object({
  artifacts,
  /** What Packer said while it cleaned up after a cancel. */
  cleaned: texts,
  /** What may be left over, in words. */
  left: texts,
  vanished: flag,
})

export type PrepareOutput = z.infer<typeof prepareOutput>
export type BuildOutput = z.infer<typeof buildOutput>

/** The output of a prepare stage, or null when there is none that could be read. */
export function readPrepareOutput(output: Fields | null): PrepareOutput | null {
  return prepareOutput.safeParse(output).data ?? null
}

/** The same for a build. */
export function readBuildOutput(output: Fields | null): BuildOutput | null {
  return buildOutput.safeParse(output).data ?? null
}

/** The line that bakes the same once more, under a version of its own. */
export function rebakeLine(image: string, version: string, from?: string): string {
  return `bake ${image} --version ${version}${from === undefined ? '' : ` --from ${from}`} --rebake`
}
