import { z } from 'zod'
import { gitStack } from '../git-stack.ts'
import { backend, program, region, variableFile } from '../infrastructure.ts'
import { windowSettings } from '../window/settings.ts'
import { countedBy, duration, labels, name, variables } from './words.ts'

const lifetime = z.strictObject({
  max: duration.default('24h'),
  warn: duration.default('15m'),
  extend: duration.default('1h'),
})

/** `scale <environment> up`, `down` and `4` mean steps and counts: a size by such a name could never be asked for. */
const sizes = z
  .record(z.string(), variables)
  .superRefine((sizes, context) => {
    for (const size of Object.keys(sizes)) {
      const wrong = wrongSize(size)
      if (wrong) context.addIssue({ code: 'custom', path: [size], message: wrong })
    }
  })
  .default({})

function wrongSize(size: string): string | null {
  if (size === 'up' || size === 'down')
    return `is no name for a size: \`scale\` takes \`${size}\` for one step ${size}. Call it small, medium or large, for example`
  if (/^\d+$/.test(size))
    return `is no name for a size: \`scale\` takes a whole number for a count. Call it size-${size}, for example`
  return name.safeParse(size).success
    ? null
    : 'is no name for a size: expected a name of lower-case letters, digits, - and _, beginning with a letter'
}

export const environment = z.strictObject({
  /** The group that gives what is not said here. */
  group: name.optional(),
  /** A folder of Terraform, relative to this file, or one of a git repository. */
  stack: z.union([z.string(), gitStack]),
  workspace: z.string().default('default'),
  backend,
  terraform: program,
  region: region.optional(),
  /** Given to every plan as -var-file, in this order; a later one wins, and `variables` win over all of them. */
  var_files: z.array(variableFile).default([]),
  lock_timeout: duration.default('60s'),
  variables: variables.default({}),
  sizes,
  approvers: z.array(name).min(1),
  /** When it may be changed; without one at any time. */
  windows: z.array(windowSettings).default([]),
  /** Roles that may let something change it outside its windows, or in a freeze. */
  outside_window: z.array(name).default([]),
  /** Only workers that have all of these labels run its stages. */
  labels,
  channel: name.optional(),
  lifetime: lifetime.prefault({}),
  /** Consul service -> name of the variable that says how many instances of it must pass. */
  health: z.record(z.string(), z.string()).default({}),
  health_within: duration.default('2m'),
  /** The variable that `scale` counts up and down where no size is named, and how far. */
  scale: countedBy.optional(),
  /** What one instance costs an hour, by the variable that counts such instances. */
  prices: z.record(z.string(), z.number().min(0)).default({}),
  /** Names of environment variables handed to Terraform; values of `secrets` are masked wherever they would be shown. */
  pass: z.array(z.string()).default([]),
  secrets: z.array(z.string()).default([]),
})

/** What a group may give: anything that an environment has, in parts. */
export const group = environment
  .omit({ group: true })
  .partial()
  .extend({
    stack: z.union([z.string(), gitStack.partial()]).optional(),
    backend: backend.partial().optional(),
    region: region.partial().optional(),
  })
