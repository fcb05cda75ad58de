import type { Actor } from './actor.ts'
import { nameOf } from './actor.ts'
import type { EnvironmentRecord } from './environment.ts'
import type { Next, World } from './event.ts'
import type { Execution } from './execution.ts'
import { isOver } from './execution.ts'
import { changed, finish, passOn, refuse } from './finish.ts'
import { dayAndClock } from './judgment.ts'
import { aliveText } from './mend.ts'
import { wordOf } from './status-word.ts'
import { shown } from './text.ts'

/** Who takes a lock and why; `rule` is the one that allows it. */
export type Taking = { readonly by: Actor; readonly why: string; readonly rule: string }

/**
 * Somebody takes the lock from its holder, which must be over or stand at unknown: the next in the queue then holds it. One at unknown
 * ends as left, since nobody may apply beside it.
 */
export function stolen(world: World, taking: Taking, now: number): Next {
  const { execution, environment } = world
  if (environment?.lock?.execution !== execution.id)
    return refuse(
      world,
      `\`${execution.id}\` does not hold the lock any more.${environment ? stealText(environment) : ''}`,
    )
  const refusal = refusalToSteal(execution)
  if (refusal) return refuse(world, `${refusal}${stealText(environment)}`)
  const taken = noted(execution, taking, now)
  const marked = withSteal(environment, taking, now)
  if (!isOver(execution)) return finish({ execution: taken, environment: marked }, 'unknown', 'left', now)
  const passed = passOn(marked, execution.id, now)
  return changed({ execution: { ...taken, lock: 'released' }, environment: passed.environment }, passed.effects)
}

/** The same where the store has no record of the holder any more. Null when another holds the lock by now. */
export function stolenFromNobody(environment: EnvironmentRecord, holder: string, taking: Taking, now: number) {
  return environment.lock?.execution === holder ? passOn(withSteal(environment, taking, now), holder, now) : null
}

/** Why nobody may take the lock from this execution, or null. */
function refusalToSteal(execution: Execution): string | null {
  if (isOver(execution)) return null
  const { id, line, actor, status } = execution
  const holder = `\`${id}\` (${shown(line)} of ${nameOf(actor)})`
  if (status !== 'unknown')
    return `${holder} holds the lock and is *${wordOf(execution)}*. A lock is taken only from an execution that is over or at unknown; \`runs cancel ${id}\` asks this one to stop.`
  const alive = aliveText(execution)
  return alive && `${holder} holds the lock and is *unknown*, but: ${alive} The lock can be taken when that has ended.`
}

/** Who took the lock, from whom and why, as a sentence to add; empty where its holder has it from nobody. */
export function stealText({ lock, stolen: last }: EnvironmentRecord): string {
  if (!last || (lock && lock.since !== last.at)) return ''
  return ` ${nameOf(last.by)} took it from \`${last.from.execution}\` at ${dayAndClock(last.at)}: ${shown(last.why, 300)}.`
}

function withSteal(environment: EnvironmentRecord, { by, why, rule }: Taking, at: number): EnvironmentRecord {
  return environment.lock ? { ...environment, stolen: { from: environment.lock, by, at, why, rule } } : environment
}

function noted(execution: Execution, { by, why }: Taking, at: number): Execution {
  const how = isOver(execution)
    ? 'it was over and still held it'
    : 'how it ended stays unknown, and the lock was given back'
  const text = `${nameOf(by)} took its lock (${shown(why, 300)}): ${how}.`
  return { ...execution, lock: 'held', notes: [...execution.notes, { at, text }] }
}
