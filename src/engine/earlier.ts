import type { Execution } from '../core/execution.ts'
import { outputOf } from '../core/execution.ts'
import type { Earlier, Fields, StageEnd } from '../core/workflow.ts'
import type { Progress } from './progress.ts'
import type { Store } from './store.ts'

/** How many executions back are looked through. */
const MOST_LOOKED_AT = 1000

/** What a stage gave in the latest earlier execution of the same command with these arguments. */
export async function earlierOutput(
  store: Store,
  { id, command, createdAt }: Execution,
  { stage, args }: { readonly stage: string; readonly args: Fields },
): Promise<Earlier | null> {
  const same = (other: Execution) => Object.entries(args).every(([name, value]) => other.args[name] === value)
  for (const other of await store.list({ limit: MOST_LOOKED_AT })) {
    if (other.id === id || other.command !== command || other.createdAt > createdAt || !same(other)) continue
    const output = outputOf(other, stage)
    if (output) return { execution: other.id, at: other.endedAt ?? other.createdAt, output }
  }
  return null
}

/** The stages of an execution, with the time of their last word. */
export async function stageEnds(
  store: Store,
  execution: Execution,
  words: readonly Progress[],
): Promise<readonly StageEnd[]> {
  const now = (await store.execution(execution.id)) ?? execution
  return now.stages.map(({ id, state, outcome, worker, startedAt, endedAt }) => {
    const said = words.find(({ stage, at }) => stage === id && at >= (startedAt ?? 0))
    return { stage: id, state, outcome, host: worker?.host ?? null, startedAt, endedAt, saidAt: said?.at ?? null }
  })
}
