import { join } from 'node:path'
import { z } from 'zod'
import type { Execution, NewExecution } from '../../src/core/execution.ts'
import type { Outcome, RunContext, Stage, StageKind, StageKinds } from '../../src/core/workflow.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { createAudit } from '../../src/engine/audit.ts'
import type { RunnerParts } from '../../src/engine/run.ts'
import { createRunner } from '../../src/engine/run.ts'
import type { LabelledWorker } from '../../src/engine/workers.ts'
import { UserError } from '../../src/errors.ts'
import { site } from '../core/sample-site.ts'
import { stage, wanted } from '../core/world.ts'
import { silent } from './quiet.ts'
import type { Here } from './redis.ts'

/** Stages as small as they can be: a script that runs once, one that may run again, and what can go wrong in one. */
const script = z.object({ script: z.string() })
const env = (context: RunContext) => ({ PATH: context.inherit.PATH ?? '', ...context.passed })

async function runScript(input: unknown, context: RunContext): Promise<Outcome> {
  const argv = ['sh', '-c', script.parse(input).script]
  const lines: string[] = []
  const end = await context.process({ argv, cwd: context.directory, env: env(context) }, (line) => {
    lines.push(line)
    context.progress(line)
  })
  const output = { lines, adopted: context.adopted }
  if (end.end === 'vanished') return { kind: 'unknown', why: 'it vanished', output: { ...output, vanished: true } }
  if (end.end === 'never-started') return { kind: 'failed', error: 'never started', output }
  if (context.signal.aborted) return { kind: 'canceled', why: `exit ${end.exitCode}`, output }
  return end.exitCode === 0 ? { kind: 'succeeded', output } : { kind: 'failed', error: `exit ${end.exitCode}`, output }
}

/** Short commands around the one program of the stage, as Terraform's stages have them. */
async function runShort(input: unknown, context: RunContext): Promise<Outcome> {
  const {
    before,
    during = 'true',
    after,
  } = z.looseObject({ before: z.string(), during: z.string().optional(), after: z.string() }).parse(input)
  const place = { cwd: context.directory, env: env(context) }
  const first = await context.run(['sh', '-c', before], { ...place, signal: context.signal })
  await context.process({ argv: ['sh', '-c', during], ...place }, context.progress)
  const last = await context.run(['sh', '-c', after], place)
  return { kind: 'succeeded', output: { first: { ...first }, last: { ...last } } }
}

async function look(_input: unknown, context: RunContext): Promise<Outcome> {
  const { execution, line, stage, attempt, approved, environment, passed, secrets, adopted } = context
  const seen = { execution, line, stage, attempt, approved: [...approved('terraform.plan')], adopted }
  return { kind: 'succeeded', output: { ...seen, environment: environment.name, passed, secrets: [...secrets] } }
}

async function trip(input: unknown, context: RunContext): Promise<Outcome> {
  const { how } = z.object({ how: z.enum(['user', 'fault', 'begun', 'missing', 'waits']) }).parse(input)
  if (how === 'user') throw new UserError('Terraform 1.5 is too old.')
  if (how === 'missing') return { kind: 'succeeded', output: context.output('never') }
  if (how === 'begun') await context.process({ argv: ['true'], cwd: context.directory, env: env(context) }, () => {})
  if (how === 'waits') await untilAborted(context.signal)
  throw new Error('a fault of ours')
}

async function untilAborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
  throw new Error('aborted')
}

const kind = (name: string, repeatable: boolean, run?: StageKind['run']): [string, StageKind] => [
  name,
  { kind: name, repeatable, input: z.looseObject({}), plan: (input) => input as never, ...(run ? { run } : {}) },
]

export const kinds: StageKinds = new Map([
  kind('script', false, runScript),
  kind('plan', true, runScript),
  kind('short', false, runShort),
  kind('look', true, look),
  kind('trip', true, trip),
  kind('trip-once', false, trip),
  kind('judgment', true),
])

export const only = (kindName: string, input: Stage['input'] = {}): Partial<NewExecution> => ({
  stages: [stage('one', kindName, input)],
})

export const KEY = 'ab'.repeat(32)

export const workerOf = (id: string, machine = 'm1'): LabelledWorker => ({ id, machine, host: 'builder-1', labels: [] })

export function runnerOf(here: Here, worker: LabelledWorker, change: Partial<RunnerParts> = {}) {
  return createRunner({
    store: here.store,
    site,
    kinds,
    artifacts: createArtifacts(here.redis, here.keys, KEY),
    audit: createAudit({ ...here, log: silent, host: 'here', mask: (text) => text, show: [] }),
    worker,
    workDir: join(here.dir, worker.machine),
    variables: { PATH: process.env.PATH ?? '' },
    groups: async () => new Map(),
    progress: () => {},
    progressOf: async () => [],
    now: here.now,
    log: silent,
    ...change,
  })
}

/** Stores a request of one stage and gives the hint for it. */
export async function ready(here: Here, change: Partial<NewExecution>) {
  const stored = await here.store.request(wanted(change), change.id ?? 'r1')
  if (!stored) throw new Error('It was not stored')
  return { execution: stored.execution.id, stage: 'one', attempt: 1 }
}

export async function executionOf(here: Here, id = 'r1'): Promise<Execution> {
  const found = await here.store.execution(id)
  if (!found) throw new Error(`There is no ${id}`)
  return found
}

export async function stageNow(here: Here, id = 'r1') {
  const [first] = (await executionOf(here, id)).stages
  if (!first) throw new Error(`${id} has no stages`)
  return first
}
