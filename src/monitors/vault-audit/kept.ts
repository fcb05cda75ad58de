import { readFile, rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { CLASSES } from './classify.ts'
import { KINDS } from './judge.ts'

const count = z.number().int().min(0)

/** Sums of one step of the windows by its index, and of the classes of what was denied: what a threshold may look at. */
const sums = z.object({
  index: z.number().int().min(0),
  sums: z.object(
    Object.fromEntries(KINDS.map((kind) => [kind, count])) as Record<(typeof KINDS)[number], typeof count>,
  ),
  classes: z.partialRecord(z.enum(CLASSES), count),
})
export type Kept = z.infer<typeof sums>

const file = z.strictObject({ version: z.literal(1), sums: z.array(sums) })

/**
 * The sums of the last hour as they were stored beside the state; empty when they never were, or `trouble` when they are not ours.
 * Without them a restart in the middle of a burst would say that it is over.
 */
export async function readKept(path: string): Promise<{ readonly kept: readonly Kept[]; readonly trouble?: string }> {
  try {
    return { kept: file.parse(JSON.parse(await readFile(path, 'utf8'))).sums }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kept: [] }
    return { kept: [], trouble: `${path} cannot be read; counts of the last hour begin anew` }
  }
}

/** Written beside and renamed. It is not synced: after a crash of the host an old one does. */
export async function writeKept(path: string, kept: readonly Kept[]): Promise<void> {
  const beside = `${path}.new`
  await writeFile(beside, JSON.stringify({ version: 1, sums: kept }), { mode: 0o600 })
  await rename(beside, path)
}
