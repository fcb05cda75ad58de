import { z } from 'zod'
import type { Change, Diff } from './diff.ts'

const change = z.object({
  kind: z.enum(['key', 'service']),
  what: z.enum(['add', 'change', 'remove']),
  key: z.string(),
  index: z.number(),
  flags: z.number(),
  text: z.string().nullable(),
  digest: z.string().nullable(),
  before: z.object({ text: z.string().nullable(), digest: z.string(), size: z.number() }).nullable(),
  secret: z.boolean(),
})

const part = z.object({
  dc: z.string(),
  /**
   * `read`: it answered. `remembered`: it is away, and this is against what was last seen right there. `unknown`: it is away and nobody
   * knows what it has: it gets nothing until it was looked at and somebody approved that.
   */
  state: z.enum(['read', 'remembered', 'unknown']),
  why: z.string(),
  changes: z.array(change),
  unchanged: z.number(),
  kept: z.array(z.object({ key: z.string(), why: z.string() })),
  /** Keys that would go, and do not, since what the hub said is doubted. */
  held: z.array(z.string()),
  /** How many keys it has below each prefix. */
  sizes: z.record(z.string(), z.number()),
  /** Digest of all that is there once this is written; null where something wanted is left alone. By it is seen what else changed meanwhile. */
  right: z.string().nullable().default(null),
})

/** What a plan says of each datacenter, the hub first: exactly this is approved and done. */
export const kvPlan = z.object({
  name: z.string(),
  hub: z.string(),
  prefixes: z.array(z.string()),
  parts: z.array(part),
})

export type KvPart = z.infer<typeof part>
export type KvPlan = z.infer<typeof kvPlan>

/** The same for a plan part that is kept until a datacenter returns. */
export const kvPart = part

/** Keys and services of a datacenter in one part. */
export function partOf(
  about: Pick<KvPart, 'dc' | 'state' | 'why' | 'sizes' | 'right'>,
  keys: Diff,
  services: Diff | null,
): KvPart {
  const both = services ? [keys, services] : [keys]
  return {
    ...about,
    changes: both.flatMap(({ changes }) => changes.map(plain)),
    unchanged: both.reduce((sum, { unchanged }) => sum + unchanged, 0),
    kept: both.flatMap(({ kept }) => kept.map((each) => ({ ...each }))),
    held: [],
  }
}

export function awayPart(dc: string, why: string): KvPart {
  return { dc, state: 'unknown', why, changes: [], unchanged: 0, kept: [], held: [], sizes: {}, right: null }
}

/**
 * A hub that shows nothing below a prefix, where the source has keys for it, may have lost them or hide them: then no spoke loses anything
 * there by this plan. What is added and changed is compared key by key and stays.
 */
export function heldBack(parts: readonly KvPart[], hub: string, doubted: readonly string[]): KvPart[] {
  const isDoubted = ({ kind, what, key }: Change) =>
    kind === 'key' && what === 'remove' && doubted.some((prefix) => key.startsWith(prefix))
  return parts.map((each) => {
    if (each.dc === hub || doubted.length === 0) return each
    const held = each.changes.filter(isDoubted).map(({ key }) => key)
    return { ...each, changes: each.changes.filter((one) => !isDoubted(one)), held }
  })
}

/** From so many keys on a removal of more than half of a prefix is said loudly. */
const MANY = 10

/** Prefixes of which a plan would remove more than half, and more than ten keys. */
export function massRemovals(plan: KvPlan): { dc: string; prefix: string; goes: number; has: number }[] {
  return plan.parts.flatMap(({ dc, changes, sizes }) =>
    plan.prefixes.flatMap((prefix) => {
      const goes = changes.filter(
        ({ kind, what, key }) => kind === 'key' && what === 'remove' && key.startsWith(prefix),
      ).length
      const has = sizes[prefix] ?? 0
      return goes > MANY && goes * 2 > has ? [{ dc, prefix, goes, has }] : []
    }),
  )
}

export type Counts = { readonly add: number; readonly change: number; readonly remove: number }

export function countsOf(parts: readonly Pick<KvPart, 'changes'>[]): Counts {
  const all = parts.flatMap(({ changes }) => changes)
  const having = (what: Change['what']) => all.filter((each) => each.what === what).length
  return { add: having('add'), change: having('change'), remove: having('remove') }
}

function plain(one: Change): KvPart['changes'][number] {
  return { ...one, before: one.before && { ...one.before } }
}
