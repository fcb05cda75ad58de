import { z } from 'zod'
import { clock } from '../../core/judgment.ts'
import type { Before, LoadOutput, Share } from '../../core/load/report.ts'
import {
  alternativeText,
  count,
  generatorsText,
  latencyText,
  loadHeadline,
  missedText,
  readLoadOutput,
  readShareOutput,
  verdictsOf,
} from '../../core/load/report.ts'
import type { LoadSettings } from '../../core/load/settings.ts'
import type { Earlier, Fields, Outcome, RunContext, StageEnd, StageKind } from '../../core/workflow.ts'
import type { Measured } from '../../tools/load/share.ts'
import { addShare, nothingMeasured, numbersOf, seriesOf } from '../../tools/load/share.ts'
import { foundUrls, planNamed, urls } from './plan.ts'
import { notEnough } from './start.ts'

const input = z.strictObject({
  loadtest: z.string(),
  /** The stages whose shares it merges. */
  shares: z.array(z.string()).min(1),
  for: z.string(),
  urls,
})

/** What workers need stands beside it. */
const planned = z.object({ ...input.shape, urls: foundUrls })
type Input = z.infer<typeof planned>

const PICTURE = 'load.png'

/** Merges the shares that were measured, holds them against the thresholds and the run before, and draws them. */
export const loadReport: StageKind<z.infer<typeof input>> = {
  kind: 'load.report',
  input,
  repeatable: true,
  plan(input, { site }) {
    planNamed(site, input.loadtest)
    return input
  },
  async run(fields, context) {
    const wanted = planned.parse(fields)
    const ends = (await context.ends()).filter(({ stage }) => wanted.shares.includes(stage))
    const measured = nothingMeasured()
    const shares = await Promise.all(ends.map((end) => mergeShare(end, measured, context)))
    if (shares.every(({ missing }) => missing !== undefined))
      return tooFew(ends, planNamed(context.site, wanted.loadtest)) ?? nothingCame(shares)
    const lasted = Math.max(...ends.map((end) => measuredBy(end)?.seconds ?? 0))
    const earlier = await context.before({ plan: wanted.loadtest })
    const load = reportOf(wanted, { measured, shares, lasted, earlier }, context)
    return drawn(load, { measured, lasted }, context)
  },
}

/** One that failed has measured something too, and none of it counts. */
function measuredBy({ state, outcome }: StageEnd) {
  return state === 'succeeded' && outcome?.kind === 'succeeded' ? readShareOutput(outcome.output) : null
}

async function mergeShare(end: StageEnd, into: Measured, { artifacts }: RunContext): Promise<Share> {
  const { stage, host, outcome } = end
  const given = measuredBy(end)
  const named = { stage, host: host ?? 'no worker' }
  if (!given) {
    const missing = outcome && outcome.kind !== 'succeeded' ? lostText(end) : 'It did not run.'
    return { ...named, requests: 0, throughput: 0, p95: null, missing }
  }
  addShare(into, await artifacts.get(given.file))
  const { requests, throughput, p95 } = given
  return { ...named, requests, throughput, p95 }
}

/** A generator that was lost with its worker says nothing any more: its last word tells how long it was heard of. */
function lostText({ outcome, startedAt, saidAt }: StageEnd): string {
  const why = outcome?.kind === 'failed' ? outcome.error : 'It did not run.'
  const heard = startedAt !== null && saidAt !== null ? Math.round((saidAt - startedAt) / 1000) : null
  const output = outcome?.kind === 'failed' ? outcome.output : undefined
  return output || heard === null ? why : `${why} It was last heard of ${heard} s after it began.`
}

/** Where one of them never began, none of them loaded: the others waited for it. */
function tooFew(ends: readonly StageEnd[], { ready_within }: LoadSettings): Outcome | null {
  const here = ends.filter(({ startedAt }) => startedAt !== null).length
  return here === ends.length ? null : { kind: 'failed', error: notEnough(here, ends.length, ready_within) }
}

function nothingCame(shares: readonly Share[]): Outcome {
  const each = shares.map(({ stage, host, missing }) => `${stage} on ${host}: ${missing}`)
  return { kind: 'failed', error: `No generator brought its share to the end.\n${each.join('\n')}` }
}

type Given = {
  readonly measured: Measured
  readonly shares: readonly Share[]
  readonly lasted: number
  readonly earlier: Earlier | null
}

function reportOf(wanted: Input, { measured, shares, lasted, earlier }: Given, context: RunContext): LoadOutput {
  const { loadtest, shares: stages, urls: targets } = wanted
  const { engine, thresholds, connections, rate } = planNamed(context.site, loadtest)
  const numbers = numbersOf(measured, lasted)
  const load: LoadOutput = {
    ...numbers,
    ...{ plan: loadtest, engine, connections, rate: rate ?? null },
    target: `${targets[0] ?? ''}${targets.length > 1 ? ` and ${targets.length - 1} more` : ''}`,
    generators: shares.filter(({ missing }) => missing === undefined).length,
    wanted: stages.length,
    shares: [...shares],
    verdicts: verdictsOf(numbers, thresholds),
    before: null,
  }
  return { ...load, before: earlier && beforeOf(earlier, load) }
}

function beforeOf({ execution, at, output }: Earlier, now: LoadOutput): Before | null {
  const then = readLoadOutput(output)
  if (!then) return null
  const { throughput, p50, p95, p99, errorPercent } = then
  return { execution, at, throughput, p50, p95, p99, errorPercent, otherwise: differences(then, now).join(', ') }
}

/** What makes two runs not quite comparable. */
function differences(then: LoadOutput, now: LoadOutput): string[] {
  const differ = (what: string, a: number | null, b: number | null) => (a === b ? [] : [`${a ?? 'no'} ${what}`])
  return [
    ...differ('generators', then.generators, now.generators),
    ...differ('connections', then.connections, now.connections),
    ...differ('requests a second as limit', then.rate, now.rate),
    ...(Math.abs(then.seconds - now.seconds) > 1 ? [`${count(then.seconds)} s`] : []),
  ]
}

async function drawn(
  load: LoadOutput,
  { measured, lasted }: Pick<Given, 'measured' | 'lasted'>,
  context: RunContext,
): Promise<Outcome> {
  const series = seriesOf(measured, lasted)
  const limit = load.verdicts.find(({ name }) => name === 'p95')?.limit
  // Only this stage draws: nobody else should wait for the library to load.
  const { drawLoad } = await import('../../tools/chart.ts')
  context.progress('drawing the picture')
  const picture = await drawLoad({
    title: `${load.plan}: ${count(load.throughput)}/s, p95 ${latencyText(load.p95)}`,
    subtitle: `${generatorsText(load)}, ${count(load.seconds)} s, begun at ${clock(context.now() - lasted * 1000)}`,
    series,
    ...(limit === undefined ? {} : { limit }),
  })
  await context.artifacts.put(PICTURE, picture)
  const output: Fields = {
    ...load,
    headline: loadHeadline(load),
    files: [PICTURE],
    alternatives: { [PICTURE]: alternativeText(load, series) },
  }
  const missed = missedText(load.verdicts)
  return missed === null
    ? { kind: 'succeeded', output }
    : { kind: 'failed', error: missed, output: { ...output, missed } }
}
