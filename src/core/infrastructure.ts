import { z } from 'zod'
import { messageOf, UserError } from '../errors.ts'
import type { GitStack } from './git-stack.ts'
import { readProgram } from './program.ts'

const name = z.string().regex(/^[a-z][a-z0-9_-]*$/, { error: 'expected a name of lower-case letters, digits, - and _' })

export const backend = z.strictObject({ type: name, config: z.record(z.string(), z.string()).default({}) })

const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_-]*$/, { error: 'expected the name of a Terraform variable' })

/** Where it stands, and how Terraform hears of it: as a variable of the stack, and as variables of its environment. */
export const region = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9._-]+$/, { error: 'expected the name of a region' }),
  variable: variableName.optional(),
  env: z
    .array(
      z
        .string()
        .regex(/^(?!TF_|CHECKPOINT_|PATH$|HOME$)[A-Z][A-Z0-9_]*$/, { error: 'expected a name such as AWS_REGION' }),
    )
    .default([]),
})

/** A file of variables: its path, relative to this file, or a path within the stack. */
export const variableFile = z.union([
  z.string().min(1),
  z.strictObject({
    stack: z.string().refine((path) => !/^[-/~]|\0/.test(path), { error: 'expected a path within the stack' }),
  }),
])

/** Which Terraform it has: a program, a version or a range of versions. */
export const program = z
  .string()
  .default('terraform')
  .superRefine((text, context) => {
    try {
      readProgram(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) })
    }
  })

/** How an environment names its stack: a folder, or one of a git repository. */
export type Stack = string | GitStack

/** The folder of a stack. Throws a `UserError` for one that lies in a git repository. */
export function folderOf(stack: Stack): string {
  if (typeof stack === 'string') return stack
  throw new UserError(`The stack lies in the git repository ${stack.git}; expected a folder of this machine.`)
}

/** What the checks below look at of each environment. */
type Environments = {
  readonly environments: Readonly<
    Record<
      string,
      {
        readonly stack: Stack
        readonly workspace: string
        readonly backend: z.infer<typeof backend>
        readonly region?: z.infer<typeof region> | undefined
        readonly labels: readonly string[]
        readonly pass: readonly string[]
        readonly secrets: readonly string[]
      }
    >
  >
}

/** A region that nobody is told of is a mistake, and so is one that is told twice. */
export function checkRegions({ environments }: Environments, context: z.RefinementCtx): void {
  for (const [name, { region, pass, secrets }] of Object.entries(environments)) {
    const wrong = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: ['environments', name, field], message })
    if (region && !region.variable && region.env.length === 0)
      wrong('region', 'says nothing of how Terraform hears of it: give it a `variable`, or names under `env`')
    const twice = region?.env.filter((variable) => pass.includes(variable) || secrets.includes(variable)) ?? []
    if (twice.length > 0) wrong('region', `sets ${twice.join(', ')}, which is passed from the worker as well`)
  }
}

/**
 * Two environments of one state would destroy each other behind their locks. The same settings on workers of other labels may be
 * another backend, and without a path `local` is a file of one run.
 */
export function checkStates({ environments }: Environments, context: z.RefinementCtx): void {
  const seen = new Map<string, string>()
  for (const [name, { stack, workspace, backend, labels }] of Object.entries(environments)) {
    if (backend.type === 'local' && !backend.config.path) continue
    const config = Object.entries(backend.config).sort(([a], [b]) => (a < b ? -1 : 1))
    const state = JSON.stringify([stack, workspace, backend.type, config, [...labels].sort()])
    const first = seen.get(state)
    if (first !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['environments', name, 'backend'],
        message: `is the state of ${first} too: give each its own key, path or workspace`,
      })
    seen.set(state, first ?? name)
  }
}
