import { z } from 'zod'
import { dayAndClock } from '../../core/judgment.ts'
import type { Change } from '../../core/kv/diff.ts'
import type { Finding, LastRight } from '../../core/kv/drift.ts'
import { driftHeadline, findingLine, findingsOf } from '../../core/kv/drift.ts'
import type { KvPart } from '../../core/kv/plan.ts'
import { stageFile } from '../../core/stage/files.ts'
import type { Outcome, RunContext, Shape, StageDraft, StageKind } from '../../core/workflow.ts'
import { maskFor } from '../workplace.ts'
import type { Seen } from './look.ts'
import { awayText, consulOf, datacentersOf, lookAt } from './look.ts'
import type { Memory } from './memory.ts'
import { memoryOf } from './memory.ts'
import { isRight, partFrom } from './planned.ts'
import type { Source, WantedEverywhere } from './source.ts'
import { readSource, wantedFrom } from './source.ts'

const input = z.strictObject({})
const DRIFT_TEXT = 'kv-drift.txt'
const MOST_LINES = 40

/** What differs between the source and Consul, and who moved: it has something to say (`loud`) where somebody changed something by hand. */
export const kvDriftKind: StageKind<z.infer<typeof input>> = {
  kind: 'kv.drift',
  input,
  repeatable: true,
  plan(_, { kv }) {
    if (!kv) throw new Error('Drift of settings needs a source: give the command `environment: kvTarget(...)`.')
    return {}
  },
  run: (_, context) => drift(context),
}

/** A datacenter as it was looked at; `seen` is null for one that is away, and `why` says why. */
export type Looked = {
  readonly dc: string
  readonly why: string
  readonly seen: Seen | null
  readonly part: KvPart | null
  readonly last: LastRight | null
  readonly findings: readonly Finding[]
}

/** The source, and every datacenter beside it. */
export async function lookAtAll(
  context: RunContext,
): Promise<{ source: Source; wanted: WantedEverywhere; looked: Looked[] }> {
  const { kv, signal } = context
  const consul = consulOf(context)
  context.progress('reading the source')
  const source = await readSource(context)
  const datacenters = await datacentersOf(consul, kv, signal)
  const wanted = wantedFrom(source, datacenters, context)
  context.progress(`reading ${datacenters.join(', ')}`)
  const looked = await Promise.all(
    datacenters.map(async (dc): Promise<Looked> => {
      const services = [...(wanted.services.get(dc)?.values() ?? [])].map(({ service }) => service)
      const last = lastRight(await memoryOf(context).right(dc))
      try {
        const seen = await lookAt(consul, dc, kv, services, signal)
        const part = partFrom(context, { dc, state: 'read', why: '' }, wanted, seen)
        const indexOf = ({ kind, key }: Change) => (kind === 'key' ? seen.keys : seen.services).get(key)?.index ?? 0
        return { dc, why: '', seen, part, last, findings: findingsOf(dc, part.changes, last, indexOf) }
      } catch (error) {
        signal.throwIfAborted()
        return { dc, why: awayText(error), seen: null, part: null, last, findings: [] }
      }
    }),
  )
  return { source, wanted, looked }
}

async function drift(context: RunContext): Promise<Outcome> {
  const { looked, source } = await lookAtAll(context)
  for (const { dc, part, seen } of looked) if (seen && part && isRight(part)) await memoryOf(context).sawRight(dc, seen)
  const findings = looked.flatMap((each) => each.findings)
  const hand = findings.filter(({ by }) => by === 'hand')
  const mask = maskFor(context)
  const names = (away: boolean) => looked.filter(({ seen }) => (seen === null) === away).map(({ dc }) => dc)
  const headline = driftHeadline(findings, names(false), names(true))
  const parts = looked.map((each) => partLine(each))
  const lines = hand.map((each) => mask(findingLine(each)))
  const waiting = findings.filter(({ by }) => by === 'source').map((each) => mask(findingLine(each)))
  const text = [
    headline,
    ...parts,
    '',
    ...lines,
    ...(waiting.length > 0 ? ['', 'In the source and not applied yet:', ...waiting] : []),
  ]
  const file = stageFile({ id: context.stage, kind: 'kv.drift' }, DRIFT_TEXT)
  if (findings.length > 0) await context.artifacts.put(file, Buffer.from(mask(`${text.join('\n')}\n`)))
  const { name } = context.kv
  const offers = [
    { label: 'Adopt', line: `kv adopt ${name}` },
    { label: 'Put it back', line: `kv apply ${name}` },
  ]
  return {
    kind: 'succeeded',
    output: {
      headline: mask(headline),
      loud: hand.length > 0,
      lines: lines.slice(0, MOST_LINES),
      more: Math.max(lines.length - MOST_LINES, 0),
      parts: parts.map((line) => mask(line)),
      commit: source.commit,
      offers: hand.length > 0 ? offers : [],
      ...(findings.length > 0 ? { files: [file] } : {}),
    },
  }
}

function partLine({ dc, why, last, findings, part }: Looked): string {
  if (!part) return `${dc}: not looked at, ${why}`
  const hand = findings.filter(({ by }) => by === 'hand').length
  const since = last ? `last seen right at ${dayAndClock(last.at)}` : 'never seen right before'
  return `${dc}: ${hand === 0 ? 'nothing changed by hand' : `${hand} changed by hand`}, ${part.unchanged} as the source says; ${since}.`
}

function lastRight(memory: Memory | null): LastRight | null {
  if (!memory) return null
  const rights = (entries: Memory['keys']) =>
    new Map(Object.entries(entries).map(([key, [index, digest]]) => [key, { index, digest }]))
  return { at: memory.at, keys: rights(memory.keys), services: rights(memory.services) }
}

/** `kv.drift()` in a workflow. */
export function kvDriftDraft(shape: Shape = {}): StageDraft {
  return { kind: kvDriftKind.kind, input: {}, ...shape }
}
