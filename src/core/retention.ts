import type { EnvironmentRecord, Lifetime } from './environment.ts'
import type { Execution } from './execution.ts'
import { outputOf } from './execution.ts'
import type { Site } from './site.ts'

/** So many of the newest executions are kept, however long they are over. */
export const NEWEST_KEPT = 100

/**
 * Whether an execution may be forgotten: it is over since before a time (milliseconds since 1970), it is known how it ended, and its
 * environment refers to it no more. The audit keeps what was recorded of it all the same.
 */
export function mayForget(execution: Execution, environment: EnvironmentRecord | null, before: number): boolean {
  const { id, status, endedAt, lock } = execution
  if (endedAt === null || endedAt >= before) return false
  if (status === 'unknown' || lock === 'held' || lock === 'queued') return false
  return !environment || !referredTo(environment).includes(id)
}

/** Executions that an environment's record names: its lock and queue, its time, its last apply, and the last theft of its lock. */
function referredTo({ lock, queue, lifetime, last, stolen }: EnvironmentRecord): string[] {
  const claims = [lock, ...queue, last, stolen?.from].map((claim) => claim?.execution)
  return [...claims, ...ofLifetime(lifetime)].filter((id) => typeof id === 'string')
}

function ofLifetime(lifetime: Lifetime | null | undefined): (string | null)[] {
  if (!lifetime) return []
  const { execution, ending, replaced } = lifetime
  return [execution, ending, ...ofLifetime(replaced)]
}

const CLOSINGS = ['over', 'queued', 'running', 'waiting', 'unknown'] as const

/** Names of the messages that an execution has by itself. Warnings, and files that an earlier attempt left, are known where they were posted. */
export function messageNames(execution: Execution): string[] {
  const { id, stages } = execution
  const attempts = Math.max(1, ...stages.map(({ attempt }) => attempt))
  const files = fileNames(execution).flatMap((file) =>
    Array.from({ length: attempts }, (_, before) => `file:${id}:${file}:${before + 1}`),
  )
  return [`execution:${id}`, `warning:${id}`, ...CLOSINGS.map((word) => `closing:${id}:${word}`), ...files]
}

/** Files that its stages left for people. */
export function fileNames(execution: Execution): string[] {
  const files = execution.stages.map(({ id }) => outputOf(execution, id)?.files)
  return [...new Set(files.flatMap((each) => (Array.isArray(each) ? each.map(String) : [])))]
}

/** What is said of an execution that is not stored, or not any more. */
export function forgottenText({ keep }: Pick<Site, 'keep'>, id: string): string {
  return `An execution is kept for ${keep.executions} after it is over. The audit has what was recorded of older ones: \`audit --run ${id} --since 730d --limit 100\`.`
}
