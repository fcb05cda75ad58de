import { milliseconds } from '../duration.ts'
import type { Effect } from '../event.ts'
import type { StageRun } from '../execution.ts'

/** The next reminder of a judgment that waits, where it has any: every so often until it is decided or expires. */
export function reminder(execution: string, stage: StageRun, now: number): Effect[] {
  const { remind } = stage.input
  if (typeof remind !== 'string' || stage.startedAt === null) return []
  const every = milliseconds(remind)
  const at = stage.startedAt + (Math.floor((now - stage.startedAt) / every) + 1) * every
  if (stage.dueAt !== null && at >= stage.dueAt) return []
  const event = { type: 'judgment.remind', stage: stage.id, attempt: stage.attempt, at } as const
  return [{ do: 'tell', execution, event, at }]
}
