import { z } from 'zod'
import { isOwned } from '../../core/kv/keys.ts'
import type { KvPlan } from '../../core/kv/plan.ts'
import { kvPlan } from '../../core/kv/plan.ts'
import type { Progress } from '../../core/kv/report.ts'
import { applyHeadline, conflictLine, progressLine, reportText, untouched } from '../../core/kv/report.ts'
import { stageFile } from '../../core/stage/files.ts'
import type { Outcome, RunContext, Shape, StageDraft, StageKind } from '../../core/workflow.ts'
import { sha256 } from '../digest.ts'
import { maskFor } from '../workplace.ts'
import type { Consul } from './look.ts'
import { consulOf } from './look.ts'
import { memoryOf } from './memory.ts'
import { PLAN } from './planned.ts'
import { writePart } from './write.ts'

const input = z.strictObject({ plan: z.string() })

const REPORT = 'kv-report.txt'
const MOST_LINES = 20

/**
 * Writes what was approved and nothing else, each key only where nobody changed it since the plan. It may be started again: what is so
 * already counts as done.
 */
export const kvApplyKind: StageKind<z.infer<typeof input>> = {
  kind: 'kv.apply',
  input,
  repeatable: true,
  gated: true,
  changes: true,
  plan({ plan }, { kv }) {
    if (!kv) throw new Error('Settings are written for a source: give the command `environment: kvTarget(...)`.')
    return { plan }
  },
  run: (fields, context) => apply(String(fields.plan), context),
}

async function apply(planStage: string, context: RunContext): Promise<Outcome> {
  const approved = context.output(planStage)
  const bytes = await context.artifacts.get(PLAN)
  const digest = sha256(bytes)
  const given = context.approved(planStage)
  if (digest !== approved.digest || given.length === 0 || given.some((each) => each !== digest))
    return { kind: 'failed', error: 'What would be written is not what was approved. Plan again.' }
  const plan = kvPlan.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  const foreign = foreignTo(plan, context)
  if (foreign) return { kind: 'failed', error: foreign, again: planStage }
  const consul = consulOf(context)
  const all: Progress[] = []
  for (const part of plan.parts) all.push(await partDone(context, consul, plan, part.dc, all))
  return outcomeOf(planStage, context, plan, all)
}

/** The site may have changed since the plan: a prefix that went to somebody else is not written any more. */
function foreignTo(plan: KvPlan, { kv }: RunContext): string | null {
  const lost = plan.parts
    .flatMap(({ changes }) => changes)
    .find(({ kind, key }) => kind === 'key' && !isOwned(kv.prefixes, key))
  if (lost) return `The site no longer gives ${lost.key} to ${kv.name}.`
  const gone = plan.parts.find(({ dc }) => dc !== kv.hub && kv.spokes !== 'all' && !kv.spokes.includes(dc))
  return gone ? `The site no longer gives ${gone.dc} to ${kv.name}.` : null
}

/** The hub goes first: where it fails, no spoke gets what it does not have. */
async function partDone(
  context: RunContext,
  consul: Consul,
  plan: KvPlan,
  dc: string,
  before: readonly Progress[],
): Promise<Progress> {
  const part = plan.parts.find((each) => each.dc === dc)
  if (!part) throw new Error(`The plan has no ${dc}.`)
  const hub = before.find((each) => each.dc === plan.hub)
  const failed = hub && hub.state !== 'done'
  if (context.signal.aborted) return untouched(dc, part.changes, 'it was called off before.')
  if (failed && dc !== plan.hub) return untouched(dc, part.changes, `the hub ${plan.hub} failed before.`)
  if (part.state === 'unknown') return { ...untouched(dc, [], part.why), state: dc === plan.hub ? 'failed' : 'waits' }
  const progress = await writePart(context, consul, part)
  // Nobody waits for the hub: without it nothing was begun, and it is asked for anew.
  return progress.state === 'waits' && dc === plan.hub && plan.parts.length > 1
    ? { ...progress, state: 'failed' }
    : progress
}

async function outcomeOf(
  planStage: string,
  context: RunContext,
  plan: KvPlan,
  all: readonly Progress[],
): Promise<Outcome> {
  const mask = maskFor(context)
  const memory = memoryOf(context)
  const waits = all.filter(({ state }) => state === 'waits')
  for (const { dc, why, left, refused } of waits) {
    const part = plan.parts.find((each) => each.dc === dc)
    const approvedBy = context.approvedBy(planStage).flatMap((actor) => (actor.kind === 'slack' ? [{ ...actor }] : []))
    const known =
      part && part.state !== 'unknown' ? { ...part, changes: [...refused, ...left].map((each) => ({ ...each })) } : null
    await memory.waits(dc, { execution: context.execution, at: context.now(), why, part: known, approvedBy })
  }
  // What was tried took the place of what waited from before, also where it failed: people are told of that, and plan again.
  for (const { dc, state } of all) if (state === 'done' || state === 'failed') await memory.waitsNoMore(dc)
  const planned = `Planned and approved as ${String(context.output(planStage).digest).slice(0, 12)}.`
  const file = stageFile({ id: context.stage, kind: 'kv.apply' }, REPORT)
  await context.artifacts.put(file, Buffer.from(mask(reportText(plan, all, planned))))
  const conflicts = all.flatMap((each) => each.conflicts.map((one) => `${each.dc}: ${conflictLine(one)}`))
  const output = {
    headline: applyHeadline(all),
    loud: true,
    parts: all.map((each) => mask(progressLine(each))),
    conflicts: conflicts.slice(0, MOST_LINES).map((line) => mask(line)),
    more: Math.max(conflicts.length - MOST_LINES, 0),
    files: [file],
    ...(waits.length > 0 ? { catchUp: waits.map(({ dc }) => dc) } : {}),
  }
  const failed = all.filter(({ state }) => state === 'failed')
  if (failed.length > 0) {
    const why = failed.map((each) => mask(progressLine(each))).join('\n')
    const offers = [{ label: 'Plan again', line: `kv apply ${plan.name}` }]
    return { kind: 'failed', error: why, output: { ...output, offers } }
  }
  if (context.signal.aborted && all.some(({ state }) => state === 'untouched'))
    return { kind: 'canceled', why: 'canceled between two batches; what was written stays', output }
  return { kind: 'succeeded', output }
}

/** `kv.apply({ plan: 'kv.plan' })` in a workflow. */
export function kvApplyDraft({ plan, ...shape }: Shape & { plan: string }): StageDraft {
  return { kind: kvApplyKind.kind, input: { plan }, ...shape }
}
