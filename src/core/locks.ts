import { nameOf } from './actor.ts'
import { spoken } from './duration.ts'
import type { EnvironmentRecord } from './environment.ts'
import type { Execution } from './execution.ts'
import { isOver } from './execution.ts'
import { dayAndClock } from './judgment.ts'
import { wordOf } from './status-word.ts'
import { shown } from './text.ts'

/** The lock of an environment; `holder` is null when nobody holds it, or when the store has no record of who does. */
export type Lock = { readonly environment: EnvironmentRecord; readonly holder: Execution | null }

/** Who holds the lock of an environment since when, and who waits for it in which place, in lines: what `locks list` answers. */
export function describeLock({ environment, holder }: Lock, now: number): string[] {
  const { name, lock, queue, stolen } = environment
  if (!lock) return [`*${name}*: free`]
  const claimed = (claim: typeof lock) => `\`${claim.execution}\` ${shown(claim.line)} of ${nameOf(claim.actor)}`
  const since = `since ${dayAndClock(lock.since)} (${spoken(now - lock.since)})`
  const taken =
    stolen?.at === lock.since ? `, after ${nameOf(stolen.by)} took it from \`${stolen.from.execution}\`` : ''
  return [
    `*${name}*: held by ${claimed(lock)}, ${standing(holder)}, ${since}${taken}`,
    ...queue.map((claim, index) => `   ${index + 1}. in the queue: ${claimed(claim)}`),
  ]
}

/** A lock whose holder will never give it back by itself says how it can be taken. */
function standing(holder: Execution | null): string {
  if (!holder) return 'of which nothing is stored any more'
  return isOver(holder) ? `which is over (*${wordOf(holder)}*)` : `which is *${wordOf(holder)}*`
}
