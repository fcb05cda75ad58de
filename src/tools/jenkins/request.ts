import { z } from 'zod'

/** A build that is wanted. `mark` is the parameter by which it is known again. Times in milliseconds. */
export const buildRequest = z.object({
  job: z.string(),
  user: z.string(),
  token: z.string(),
  parameters: z.record(z.string(), z.string()),
  mark: z.object({ name: z.string(), value: z.string() }),
  poll: z.number(),
  timeout: z.number(),
})
export type BuildRequest = z.infer<typeof buildRequest>

/** How it ended. `refused`: nothing was started. `lost`: nobody knows whether it was, or how it ended. `dropped`: canceled before it began. */
export const buildResult = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('built'), result: z.string(), number: z.number(), url: z.string(), late: z.boolean() }),
  z.object({ kind: z.literal('refused'), why: z.string() }),
  z.object({ kind: z.literal('dropped'), why: z.string() }),
  z.object({ kind: z.literal('lost'), why: z.string() }),
])
export type BuildResult = z.infer<typeof buildResult>

/** Before the line that says how it ended, and before each line of the build's own log, which can so never pass for it. */
export const RESULT = 'result: '
export const CONSOLE = '| '
