import { z } from 'zod'

/** One generator's share of a load, as its process reads it from a file. */
export const shareSpec = z.strictObject({
  engine: z.enum(['autocannon', 'jmeter']),
  /** Addresses; connections go round them, from the one with the number of the share on. */
  targets: z.array(z.string()),
  share: z.number().int(),
  connections: z.number().int().min(1),
  rate: z.number().int().min(1).optional(),
  seconds: z.number().positive(),
  /** JMeter: the test plan, the program, and where its results and its log go. */
  plan: z.string().optional(),
  jmeter: z.string(),
  folder: z.string(),
  /** A file that its worker touches: a load that nobody has watched for so many seconds ends by itself. */
  leash: z.strictObject({ file: z.string(), seconds: z.number().positive() }),
})
export type ShareSpec = z.infer<typeof shareSpec>

/** One request that ended `at` seconds after the load began: how long it took, where it was answered, and what was wrong. */
export type Sample = { readonly at: number; readonly ms: number | null; readonly error: string | null }
export type OnSample = (sample: Sample) => void

/** How an engine ended. `stopped`: it was told to; what was measured until then counts. */
export type EngineEnd =
  | { readonly end: 'finished' | 'stopped'; readonly seconds: number }
  | { readonly end: 'failed'; readonly seconds: number; readonly why: string }

/** Makes the load of one share until its time is over or `signal` aborts. */
export type Engine = (spec: ShareSpec, onSample: OnSample, signal: AbortSignal) => Promise<EngineEnd>
