import { z } from 'zod'
import { WORKFLOW } from '../core/nested.ts'
import { stageNamed } from '../core/reference.ts'
import type { Fields, Shape, StageDraft, StageKind } from '../core/workflow.ts'
import { CommandFileError } from '../errors.ts'

const input = z.strictObject({
  /** The name of a command of this crew: `loadtest up`. */
  command: z.string().min(1),
  /** Its arguments by name. They are known when it is planned: what it does is planned with its parent. */
  args: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  /** What of its stages this one gives, by name: `{ version: 'release.choose.version' }`. */
  outputs: z
    .record(z.string().regex(/^[A-Za-z0-9_]+$/), z.string().regex(/^[a-z][a-z0-9._-]*\.[A-Za-z0-9_]+$/))
    .default({}),
})
type Input = z.infer<typeof input>

/**
 * Another command as a stage. It is planned now, with its parent, and runs as an execution of its own, with its own message, judgments and
 * environment: its end is the end of this stage, and it is canceled with its parent. Whoever asks needs the right to run it.
 */
export const workflowKind: StageKind<Input> = {
  kind: WORKFLOW,
  input,
  repeatable: false,
  output: ({ outputs }: Fields) =>
    z.object({
      execution: z.string(),
      status: z.string(),
      ...Object.fromEntries(Object.keys((outputs ?? {}) as Fields).map((name) => [name, z.json()])),
    }),
  plan({ command, args, outputs }, { nested }) {
    if (!nested)
      throw new CommandFileError(
        `\`${command}\` cannot be nested here: only a command that somebody asks for can begin another.`,
      )
    const { lifetime, ...child } = nested(command, args)
    for (const [name, ref] of Object.entries(outputs)) {
      if (child.stages.some(({ id }) => id === stageNamed(ref, child.stages))) continue
      throw new CommandFileError(
        `\`${command}\` has no stage for the output ${name} (${ref}); it has ${child.stages.map(({ id }) => id).join(', ')}.`,
      )
    }
    const planned = { command, args, outputs, child: JSON.parse(JSON.stringify(child)) as Fields }
    return { ...planned, ...(lifetime ? { lifetime } : {}) }
  },
}

/** A nested workflow: `workflow({ command: 'loadtest up', args: { size: 'small' } })`. */
export function workflow(draft: Shape & z.input<typeof input>): StageDraft {
  const { command, args, outputs, ...shape } = draft
  const given = { command, ...(args ? { args } : {}), ...(outputs ? { outputs } : {}) }
  return { kind: WORKFLOW, id: WORKFLOW, input: given, ...shape }
}
