import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { milliseconds } from '../../core/duration.ts'
import { count, latencyText } from '../../core/load/report.ts'
import type { Fields, Outcome, ProcessEnd, RunContext, StageKind } from '../../core/workflow.ts'
import type { EngineEnd, ShareSpec } from '../../tools/load/engine.ts'
import { encodeTimes, percentile } from '../../tools/load/histogram.ts'
import type { Measured } from '../../tools/load/share.ts'
import { answersIn, nothingMeasured, numbersOf, packShare, readLine } from '../../tools/load/share.ts'
import { foundUrls, planNamed, shareOf, urls } from './plan.ts'
import { startTogether } from './start.ts'

const input = z.strictObject({
  loadtest: z.string(),
  share: z.number().int().min(1),
  of: z.number().int().min(1),
  for: z.string(),
  urls,
})

/** What workers need stands beside it. */
const planned = z.object({ ...input.shape, urls: foundUrls })
type Input = z.infer<typeof planned>

/** One generator's share of a load. A lost one does no harm: its share is missing, and the report says so. */
export const loadRun: StageKind<z.infer<typeof input>> = {
  kind: 'load.run',
  input,
  repeatable: false,
  lost: 'failed',
  plan(input, { site }) {
    planNamed(site, input.loadtest)
    milliseconds(input.for)
    return input
  },
  async run(fields, context) {
    const wanted = planned.parse(fields)
    if (!context.adopted) {
      const { ready_within } = planNamed(context.site, wanted.loadtest)
      const why = await startTogether(context, ready_within)
      if (context.signal.aborted) return called(context, 'before the load began')
      if (why) return { kind: 'failed', error: why, output: { share: wanted.share } }
    }
    return makeLoad(wanted, context)
  },
}

async function makeLoad(wanted: Input, context: RunContext): Promise<Outcome> {
  const spec = specOf(wanted, context)
  const file = join(context.directory, 'spec.json')
  await writeFile(spec.leash.file, '')
  if (!context.adopted) await writeFile(file, JSON.stringify(spec), { mode: 0o600 })
  const watching = setInterval(() => void touch(spec.leash.file), 1000)
  const measured = nothingMeasured()
  let end: EngineEnd | null = null
  try {
    const argv = [process.execPath, join(import.meta.dirname, '../../tools/load/generate.ts'), file]
    const ended = await context.process({ argv, cwd: context.directory, env: environmentOf(context) }, (line) => {
      end = readLine(measured, line) ?? end
      if (!end) tell(measured, wanted, context)
    })
    return await outcomeOf({ wanted, measured, end, ended }, context)
  } finally {
    clearInterval(watching)
  }
}

function specOf({ loadtest, share, of, for: time, urls: targets }: Input, context: RunContext): ShareSpec {
  const { engine, connections, rate, plan, jmeter } = planNamed(context.site, loadtest)
  return {
    ...{ engine, jmeter, share: share - 1, folder: context.directory },
    targets,
    connections: Math.max(1, shareOf(connections, share, of)),
    seconds: milliseconds(time) / 1000,
    ...(rate === undefined ? {} : { rate: Math.max(1, shareOf(rate, share, of)) }),
    ...(plan === undefined ? {} : { plan }),
    leash: { file: join(context.directory, 'watched'), seconds: leashOf(context) },
  }
}

/** Long enough for another worker of the machine to see that the one before has died, and to take over. */
function leashOf({ site }: RunContext): number {
  return 20 + (2 * milliseconds(site.worker.dead_after)) / 1000
}

/** Java and its options are found as they are on this machine; nothing else is handed on. */
function environmentOf({ inherit }: RunContext): Record<string, string> {
  const names = ['PATH', 'HOME', 'LANG', 'JAVA_HOME', 'JVM_ARGS', 'JMETER_HOME']
  return Object.fromEntries(names.flatMap((name) => (inherit[name] ? [[name, inherit[name]]] : [])))
}

async function touch(file: string): Promise<void> {
  const now = new Date()
  await utimes(file, now, now).catch(() => null) // its folder is gone once the load is over
}

function tell(measured: Measured, { for: time }: Input, context: RunContext): void {
  const { requests, errors, times, seconds } = measured
  const last = Math.max(...seconds.keys())
  const whole = answersIn(measured, seconds.has(last - 1) ? last - 1 : last)
  const failed = Object.values(errors).reduce((sum, each) => sum + each, 0)
  const text = `${last + 1} s of ${time}, ${count(whole)}/s, p95 ${latencyText(percentile(times, 95))}, ${count(failed)} errors`
  context.progress(text, { requests, failed, throughput: whole, times: encodeTimes(times) })
}

type Ended = {
  readonly wanted: Input
  readonly measured: Measured
  readonly end: EngineEnd | null
  readonly ended: ProcessEnd
}

async function outcomeOf({ wanted, measured, end, ended }: Ended, context: RunContext): Promise<Outcome> {
  const seconds = end?.seconds ?? measured.seconds.size
  const output = { share: wanted.share, ...numbersOf(measured, seconds) }
  if (context.signal.aborted) return called(context, `after ${count(seconds)} s`, output)
  if (ended.end === 'never-started') return { kind: 'failed', error: 'Its engine never began.', output }
  if (!end) return { kind: 'failed', error: `Its engine was killed after ${count(seconds)} s.`, output }
  if (end.end === 'failed') return { kind: 'failed', error: `After ${count(seconds)} s ${end.why}.`, output }
  if (end.end === 'stopped')
    return { kind: 'failed', error: `Somebody on its machine stopped it after ${count(seconds)} s.`, output }
  if (measured.requests === 0) return { kind: 'failed', error: 'It made no request at all.', output }
  if (measured.times.totalCount === 0) return { kind: 'failed', error: unansweredText(measured), output }
  const file = `load-share-${wanted.share}-${context.attempt}`
  await context.artifacts.put(file, packShare(measured))
  return { kind: 'succeeded', output: { ...output, file } }
}

/** Numbers of a target that never answered would look like those of a very fast one. */
function unansweredText({ requests, errors }: Measured): string {
  const kinds = Object.entries(errors).map(([kind, times]) => `${kind} (${count(times)})`)
  return `Nothing was answered: ${kinds.join(', ')} in ${count(requests)} attempts. See whether the target is up, and whether this machine may reach it.`
}

/** Called off by somebody, or its worker has to leave: only the first calls off the whole run. */
function called({ signal }: RunContext, when: string, output?: Fields): Outcome {
  const given = output ? { output } : {}
  if (typeof signal.reason === 'string')
    return { kind: 'failed', error: `It ended ${when}: ${signal.reason}.`, ...given }
  return { kind: 'canceled', why: `canceled ${when}`, ...given }
}
