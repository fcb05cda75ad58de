import type { Change } from './diff.ts'
import { nameOf, sideWords } from './words.ts'

/** What was seen of a key when all of its datacenter was last right. */
export type Right = { readonly index: number; readonly digest: string }

/** When that was, by key (and by `node/id` of services); null while it never was. */
export type LastRight = {
  readonly at: number
  readonly keys: ReadonlyMap<string, Right>
  readonly services: ReadonlyMap<string, Right>
}

/** `hand`: somebody changed it in Consul. `source`: the source moved on, and nobody applied that yet. */
export type Finding = {
  readonly dc: string
  readonly change: Change
  readonly by: 'hand' | 'source'
  readonly index: number
  readonly right: Right | null
}

/** `changes`: what would make the datacenter as the source says. `indexOf` gives the ModifyIndex of what is there, 0 for nothing. */
export function findingsOf(
  dc: string,
  changes: readonly Change[],
  last: LastRight | null,
  indexOf: (change: Change) => number,
): Finding[] {
  return changes.map((change) => {
    const right = (change.kind === 'key' ? last?.keys : last?.services)?.get(change.key) ?? null
    return { dc, change, by: byWhom(change, right), index: indexOf(change), right }
  })
}

/** What is in Consul just as it was when all was right was not touched there: then it is the source that moved. */
function byWhom({ before }: Change, right: Right | null): Finding['by'] {
  if (before === null) return right === null ? 'source' : 'hand'
  return right?.digest === before.digest ? 'source' : 'hand'
}

/** `dc1: config/app/x: "b" in Consul, "a" in the source; ModifyIndex 27 now, 13 when it was last right`. */
export function findingLine({ dc, change, index, right }: Finding): string {
  const { what, kind, text, digest, before, secret } = change
  const name = nameOf(change)
  const here = before && sideWords(kind, before, secret)
  const there =
    text === null ? '' : sideWords(kind, { text, digest: digest ?? '', size: Buffer.byteLength(text) }, secret)
  const words = {
    add: `gone from Consul, ${there} in the source`,
    change: `${here} in Consul, ${there} in the source`,
    remove: `${here} in Consul, not in the source`,
  }[what]
  const now = index === 0 ? 'not there now' : `ModifyIndex ${index} now`
  const then = right === null ? 'never seen right' : `${right.index} when it was last right`
  return `${dc}: ${name}: ${words}; ${now}, ${then}`
}

/** What a look for drift comes to in one sentence. */
export function driftHeadline(findings: readonly Finding[], read: readonly string[], away: readonly string[]): string {
  const hand = findings.filter(({ by }) => by === 'hand')
  const moved = findings.length - hand.length
  const so = moved > 0 ? ` ${moved} of the source ${moved === 1 ? 'is' : 'are'} not applied yet.` : ''
  const not = away.length > 0 ? ` ${away.join(', ')} could not be looked at.` : ''
  if (hand.length === 0) return `Nothing was changed by hand in ${read.join(', ') || 'any datacenter'}.${so}${not}`
  const dcs = [...new Set(hand.map(({ dc }) => dc))]
  return `${hand.length} changed by hand in ${dcs.join(', ')}. *Adopt* gives a diff to commit; *Put it back* plans with the source, and asks.${so}${not}`
}
