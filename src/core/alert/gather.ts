import type { AlertGroup, NoteItem } from '../alert.ts'
import { LEFT, leftItem, MOST_ITEMS } from './drafts.ts'
import type { AlertDraft } from './note.ts'
import type { Around } from './standing.ts'
import { delayOf } from './target.ts'

/** What happens to checks by themselves, many of them one after the other where something large breaks. Everything else is told at once. */
const GATHERED: ReadonlySet<AlertDraft['what']> = new Set([
  ...(['raised', 'again', 'resolved', 'changed', 'moved', 'vanished', 'returned'] as const),
  ...(['unknown', 'known', 'flapping', 'steady'] as const),
])

/**
 * What is told now, and what waits: of what happens by itself a group tells at most once within `gather`, then all of it together. The first is
 * told at once; so is what calls somebody whom nothing called before, and whatever people did.
 */
export function gathered(group: AlertGroup, drafts: readonly AlertDraft[], { settings, now }: Around): Gathered {
  const before = group.held ?? []
  if (before.length + drafts.length === 0) return { told: [], held: before }
  const last = group.notes.findLast(({ what }) => GATHERED.has(what))?.at ?? Number.NEGATIVE_INFINITY
  const urgent = drafts.some(
    ({ what, mention = [] }) => !GATHERED.has(what) || (mention.length > 0 && !group.acknowledged),
  )
  if (urgent || now - last >= delayOf(settings.gather)) return { told: together([...before, ...drafts]), held: [] }
  return drafts.length === 0 ? { told: [], held: before } : { told: [], held: together([...before, ...drafts]) }
}

type Gathered = { readonly told: readonly AlertDraft[]; readonly held: readonly AlertDraft[] }

/** One for each kind of change, in the order in which they first came; whoever one of them calls is called. */
function together(drafts: readonly AlertDraft[]): AlertDraft[] {
  const merged: AlertDraft[] = []
  for (const draft of drafts) {
    const at = GATHERED.has(draft.what) ? merged.findIndex(({ what }) => what === draft.what) : -1
    const before = merged[at]
    if (!before) merged.push(draft)
    else {
      const mention = [...new Set([...(before.mention ?? []), ...(draft.mention ?? [])])]
      merged[at] = { ...before, items: joined(before.items, draft.items), mention }
    }
  }
  return merged
}

/** A check that came twice is said as it was last. */
function joined(one: readonly NoteItem[], other: readonly NoteItem[]): NoteItem[] {
  const counts = [...one, ...other].map(({ label }) => Number(LEFT.exec(label)?.[1] ?? 0))
  const named = [...one, ...other].filter(({ label }) => !LEFT.test(label))
  const latest = [...new Map(named.map((item) => [item.label, item])).values()]
  const left = counts.reduce((sum, count) => sum + count, 0) + Math.max(latest.length - MOST_ITEMS, 0)
  return [...latest.slice(0, MOST_ITEMS), ...(left > 0 ? [leftItem(left)] : [])]
}
