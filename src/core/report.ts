import { z } from 'zod'
import type { Fields } from './workflow.ts'

/**
 * What stages leave in `outcome.output` for people to read. Read loosely: a field that an older version did not write, or wrote
 * otherwise, becomes its empty value, so that an old record still makes a message. Only what it is known by has to be there.
 */
const text = z.string().catch('')
const texts = z.array(z.string()).catch([])
const count = z.number().catch(0)
const flag = z.boolean().catch(false)
const textOrNull = z.string().nullable().catch(null)

const value = z.union([z.string(), z.number(), z.boolean(), z.null()]).catch(null)

const NO_CHANGES = {
  add: 0,
  change: 0,
  destroy: 0,
  replace: 0,
  forget: 0,
  move: 0,
  import: 0,
  read: 0,
  outputs: 0,
  drift: 0,
  deposed: 0,
}

const counts = z
  .object({
    add: count,
    change: count,
    destroy: count,
    replace: count,
    forget: count,
    move: count,
    import: count,
    read: count,
    outputs: count,
    drift: count,
    deposed: count,
  })
  .catch(NO_CHANGES)

/** What a plan stage found, and the tuple that an approval is about (`digest` covers the last fields). */
export const planOutput = z.object({
  digest: text,
  needsApply: flag,
  deleteOnly: flag,
  destroy: flag,
  /** It only looked at what moved outside of Terraform: `moved` says what, and it is never applied. */
  refreshOnly: flag,
  moved: texts,
  movedMore: count,
  /** What differs from what is live, and what it costs an hour before and after. */
  changed: z.array(z.object({ name: text, from: value, to: value })).catch([]),
  /** Chosen before the environment was taken down, and not kept. */
  dropped: z.array(z.object({ name: text, from: value, to: value })).catch([]),
  sizes: z.object({ from: textOrNull, to: textOrNull }).nullable().catch(null),
  cost: z
    .object({ before: z.number().nullable(), after: z.number().nullable(), currency: text })
    .nullable()
    .catch(null),
  lineage: textOrNull,
  /** The branch, tag or commit that was asked for instead of the one that the site names. */
  ref: z.string().nullable().optional().catch(null),
  headline: z.string(),
  errored: flag,
  counts,
  /** One line a change, risky ones first; `more` were left out. */
  lines: texts,
  more: count,
  /** How many of the lines, from the first, are risky. */
  risky: count,
  drift: texts,
  terraform: text,
  tree: text,
  plan: text,
  commit: textOrNull,
  /** The ref and the repository that the stack came from; empty for a folder. */
  source: text,
  varFiles: z.array(z.object({ name: text, sha256: text })).catch([]),
  tofu: flag,
  workspace: text,
  variables: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).catch({}),
})

/** What an apply stage left: three lists (four where nobody saw the end), each bounded, with how many were left out. */
export const applyOutput = z.object({
  headline: z.string(),
  done: texts,
  failed: z.array(z.object({ address: text, error: text, tainted: flag })).catch([]),
  notStarted: texts,
  unsure: texts,
  more: z
    .object({ done: count, failed: count, notStarted: count, unsure: count })
    .catch({ done: 0, failed: 0, notStarted: 0, unsure: 0 }),
  destroy: flag,
  /** Whether the state holds nothing any more; null where nobody looked. */
  empty: z.boolean().nullable().catch(null),
  lineage: textOrNull,
  /** The next safe step in plain words. */
  next: text,
})

/** What a health stage saw last. */
export const healthOutput = z.object({
  services: z.array(
    z.object({
      service: text,
      wanted: count,
      passing: count,
      registered: count,
      sick: z.array(z.object({ id: text, status: text, output: text })).catch([]),
      instances: z.array(z.object({ id: text, address: text })).catch([]),
    }),
  ),
})

export type PlanOutput = z.infer<typeof planOutput>
export type ApplyOutput = z.infer<typeof applyOutput>
export type HealthOutput = z.infer<typeof healthOutput>

/** The output of a plan stage, or null when there is none that could be read. */
export function readPlanOutput(output: Fields | null): PlanOutput | null {
  return planOutput.safeParse(output).data ?? null
}

/** `Terraform 1.11.4`, `OpenTofu 1.6.2`. */
export function programText({ terraform, tofu }: PlanOutput): string {
  return `${tofu ? 'OpenTofu' : 'Terraform'} ${terraform}`
}

/** The same for an apply. */
export function readApplyOutput(output: Fields | null): ApplyOutput | null {
  return applyOutput.safeParse(output).data ?? null
}

/** The same for a health stage. */
export function readHealthOutput(output: Fields | null): HealthOutput | null {
  return healthOutput.safeParse(output).data ?? null
}
