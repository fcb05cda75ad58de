import { z } from 'zod'
import { pattern } from '../pattern.ts'
import { secretName } from '../promotion/settings.ts'
import { duration } from '../site/words.ts'

const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'expected the name of a variable' })
const fixed = z.union([z.string(), z.number(), z.boolean()])

/** A playbook that a stage may run with `ansible-playbook`: exactly this one, on the instances of this service. */
export const playbookSettings = z.strictObject({
  /** Relative to the site file. */
  playbook: z.string().min(1),
  /** Consul's name of the service whose passing instances it runs on, and the tag that they must have. */
  service: z.string().min(1),
  tag: z.string().min(1).optional(),
  /** Variables of all hosts: `ansible_user`, and what the playbook wants. */
  vars: z.record(variable, fixed).default({}),
  /** Those that a command file may give, and the pattern that all of the value must fit. */
  takes: z.record(variable, pattern).default({}),
  /** Variables of the worker's environment that it gets, by name; values of `secrets` are masked. */
  pass: z.array(secretName).default([]),
  secrets: z.array(secretName).default([]),
  timeout: duration.default('30m'),
})

export type PlaybookSettings = z.infer<typeof playbookSettings>
