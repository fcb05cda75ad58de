import { z } from 'zod'
import { labels, name, variables } from './words.ts'

export const image = z.strictObject({
  /** A Packer template (a file or a folder), relative to the site file. */
  template: z.string(),
  packer: z.string().default('packer'),
  variables: variables.default({}),
  /** The image it is built on: its artifact feeds the bake of this one. */
  base: name.optional(),
  /** Who may mark its versions, and leave a bake that nobody saw end. */
  approvers: z.array(name).min(1),
  labels,
  channel: name.optional(),
  pass: z.array(z.string()).default([]),
  secrets: z.array(z.string()).default([]),
})
