import { randomUUID } from 'node:crypto'
import { waitFor } from '../examples/demo/parts.ts'
import type { Execution } from '../src/core/execution.ts'
import { isOver, stageOf } from '../src/core/execution.ts'
import type { Outcome } from '../src/core/workflow.ts'
import { judge } from '../src/engine/judge.ts'
import { carol, type Installation, type Open } from './installation.ts'

/** What a real worker makes of `start`: how its plan and its apply end, and the files that the plan leaves in the store. */
export type Sample = {
  readonly plan: Outcome
  readonly apply: Outcome
  readonly files: ReadonlyMap<string, Uint8Array>
}

const FILES = ['stack', 'tree-digest', 'plan', 'plan.txt']

/** Runs `start` once, on real Terraform, by a worker that is stopped again. Throws where it does not succeed. */
export async function sampleRun(
  { worker }: Installation,
  { ask, engine, parts }: Open,
  lane: string,
  signal: AbortSignal,
): Promise<Sample> {
  const started = await worker('sample')
  const { id } = await ask(`start ${lane}`)
  const when = (what: string, fits: (execution: Execution) => boolean) =>
    waitFor(
      async () => {
        const execution = await engine.store.execution(id)
        return execution && fits(execution) ? execution : null
      },
      { what: `the sample ${what}`, within: '30s', signal },
    )
  const planned = await when(
    'to wait for its judgment',
    (each) => stageOf(each, 'judgment')?.state === 'waiting' || isOver(each),
  )
  const files = new Map<string, Uint8Array>()
  for (const name of FILES) files.set(name, await engine.artifacts.of(id).get(name))
  const attempt = stageOf(planned, 'judgment')?.attempt ?? 0
  await judge(parts, { execution: id, stage: 'judgment', attempt, decision: 'approved' }, carol, randomUUID())
  const applied = await when('to end', isOver)
  await started.stop()
  return { plan: outcomeOf(applied, 'terraform.plan'), apply: outcomeOf(applied, 'terraform.apply'), files }
}

function outcomeOf(execution: Execution, id: string): Outcome {
  const outcome = stageOf(execution, id)?.outcome
  if (outcome?.kind !== 'succeeded')
    throw new Error(`Expected ${id} of the sample to succeed, found: ${JSON.stringify(outcome).slice(0, 600)}`)
  return outcome
}
