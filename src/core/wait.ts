import type { Actor } from './actor.ts'
import { nameOf } from './actor.ts'
import { milliseconds } from './duration.ts'
import type { Next, StageEvent, World } from './event.ts'
import type { StageRun } from './execution.ts'
import { stageOf } from './execution.ts'
import { changeStage, go, refuse, withEffects } from './finish.ts'
import { clock } from './judgment.ts'
import { wakeUp } from './settle.ts'

/** Whether the time of a waiting stage, at this start of it, is over. */
export function isDue(stage: StageRun, event: StageEvent, now: number): boolean {
  return stage.state === 'waiting' && stage.attempt === event.attempt && stage.dueAt !== null && now >= stage.dueAt
}

/** The time of a wait is over: it goes on. */
export function waited(world: World, event: StageEvent, now: number): Next {
  const stage = stageOf(world.execution, event.stage)
  if (stage?.kind !== 'wait' || !isDue(stage, event, now)) return refuse(world, null)
  return goOn(world, event, { waited: true }, now)
}

/** Somebody ends a wait, or puts its end off by as much as the stage says, up to the most that it says. */
export function moved(world: World, event: StageEvent & { by: Actor; to: 'now' | 'later' }, now: number): Next {
  const stage = stageOf(world.execution, event.stage)
  if (stage?.kind !== 'wait' || stage.state !== 'waiting' || stage.attempt !== event.attempt || stage.dueAt === null)
    return refuse(world, 'It does not wait any more.')
  const { by, to } = event
  if (to === 'now') {
    return goOn(noted(world, `${nameOf(by)} skipped the wait`, now), event, { endedBy: nameOf(by) }, now)
  }
  const { postpone, most } = stage.input
  if (typeof postpone !== 'string') return refuse(world, 'This wait cannot be put off.')
  const latest = (stage.startedAt ?? now) + milliseconds(String(most))
  const dueAt = Math.min(stage.dueAt + milliseconds(postpone), latest)
  if (dueAt <= stage.dueAt) return refuse(world, `It cannot be put off any more: ${clock(latest)} is the latest.`)
  const later = noted(world, `${nameOf(by)} put it off until ${clock(dueAt)}`, now)
  const next = changeStage(later, event, ['waiting'], () => ({ dueAt }))
  const { attempt } = stage
  return withEffects(next, [wakeUp(world.execution.id, { stage: stage.id, attempt }, dueAt)])
}

function goOn(world: World, event: StageEvent, output: { waited?: boolean; endedBy?: string }, now: number): Next {
  const next = changeStage(world, event, ['waiting'], () => ({
    state: 'succeeded',
    outcome: { kind: 'succeeded', output },
    endedAt: now,
  }))
  return go(next, now)
}

function noted(world: World, text: string, now: number): World {
  const { execution } = world
  return { ...world, execution: { ...execution, notes: [...execution.notes, { at: now, text }] } }
}
