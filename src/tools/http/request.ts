import { z } from 'zod'

/** What is to be sent, with its secrets: it lies in a private file, and only until it is read. */
export const httpRequest = z.object({
  method: z.string(),
  url: z.string(),
  /** Said instead of the address, where that is a secret. */
  shown: z.string().optional(),
  headers: z.record(z.string(), z.string()),
  body: z.string().nullable(),
  expect: z.array(z.union([z.number(), z.string()])),
  /** Whether it may be sent a second time after it may have been taken. */
  again: z.boolean(),
  retries: z.number(),
  /** Milliseconds before the first of them. */
  wait: z.number(),
  /** Milliseconds for all of it. */
  timeout: z.number(),
})
export type HttpRequest = z.infer<typeof httpRequest>

/** How it ended: with an answer, without one. `sent`: it may have been taken. */
export const httpResult = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('answered'),
    status: z.number(),
    expected: z.boolean(),
    text: z.string(),
    tries: z.number(),
  }),
  z.object({ kind: z.literal('broken'), why: z.string(), sent: z.boolean(), tries: z.number(), canceled: z.boolean() }),
])
export type HttpResult = z.infer<typeof httpResult>

/** Before the line that says how it ended; everything else on standard output is for people. */
export const RESULT = 'result: '
