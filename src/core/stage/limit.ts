import { milliseconds } from '../duration.ts'
import type { Effect, StageEvent } from '../event.ts'
import type { StageRun } from '../execution.ts'

/** The wake-up at the end of the time that one start of a stage has, where it has one. */
export function limitOf(execution: string, { id: stage, attempt, timeLimit }: StageRun, now: number): Effect[] {
  return timeLimit ? [wakeAtLimit(execution, { stage, attempt }, now + milliseconds(timeLimit.after))] : []
}

export function wakeAtLimit(execution: string, { stage, attempt }: StageEvent, at: number): Effect {
  return { do: 'tell', execution, event: { type: 'limit.due', stage, attempt }, at }
}
