import { isOwned } from './keys.ts'

/** What is wanted of one key or one external service (`node/id`), as text and by its digest. */
export type Wish = { readonly text: string; readonly digest: string; readonly secret: boolean }

/**
 * What is there. `text`: null where it is not known (only remembered), or no text (binary). `index` is the ModifyIndex. `kept`: it is left
 * alone whatever the source says, and why.
 */
export type Found = {
  readonly index: number
  readonly digest: string
  readonly text: string | null
  readonly size: number
  readonly flags: number
  readonly kept?: string
}

export type Kind = 'key' | 'service'

/** One thing to do in a datacenter. `index` is what it is compared with when it is done; 0: there is none yet. */
export type Change = {
  readonly kind: Kind
  readonly what: 'add' | 'change' | 'remove'
  readonly key: string
  readonly index: number
  readonly flags: number
  /** What is to be there; null for what goes. */
  readonly text: string | null
  readonly digest: string | null
  readonly before: { readonly text: string | null; readonly digest: string; readonly size: number } | null
  readonly secret: boolean
}

export type Diff = {
  /** Added and changed ones by key, then those that go. */
  readonly changes: readonly Change[]
  readonly unchanged: number
  /** What is left alone, with the reason. */
  readonly kept: readonly { readonly key: string; readonly why: string }[]
}

export type Sides = {
  readonly kind: Kind
  readonly wanted: ReadonlyMap<string, Wish>
  readonly found: ReadonlyMap<string, Found>
  readonly isSecret: (key: string) => boolean
}

/** What makes `found` into `wanted`. For keys only what is below the prefixes counts, on both sides. */
export function diffOf({ kind, wanted, found, isSecret }: Sides, prefixes: readonly string[] | null = null): Diff {
  const mine = (key: string) => prefixes === null || isOwned(prefixes, key)
  const sets: Change[] = []
  const removals: Change[] = []
  const kept: { key: string; why: string }[] = []
  let unchanged = 0
  for (const [key, wish] of sorted(wanted)) {
    if (!mine(key)) continue
    const there = found.get(key)
    if (there?.digest === wish.digest) {
      unchanged += 1
      continue
    }
    if (there?.kept !== undefined) {
      kept.push({ key, why: there.kept })
      continue
    }
    const secret = wish.secret || isSecret(key)
    const { text, digest } = wish
    sets.push({
      ...{ kind, key, secret, text, digest },
      what: there ? 'change' : 'add',
      index: there?.index ?? 0,
      flags: there?.flags ?? 0,
      before: there ? beforeOf(there) : null,
    })
  }
  for (const [key, there] of sorted(found)) {
    if (!mine(key) || wanted.has(key)) continue
    if (there.kept !== undefined) {
      kept.push({ key, why: there.kept })
      continue
    }
    removals.push({
      ...{ kind, key, what: 'remove', text: null, digest: null, index: there.index, flags: there.flags },
      before: beforeOf(there),
      secret: isSecret(key),
    })
  }
  return { changes: [...sets, ...removals], unchanged, kept }
}

/** Whether what a change wants is there already. */
export function isDone(change: Change, there: Found | undefined): boolean {
  return change.what === 'remove' ? there === undefined : there?.digest === change.digest
}

/** Whether it may still be done: nobody touched it since it was planned. */
export function fits(change: Change, there: Found | undefined): boolean {
  if (isDone(change, there)) return true
  // A change of a service's check does not move the index of the service.
  if (change.kind === 'service') return (there?.digest ?? null) === (change.before?.digest ?? null)
  return (there?.index ?? 0) === change.index
}

function beforeOf({ text, digest, size }: Found) {
  return { text, digest, size }
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}
