import { CommandFileError } from '../../errors.ts'
import type { StageDraft } from '../workflow.ts'

/** A draft with what it comes after, both by id. */
export type Ordered = { readonly draft: StageDraft; readonly id: string; readonly after: readonly string[] }

/** What the next stage comes after, where it does not say: the way itself, and what recovers, which stands beside it. */
type Ends = { readonly way: readonly string[]; readonly back: readonly string[] }

/**
 * Every draft in the order that was written: one after the other, but for the branches of a group (`parallel`), which all come after what is
 * before the group, and all come before what is after it. What a draft says itself goes before that.
 */
export function inOrder(drafts: readonly StageDraft[]): Ordered[] {
  const ordered: Ordered[] = []
  follow(drafts, 0, { way: [], back: [] }, ordered)
  return ordered
}

function follow(drafts: readonly StageDraft[], depth: number, before: Ends, ordered: Ordered[]): Ends {
  let ends = before
  for (const part of partsOf(drafts, depth))
    ends = part.group ? fork(part.drafts, depth, ends, ordered) : one(part.drafts, ends, ordered)
  return ends
}

function one([draft]: readonly StageDraft[], ends: Ends, ordered: Ordered[]): Ends {
  if (!draft) return ends
  const id = draft.id ?? draft.kind
  const side = draft.recovers ? 'back' : 'way'
  ordered.push({ draft, id, after: draft.after ?? ends[side] })
  return { ...ends, [side]: [id] }
}

function fork(drafts: readonly StageDraft[], depth: number, before: Ends, ordered: Ordered[]): Ends {
  const branches = Map.groupBy(drafts, ({ branch }) => branch?.[depth]?.at)
  const ends = [...branches.values()].map((branch) => follow(branch, depth + 1, before, ordered))
  const union = (side: keyof Ends) => [...new Set(ends.flatMap((end) => end[side]))]
  return { way: union('way'), back: union('back') }
}

type Part = { readonly group: object | undefined; readonly drafts: StageDraft[] }

/** Neighbours of the same group belong together; every other draft stands alone. */
function partsOf(drafts: readonly StageDraft[], depth: number): Part[] {
  const parts: Part[] = []
  for (const draft of drafts) {
    const group = draft.branch?.[depth]?.group
    const last = parts.at(-1)
    if (group && last?.group === group) last.drafts.push(draft)
    else parts.push({ group, drafts: [draft] })
  }
  return parts
}

/**
 * Branches that go on beside each other: `...parallel([check, [bake, smoke]])`. They come after the stage before the group, and what is
 * written after it waits for all of them. A branch is one stage or several in order, and may have groups of its own.
 */
export function parallel(branches: readonly (StageDraft | readonly StageDraft[])[]): StageDraft[] {
  const group = {}
  const drafts = branches.map((branch) => (Array.isArray(branch) ? branch : [branch as StageDraft]))
  if (drafts.length < 2 || drafts.some((branch) => branch.length === 0))
    throw new CommandFileError('`parallel([...])` needs at least two branches, each with a stage.')
  return drafts.flatMap((branch, at) =>
    branch.map((draft) => ({ ...draft, branch: [{ group, at }, ...(draft.branch ?? [])] })),
  )
}
