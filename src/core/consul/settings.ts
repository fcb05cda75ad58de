import { z } from 'zod'
import { milliseconds } from '../duration.ts'
import { duration, isDuration } from '../site/words.ts'

/** A key with `*` for any text, slashes included; upper and lower case are the same. */
const pattern = z.string().min(1).max(200)
const datacenter = z.string().regex(/^[a-z0-9_-]{1,64}$/, { error: 'expected the name of a datacenter (dc1)' })
const DAY_MS = 86_400_000

/** How Consul is looked at from the chat. */
export const consulSettings = z.strictObject({
  /** Which are asked; without it those that Consul names. One that is listed here and gone is named as unreachable for good. */
  datacenters: z.array(datacenter).min(1).optional(),
  /** Keys whose values nobody is shown, besides those whose names look like secrets, and the states of Terraform. */
  mask: z.array(pattern).default([]),
  /** Keys that are not masked although their names look like secrets. `mask` and `hide` go before. */
  show: z.array(pattern).default([]),
  /** Keys that nobody is told of at all. */
  hide: z.array(pattern).default([]),
  watch: z
    .strictObject({
      /** Open at once, in all and of one person. */
      most: z.number().int().min(1).max(200).default(20),
      each: z.number().int().min(1).max(50).default(3),
      longest: duration
        .refine((text) => !isDuration(text) || milliseconds(text) <= DAY_MS, { error: 'expected at most 24h' })
        .default('24h'),
    })
    .prefault({}),
})

export type ConsulSettings = z.infer<typeof consulSettings>
