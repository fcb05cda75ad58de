import type { Actor } from '../actor.ts'
import { idOf, nameOf } from '../actor.ts'
import type { AuditEntry } from '../audit.ts'
import type { Effect } from '../event.ts'
import type { Execution } from '../execution.ts'
import { isOver } from '../execution.ts'
import { wordOf } from '../status-word.ts'
import { isImage } from '../target.ts'
import type { StageKinds } from '../workflow.ts'
import type { Glass } from './glass.ts'
import { holds } from './glass.ts'

/** What becomes of one, with what has to be done and recorded about it. */
export type GlassChange = {
  readonly glass: Glass
  readonly effects: readonly Effect[]
  readonly audit: readonly AuditEntry[]
}

/** It begins: told at once in each channel, and looked at again when its time is over. `now` is the clock that effects are due by. */
export function begun(glass: Glass, now: number): GlassChange {
  const { id, role, gives, by, why, channel, from, until } = glass
  const audit: AuditEntry = {
    kind: 'raised',
    who: idOf(by),
    what: `break glass ${role}: ${gives.join(', ')}`,
    until: new Date(until).toISOString(),
    glass: id,
    why,
    ...(channel ? { channel } : {}),
  }
  return { glass, effects: [...announced(glass, now), wake(glass, now + until - from)], audit: [audit] }
}

/** It ends, by somebody or (null) by its time; null where it has ended before. `clock` is that of Redis. */
export function ended(glass: Glass, by: Actor | null, clock: number, now: number): GlassChange | null {
  if (glass.ended) return null
  const late = clock >= glass.until
  const end = late ? { at: glass.until, by: null } : { at: clock, by }
  const audit: AuditEntry = {
    kind: 'lowered',
    who: end.by ? idOf(end.by) : `breakglass:${glass.id}`,
    what: `break glass ${glass.role} of ${idOf(glass.by)}`,
    glass: glass.id,
    why: end.by ? 'ended by hand' : 'its time was over',
  }
  return { glass: { ...glass, ended: end }, effects: [...announced(glass, now), wake(glass, now)], audit: [audit] }
}

/** The message in each channel. */
export function announced({ id, announce }: Glass, at: number): Effect[] {
  return announce.map((channel) => ({ do: 'show', message: `glass:${id}:${channel}`, at }))
}

/** The summary in each channel, and where it is complete the file that a long one goes into. */
export function summarized({ id, announce, summedAt }: Glass, at: number): Effect[] {
  return announce.flatMap((channel): Effect[] => [
    { do: 'show', message: `glass-summary:${id}:${channel}`, at },
    ...(summedAt === null ? [] : [{ do: 'show', message: `file:glass-${id}:${channel}:1`, at } as const]),
  ])
}

function wake({ id }: Glass, at: number): Effect {
  return { do: 'glass', glass: id, at }
}

/** Whether it holds, how it ended and when, in a few words. */
export function stateText(glass: Glass, now: number): string {
  const { ended: end } = glass
  if (holds(glass, now)) return 'holds'
  if (!end) return 'its time is over'
  return end.by ? `ended by ${nameOf(end.by)}` : 'ended when its time was over'
}

/** What these executions changed, or still may: not images, which nothing drifts from. */
export function targetsOf(executions: readonly Execution[], kinds: StageKinds): string[] {
  const changes = (execution: Execution) => {
    const changing = execution.stages.filter(({ kind }) => isChanging(kinds, kind))
    return changing.some(({ startedAt }) => startedAt !== null) || (changing.length > 0 && !isOver(execution))
  }
  const targets = executions.filter(changes).flatMap(({ environment }) => environment ?? [])
  return [...new Set(targets)].filter((target) => !isImage(target))
}

/** Whether a stage changes something: what may not be done twice does, and what needs an approval, as writing settings does. */
export function isChanging(kinds: StageKinds, kind: string): boolean {
  const { repeatable, gated } = kinds.get(kind) ?? {}
  return repeatable === false || gated === true
}

const SETTINGS = 'kv:'

/** The command that looks for drift of a target. */
export function lookLine(target: string): string {
  return target.startsWith(SETTINGS) ? `kv drift ${target.slice(SETTINGS.length)} --quiet` : `drift ${target} --quiet`
}

/** How executions stand, to see whether anything changed since. */
export function standingOf(executions: readonly Execution[]): string {
  return executions.map((execution) => `${execution.id} ${wordOf(execution)}`).join(', ')
}
