import type { AlertNote } from '../../../src/core/alert.ts'
import type { Downs } from './downs.ts'
import type { Problem } from './faults.ts'
import type { Truth } from './record.ts'
import { DENIED, keyOf } from './settings.ts'
import type { Edit } from './watch.ts'

/** From a change in Consul to an edit of a message, with everything up; and to the judgment of whoever evaluates. */
const TOLD_WITHIN = 8_000
const JUDGED_WITHIN = 4_000

/** A window of a minute is counted in steps of ten seconds. */
const [MINUTE, STEP] = [60_000, 10_000]

export type Known = { readonly truth: Truth; readonly denied: readonly number[]; readonly downs: Downs }

const BAD = ['warning', 'critical'] as const

export const checkOf = (label: string): string => label.split(':')[0] ?? ''

/** Whether a check may have been so at some time between the two. What is nobody's own check here may always have been. */
export function mayHave(known: Known, label: string, what: 'passed' | 'failed', from: number, to: number): boolean {
  const { truth, denied, downs } = known
  const check = checkOf(label)
  if (truth.checks.includes(check)) return truth.wasAny(check, what === 'passed' ? ['passing'] : BAD, from, to)
  if (label.includes('no sign of life'))
    return what === 'failed'
      ? downs.any('monitor', from - MINUTE, to) || downs.any('consul', from - MINUTE, to)
      : !downs.all('monitor', from, to)
  if (label.startsWith('Consul'))
    return what === 'failed' ? downs.any('consul', from, to) : !downs.all('consul', from, to)
  if (check !== 'vault-audit-monitor') return true
  const counted = (at: number, ms: number) => denied.filter((each) => each <= at && each > at - ms).length
  const times = Array.from({ length: Math.floor((to - from) / 500) }, (_, n) => from + n * 500)
  return [...times, to].some((at) =>
    what === 'passed' ? counted(at, MINUTE - STEP) < DENIED : counted(at, MINUTE + 2 * STEP) >= DENIED,
  )
}

/** What an edit claims against what was so; a message that says an old thing again claims nothing. */
export function claimsOf(known: Known, { at, shown, before }: Edit): Problem[] {
  return [...shown.shelves].flatMap(([label, shelf]): Problem[] => {
    if (before?.shelves.get(label) === shelf) return []
    const from = known.downs.before(at, TOLD_WITHIN)
    const said = `${shown.key}, ${shown.id}: ${label} is ${shelf} at ${new Date(at).toISOString()}`
    if (shelf === 'resolved' && !mayHave(known, label, 'passed', from, at)) {
      return [{ fault: 'wrongly resolved', text: `${said}, and it did not pass` }]
    }
    if (shelf === 'firing' && !mayHave(known, label, 'failed', from, at)) {
      return [{ fault: 'falsely fired', text: `${said}, and it was not bad` }]
    }
    return []
  })
}

/** The same of a note, which says when it was judged. */
export function notedWrongly(known: Known, group: string, { what, at, n, items }: AlertNote): Problem[] {
  if (what !== 'resolved') return []
  const from = known.downs.before(at, JUDGED_WITHIN, ['consul', 'redis'])
  return items
    .filter(({ label }) => !mayHave(known, label, 'passed', from, at))
    .map(({ label }) => ({
      fault: 'wrongly resolved' as const,
      text: `${group}, note ${n} at ${new Date(at).toISOString()}: ${label} is resolved, and it did not pass`,
    }))
}

/** One stretch in which a check was bad is one message of its group, however often anything died. */
export function episodesOf({ truth }: Known, edits: readonly Edit[]): Problem[] {
  const told = new Map<string, string>()
  return edits.flatMap(({ at, shown }) =>
    [...shown.shelves].flatMap(([label, shelf]): Problem[] => {
      const check = checkOf(label)
      if (shelf !== 'firing' || !truth.checks.includes(check)) return []
      const statuses = BAD.filter((status) => keyOf(check, status) === shown.key)
      const episode = truth.episode(check, statuses, at)
      const name = `${shown.key} ${check} ${episode?.from}`
      const other = told.get(name)
      if (!other) told.set(name, shown.id)
      if (!other || other === shown.id) return []
      return [{ fault: 'doubled', text: `${check} fires in ${other} and ${shown.id}, bad since ${episode?.from}` }]
    }),
  )
}
