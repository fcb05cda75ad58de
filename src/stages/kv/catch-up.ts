import { fits, isDone } from '../../core/kv/diff.ts'
import type { KvPart } from '../../core/kv/plan.ts'
import { awayPart } from '../../core/kv/plan.ts'
import type { ExternalService } from '../../core/kv/services.ts'
import { changeLine } from '../../core/kv/words.ts'
import type { Outcome, RunContext } from '../../core/workflow.ts'
import { ConsulFailure } from '../../tools/consul/watch/failure.ts'
import { maskFor } from '../workplace.ts'
import type { Seen } from './look.ts'
import { awayText, consulOf, datacentersOf, lookAt } from './look.ts'
import { memoryOf } from './memory.ts'
import { isRight, partAt, planned } from './planned.ts'
import { readSource, wantedFrom } from './source.ts'

/** What was approved for a datacenter that was away, change by change, if all of it still fits; else a new plan of it that is asked for. */
export async function catchUpPlan(context: RunContext, dc: string): Promise<Outcome> {
  const { kv, signal } = context
  const consul = consulOf(context)
  const memory = memoryOf(context)
  const waiting = await memory.waiting(dc)
  const about = { name: kv.name, hub: kv.hub, prefixes: [...kv.prefixes] }
  if (!waiting) return planned(context, { ...about, parts: [] }, { headline: `${dc} waits for nothing any more.` })
  const wishes = (waiting.part?.changes ?? []).filter(({ kind }) => kind === 'service')
  const nodes = wishes.map(
    ({ key }) => ({ node: key.split('/')[0] ?? '', id: key.split('/')[1] ?? '' }) as ExternalService,
  )
  let seen: Seen
  try {
    seen = await lookAt(consul, dc, kv, nodes, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ConsulFailure && error.kind === 'forbidden') throw error
    const headline = `${dc} is away again: ${awayText(error)}`
    return planned(context, { ...about, parts: [awayPart(dc, headline)] }, { headline, catchUp: [dc] })
  }
  const here = (change: KvPart['changes'][number]) =>
    (change.kind === 'key' ? seen.keys : seen.services).get(change.key)
  const misfit = waiting.part?.changes.find((change) => !fits(change, here(change)))
  const [approver] = waiting.approvedBy
  if (waiting.part && !misfit && approver && stillOwned(waiting.part, context)) {
    const changes = waiting.part.changes.filter((change) => !isDone(change, here(change)))
    const part: KvPart = { ...waiting.part, state: 'read', why: '', changes }
    if (changes.length === 0) await memory.waitsNoMore(dc)
    const note = `What was approved in ${waiting.execution} for ${dc}, which was away; it still fits.`
    return planned(
      context,
      { ...about, parts: [part] },
      { note, approvedEarlier: { execution: waiting.execution, by: approver } },
    )
  }
  const source = await readSource(context)
  const wanted = wantedFrom(source, await datacentersOf(consul, kv, signal), context)
  const { part, seen: now } = await partAt(context, consul, dc, wanted)
  if (now && isRight(part)) {
    await memory.sawRight(dc, now)
    await memory.waitsNoMore(dc)
  }
  const changed = misfit
    ? ` What was approved no longer fits: ${changeLine(misfit)} was planned against ModifyIndex ${misfit.index}, and ${here(misfit) ? `it has ${here(misfit)?.index}` : 'it is gone'}.`
    : ''
  const note = `${dc} is back after ${waiting.execution}.${changed} This is asked for anew.`
  return planned(context, { ...about, parts: [part] }, { note: maskFor(context)(note), commit: source.commit })
}

/** The site may have given a prefix to somebody else meanwhile. */
function stillOwned({ changes }: KvPart, { kv }: RunContext): boolean {
  return changes.every(({ kind, key }) => kind === 'service' || kv.prefixes.some((prefix) => key.startsWith(prefix)))
}
