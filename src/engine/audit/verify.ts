import type { AuditLine } from '../../core/audit.ts'
import type { Head } from './chain.ts'
import { NOTHING, readLine } from './chain.ts'
import { createGaps } from './gaps.ts'

/** A line as it was found; `ended`: with its line end. */
export type Found = { readonly text: string; readonly ended: boolean }

export type Problem = {
  readonly line: number
  readonly how: 'changed' | 'missing' | 'reordered' | 'inserted' | 'cut'
  readonly text: string
}

/** What is known about the lines from elsewhere. */
export type Known = {
  /** Hash of a line, as Redis has it; undefined where it does not. */
  readonly hashOf: (seq: number) => string | undefined
  /** Numbers with which the lines may begin. */
  readonly firsts: readonly number[]
  /** Redis's head; null where nobody asked it. */
  readonly head: Head | null
}

export type Verdict = {
  readonly lines: number
  readonly first: number | null
  /** Number of the last line in sequence. */
  readonly last: number
  readonly problems: readonly Problem[]
}

type Item = { readonly at: number; readonly line: AuditLine | null; readonly ended: boolean }

/** Follows a chain from its first line to its last, and names every line that is changed, missing, out of its place or too many. */
export async function verify(found: AsyncIterable<Found>, known: Known): Promise<Verdict> {
  const walk = createWalk(known)
  let before: Item | null = null
  let at = 0
  for await (const { text, ended } of found) {
    const item = { at: ++at, line: ended ? readLine(text) : null, ended }
    if (before) walk.step(before, item.line?.seq)
    before = item
  }
  if (before) walk.step(before, undefined)
  return { lines: at, ...walk.end(at) }
}

function createWalk({ hashOf, firsts, head }: Known) {
  const problems: Problem[] = []
  const gaps = createGaps()
  /** Lines that stand too early, by number, and lines that cannot be read and wait for what the next one says about them. */
  const early = new Map<number, number>()
  const unread: Item[] = []
  let first: number | null = null
  let next = 0
  let before: { at: number; hash: string } | null = null

  function report(line: number, how: Problem['how'], text: string): void {
    problems.push({ line, how, text })
  }

  function step(item: Item, following: number | undefined): void {
    const { at, line } = item
    if (!line) {
      unread.push(item)
      return
    }
    const { seq, hash } = line
    if (first === null) begin(seq)
    explainUnread(seq)
    const theirs = hashOf(seq) ?? hash
    if (theirs !== hash && following === seq) report(at, 'inserted', `it is not entry ${seq} as Redis has it`)
    else if (theirs === hash) place(item, line, following)
    else {
      report(at, 'changed', `entry ${seq} was changed and hashed anew: Redis has it with another hash`)
      place(item, line, following)
    }
  }

  function place(item: Item, line: AuditLine, following: number | undefined): void {
    const { seq } = line
    if (seq > next) passEarly()
    if (seq === next) follow(item, line)
    else if (seq > next) ahead(item, line, following)
    else if (gaps.close(seq)) report(item.at, 'reordered', `entry ${seq} stands behind entry ${next - 1}`)
    else report(item.at, 'inserted', `entry ${seq} is there a second time`)
  }

  /** Only a beginning that Redis knows is one. */
  function begin(seq: number): void {
    first = seq
    next = firsts.filter((each) => each <= seq).reduce((one, other) => Math.max(one, other), 1)
    if (next === 1) before = { at: 0, hash: NOTHING.hash }
  }

  function pass(line: { at: number; hash: string } | null): void {
    next++
    before = line
  }

  /** Lines that were seen before their turn, and whose turn it is now. */
  function passEarly(): void {
    for (let at = early.get(next); at !== undefined; at = early.get(next)) {
      report(at, 'reordered', `entry ${next} stands before entry ${next - 1}`)
      early.delete(next)
      pass(null)
    }
  }

  function follow({ at }: Item, { seq, prev, hash }: AuditLine): void {
    if (before && before.hash !== prev) {
      const own = hashOf(seq - 1) === before.hash || before.at === 0
      if (own) report(at, 'changed', `entry ${seq} does not follow the hash of the entry before it`)
      else if (hashOf(seq - 1) === undefined)
        report(before.at, 'changed', `entry ${seq - 1} was changed and hashed anew: entry ${seq} follows another hash`)
    }
    pass({ at, hash })
  }

  function ahead({ at }: Item, { seq, hash }: AuditLine, following: number | undefined): void {
    if (following === next || following === next + 1) {
      early.set(seq, at)
      return
    }
    gaps.open(at, next, seq - 1)
    for (const seen of early.keys()) gaps.close(seen)
    next = seq
    pass({ at, hash })
  }

  /** Lines that cannot be read stand for what is missing before the next one that can; where nothing is, they were put there. */
  function explainUnread(seq: number): void {
    for (const { at, ended } of unread.splice(0)) {
      if (next < seq) {
        report(at, 'changed', `entry ${next} is not as it was written: its content does not fit its hash`)
        pass(null)
      } else report(at, 'inserted', ended ? 'it is no entry of the audit' : 'something stands behind the last entry')
    }
  }

  function end(last: number) {
    const torn = unread.at(-1)?.ended === false ? unread.pop() : undefined
    if (first === null && unread.length > 0) begin(1)
    if (next === 0) next = 1
    explainUnread(head ? head.seq + 1 : Number.POSITIVE_INFINITY)
    passEarly()
    for (const [seq, at] of early) report(at, ...strayed(seq, next))
    for (const { line, from, to } of gaps.all()) report(line, 'missing', `${entries(from, to)} not there`)
    if (torn && (!head || next > head.seq)) report(torn.at, 'cut', 'the last line has no end')
    const missing = head !== null && next <= head.seq
    if (missing) report(last, 'cut', `${entries(next, head.seq)} cut off; Redis's head is entry ${head.seq}`)
    return { first, last: next - 1, problems: problems.sort((one, other) => one.line - other.line) }
  }

  return { step, end }
}

function strayed(seq: number, next: number): [Problem['how'], string] {
  return seq < next
    ? ['reordered', `entry ${seq} stands before entries that come first`]
    : ['inserted', `it says it is entry ${seq}, which has no place here`]
}

function entries(from: number, to: number): string {
  return from === to ? `entry ${from} is` : `entries ${from} to ${to} are`
}
