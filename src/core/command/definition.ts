import { z } from 'zod'
import { ConfigError } from '../../errors.ts'
import type { PromotionDraft } from '../promotion.ts'
import type { Site } from '../site.ts'
import type { Answer, AnswerContext, PlanContext, StageDraft } from '../workflow.ts'

type Shared<Args extends z.ZodObject> = {
  readonly summary: string
  /** Without it the command takes none. No default: positional, in order; with a default, or optional: a `--flag`, unless `positional(...)`. A needed one is a `--flag` within `flag(...)`. */
  readonly args?: Args
  /** What stands behind the name: `small --for 2h`. */
  readonly examples: readonly string[]
  /** What it works on: its lock is taken, its approvers judge. */
  readonly environment?: string | ((args: z.output<Args>, site: Site) => string)
  /** The image it works on, where that is no environment. */
  readonly image?: (args: z.output<Args>) => string
  /** The roles that may run it; `everyone` has to be said. */
  readonly allow: readonly [string, ...string[]]
  /** After how long what it made is taken down again. */
  readonly lifetime?: (args: z.output<Args>) => string
  /** Whether nothing is said in the channel unless a stage found something, or it did not end well. */
  readonly quiet?: (args: z.output<Args>) => boolean
  /** Why something that is not repeatable runs here without a judgment. */
  readonly unsafe?: string
  /** A newer request of this command takes the place of older ones of it that only wait, for a judgment or in the queue. */
  readonly supersedes?: boolean
  /** All its steps, each on an environment of its own, where a good end begins the next one. `stages` are those of the first. */
  readonly promotion?: (args: z.output<Args>, site: Site) => PromotionDraft
}

type Workflow<Args extends z.ZodObject> = {
  readonly stages: (args: z.output<Args>, context: PlanContext) => readonly StageDraft[]
  readonly answer?: never
}

type Query<Args extends z.ZodObject> = {
  readonly answer: (args: z.output<Args>, context: AnswerContext) => Promise<Answer>
  readonly stages?: never
}

/** What a command file says: a workflow (`stages`) or a read-only query (`answer`), never both. */
export type Definition<Args extends z.ZodObject> = Shared<Args> & (Workflow<Args> | Query<Args>)

/** Checked arguments: plain JSON. Those that were optional and not given are absent. */
export type Args = Record<string, unknown>

/** A command as the rest of the program sees it: checked, its arguments no longer typed one by one. */
export type Command = {
  readonly summary: string
  readonly args: z.ZodObject
  readonly examples: readonly string[]
  readonly environment?: string | ((args: Args, site: Site) => string)
  readonly image?: (args: Args) => string
  readonly allow: readonly [string, ...string[]]
  readonly lifetime?: (args: Args) => string
  readonly quiet?: (args: Args) => boolean
  readonly unsafe?: string
  readonly supersedes?: boolean
  readonly promotion?: (args: Args, site: Site) => PromotionDraft
} & (
  | { readonly stages: (args: Args, context: PlanContext) => readonly StageDraft[]; readonly answer?: never }
  | { readonly answer: (args: Args, context: AnswerContext) => Promise<Answer>; readonly stages?: never }
)

const called = z.custom<(...args: unknown[]) => unknown>((value) => typeof value === 'function', {
  error: 'expected a function',
})

/** Node strips the types without looking, so a file that was never compiled is checked when it is loaded. */
const definitionSchema = z
  .strictObject({
    summary: z.string().min(1),
    args: z.instanceof(z.ZodObject, { error: 'expected z.object({ ... })' }).optional(),
    examples: z.array(z.string()),
    environment: z.union([z.string().min(1), called]).optional(),
    image: called.optional(),
    allow: z.array(z.string().min(1)).min(1, { error: "expected at least one role; say 'everyone' if you mean it" }),
    lifetime: called.optional(),
    quiet: called.optional(),
    unsafe: z.string().min(1).optional(),
    supersedes: z.boolean().optional(),
    promotion: called.optional(),
    stages: called.optional(),
    answer: called.optional(),
  })
  .refine(({ stages, answer }) => (stages === undefined) !== (answer === undefined), {
    error: 'expected exactly one of `stages` (a workflow) and `answer` (a read-only query)',
  })

/** Declares a command. Throws a `ConfigError` whose stack names the file and line of the declaration. */
export function command<Shape extends z.ZodObject = z.ZodObject<Record<never, never>>>(
  definition: Definition<Shape>,
): Command {
  const checked = definitionSchema.safeParse(definition)
  if (!checked.success) throw new ConfigError(`This command is not complete.\n${z.prettifyError(checked.error)}`)
  // The types of one command's arguments end here: what is called with them later was parsed by its own schema.
  return { ...definition, args: definition.args ?? z.object({}) } as unknown as Command
}
