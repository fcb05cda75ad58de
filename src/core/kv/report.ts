import { z } from 'zod'
import type { Fields } from '../workflow.ts'
import type { Change, Found } from './diff.ts'
import type { KvPlan } from './plan.ts'
import { nameOf, sideWords, sizeWords } from './words.ts'

/** A change that was not made since somebody else was faster, or that Consul refused: what it was to be compared with, and what is there now. */
export type Conflict = {
  readonly change: Change
  readonly what: string
  readonly now: Found | null
}

/**
 * How far a datacenter came. `done`: all of it is there. `waits`: it is away, and gets the rest when it returns. `failed`: a batch was
 * refused, so that nothing of it was made. `untouched`: the hub failed before, or it was called off.
 */
export type Progress = {
  readonly dc: string
  readonly state: 'done' | 'waits' | 'failed' | 'untouched'
  readonly why: string
  readonly written: readonly Change[]
  /** What was so already: made by an earlier start of the stage, or by somebody else. */
  readonly already: readonly Change[]
  readonly conflicts: readonly Conflict[]
  /** Those of the batch that was refused, without the conflicts: the batch is all or nothing. */
  readonly refused: readonly Change[]
  /** What comes after it. */
  readonly left: readonly Change[]
}

export function untouched(dc: string, changes: readonly Change[], why: string): Progress {
  return { dc, state: 'untouched', why, written: [], already: [], conflicts: [], refused: [], left: changes }
}

/** `config/app/x: somebody changed it: ModifyIndex 13 when it was planned, 27 now, with "b"`. */
export function conflictLine({ change, what, now }: Conflict): string {
  const { index, secret, kind } = change
  const then = index === 0 ? 'it was not there when it was planned' : `ModifyIndex ${index} when it was planned`
  const here = now === null ? 'it is gone now' : `ModifyIndex ${now.index} now, with ${sideWords(kind, now, secret)}`
  const stale = /index is stale|current modify index|it has another index/.test(what)
  return `${nameOf(change)}: ${stale ? 'somebody else changed it' : what}: ${then}, ${here}`
}

/** What all of it came to in one sentence. */
export function applyHeadline(all: readonly Progress[]): string {
  const sum = (pick: (each: Progress) => readonly unknown[]) =>
    all.reduce((count, each) => count + pick(each).length, 0)
  const written = sum(({ written }) => written)
  const already = sum(({ already }) => already)
  const not = sum(({ conflicts, refused, left }) => [...conflicts, ...refused, ...left])
  const waits = all.filter(({ state }) => state === 'waits').map(({ dc }) => dc)
  const so = already > 0 ? `, ${already} ${already === 1 ? 'was' : 'were'} so already` : ''
  const open = not > 0 ? `, ${not} not written` : ''
  return `${written} written${so}${open}.${waits.length > 0 ? ` ${waits.join(', ')} ${waits.length === 1 ? 'waits' : 'wait'}: caught up when it answers again.` : ''}`
}

/** One line a datacenter. */
export function progressLine({ dc, state, why, written, already, conflicts, refused, left }: Progress): string {
  const counts = [
    `${written.length} written`,
    ...(already.length > 0 ? [`${already.length} so already`] : []),
    ...(conflicts.length > 0 ? [`${conflicts.length} in conflict`] : []),
    ...(refused.length > 0 ? [`${refused.length} not written, in the same batch`] : []),
    ...(left.length > 0 ? [`${left.length} not written`] : []),
  ].join(', ')
  const words = {
    done: counts,
    waits: `waits, ${why} ${counts}`,
    failed: `FAILED, ${why} ${counts}`,
    untouched: `untouched, ${why} ${counts}`,
  }
  return `${dc}: ${words[state]}.`
}

/** The whole report as a file: which keys were written, which not, and why. */
export function reportText(plan: KvPlan, all: readonly Progress[], planned: string): string {
  const lines = all.flatMap((each) => [
    '',
    `=== ${each.dc} ===`,
    progressLine(each),
    ...listed('in conflict', each.conflicts.map(conflictLine)),
    ...listed('not written (same batch: all or nothing)', each.refused.map(doing)),
    ...listed('not written (after it)', each.left.map(doing)),
    ...listed('written', each.written.map(doing)),
    ...listed('so already', each.already.map(doing)),
  ])
  return `${[`${plan.name}: ${applyHeadline(all)}`, planned, ...lines].join('\n')}\n`
}

function doing({ what, key, kind, text, secret }: Change): string {
  return `${what} ${nameOf({ kind, key })}${text === null || secret ? '' : ` (${sizeWords(Buffer.byteLength(text))})`}`
}

function listed(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)]
}

const text = z.string().catch('')
const texts = z.array(z.string()).catch([])
const count = z.number().catch(0)

/** What the stages leave for people. Read loosely, as core/report.ts does. */
const kvPlanOutput = z.object({
  name: text,
  digest: text,
  headline: z.string(),
  needsApply: z.boolean().catch(false),
  lines: texts,
  parts: texts,
  more: count,
  risky: count,
  loudly: texts,
  commit: z.string().nullable().catch(null),
  note: text,
})
const kvApplyOutput = z.object({ headline: z.string(), parts: texts, conflicts: texts, more: count })
const kvDriftOutput = z.object({ headline: z.string(), lines: texts, more: count, parts: texts })

export function readKvPlan(output: Fields | null) {
  return kvPlanOutput.safeParse(output).data ?? null
}
export function readKvApply(output: Fields | null) {
  return kvApplyOutput.safeParse(output).data ?? null
}
/** Also of an adopt. */
export function readKvDrift(output: Fields | null) {
  return kvDriftOutput.safeParse(output).data ?? null
}
