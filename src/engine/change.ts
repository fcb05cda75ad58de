import type { EnvironmentRecord } from '../core/environment.ts'
import type { Event, Next } from '../core/event.ts'
import type { Change } from './commit.ts'

/** What to store of a decision. An environment that it did not touch is not compared either: it may belong to somebody else by now. */
export function changeOf(next: Next, before: EnvironmentRecord | null = null): Change {
  const touched = next.environment && next.environment !== before ? [next.environment] : []
  return { execution: next.execution, environments: touched, effects: next.effects }
}

/** Break glasses by which somebody may what the event says: it counts only while they hold. */
export function heldFor(event: Event): readonly string[] | undefined {
  if (event.type === 'judged') return event.judgment.glass
  if (event.type === 'chosen') return event.choice.glass
  return 'glass' in event ? event.glass : undefined
}
