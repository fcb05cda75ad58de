import { z } from 'zod'
import type { Found } from '../../core/kv/diff.ts'
import { kvPart } from '../../core/kv/plan.ts'
import type { RunContext } from '../../core/workflow.ts'
import { UserError } from '../../errors.ts'
import { sha256 } from '../digest.ts'
import type { Seen } from './look.ts'

/** [ModifyIndex, digest, size, flags] of each key and service. */
const entry = z.tuple([z.number(), z.string(), z.number(), z.number()])

/** A datacenter as it was when all of it was last right: what it had, when, and by which execution that was seen. */
const memory = z.object({
  at: z.number(),
  execution: z.string(),
  keys: z.record(z.string(), entry),
  services: z.record(z.string(), entry),
})
export type Memory = z.infer<typeof memory>

/** What a datacenter that was away still has to get. `part`: null where nobody could approve anything for it. */
const waiting = z.object({
  execution: z.string(),
  at: z.number(),
  why: z.string(),
  part: kvPart.nullable(),
  approvedBy: z.array(z.object({ kind: z.literal('slack'), team: z.string(), user: z.string() })),
})
export type Waiting = z.infer<typeof waiting>

/** What is kept of each datacenter between executions. */
export function memoryOf(context: RunContext) {
  const { kept, kv, execution } = context
  const rightOf = (dc: string) => `kv/${kv.name}/right/${dc}`
  const waitsOf = (dc: string) => `kv/${kv.name}/waits/${dc}`

  /** What cannot be opened or read any more counts as not there: then people are asked once more than needed. */
  async function read<T>(name: string, schema: z.ZodType<T>): Promise<T | null> {
    try {
      const bytes = await kept.get(name)
      return bytes && (schema.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8'))).data ?? null)
    } catch (error) {
      if (error instanceof UserError || error instanceof SyntaxError) return null
      throw error
    }
  }

  return {
    right: (dc: string) => read(rightOf(dc), memory),
    async sawRight(dc: string, { keys, services }: Pick<Seen, 'keys' | 'services'>): Promise<void> {
      const record = { at: context.now(), execution, keys: entriesOf(keys), services: entriesOf(services) }
      await kept.put(rightOf(dc), Buffer.from(JSON.stringify(record)))
    },
    waiting: (dc: string) => read(waitsOf(dc), waiting),
    async waits(dc: string, record: Waiting): Promise<void> {
      await kept.put(waitsOf(dc), Buffer.from(JSON.stringify(record)))
    },
    waitsNoMore: (dc: string) => kept.drop(waitsOf(dc)),
  }
}

/** What was seen then, as if it had been read now: without the values. */
export function remembered(entries: Memory['keys']): Map<string, Found> {
  return new Map(
    Object.entries(entries).map(([key, [index, digest, size, flags]]) => [
      key,
      { index, digest, size, flags, text: null },
    ]),
  )
}

type Standing = ReadonlyMap<string, Pick<Found, 'digest' | 'kept'>>

/** Stands for all that is there, or is to be there. What is left alone (a lock) comes and goes by itself and does not count. */
export function standingDigest({ keys, services }: { readonly keys: Standing; readonly services: Standing }): string {
  const entries = (standing: Standing) =>
    [...standing].flatMap(([key, { digest, kept }]) => (kept === undefined ? [[key, digest]] : [])).sort()
  return sha256(JSON.stringify([entries(keys), entries(services)]))
}

function entriesOf(found: ReadonlyMap<string, Found>): Memory['keys'] {
  const mine = [...found].filter(([, { kept }]) => kept === undefined)
  return Object.fromEntries(
    mine.map(([key, { index, digest, size, flags }]): [string, Memory['keys'][string]] => [
      key,
      [index, digest, size, flags],
    ]),
  )
}
