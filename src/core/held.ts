import type { Next, StageEvent, World } from './event.ts'
import type { StageRun } from './execution.ts'
import { isOver } from './execution.ts'
import { changed, go, refuse, withEffects } from './finish.ts'
import { holdOf, isHeld, lookAgain, overrideText } from './hold.ts'
import type { Override } from './stage/guard.ts'

/** A worker comes for what was ready in time, and now may not begin: it waits again. Null where it may. */
export function heldBack(world: World, event: StageEvent, now: number): Next | null {
  const stage = world.execution.stages.find(({ id }) => id === event.stage)
  if (stage?.state !== 'ready' || stage.attempt !== event.attempt) return null
  const held = holdOf(world, stage, now)
  if (!held) return null
  const waits: StageRun = { ...stage, state: 'waiting', readyAt: null, dueAt: held.until, held, stuck: undefined }
  return withEffects(
    go(
      withStages(world, (each) => (each === stage ? waits : each)),
      now,
    ),
    [lookAgain(world.execution, held)],
  )
}

/** A window opened, or a freeze began or ended: what is held is looked at again. */
export function holdDue(world: World, now: number): Next {
  const held = world.execution.stages.filter(isHeld)
  const same = held.every((stage) => {
    const still = holdOf(world, stage, now)
    return still && still.until === stage.held?.until && still.text === stage.held.text
  })
  return same ? refuse(world, null) : go(released(world), now)
}

/** Somebody who may lets it begin all the same, once; it is recorded with why. */
export function overridden(world: World, event: Omit<Override, 'at'>, now: number): Next {
  const { execution } = world
  if (isOver(execution)) return refuse(world, 'It is over.')
  if (execution.override) return refuse(world, `Already allowed. ${overrideText(execution.override)}.`)
  const override = { by: event.by, why: event.why, rule: event.rule, at: now }
  const noted = { ...execution, override, notes: [...execution.notes, { at: now, text: overrideText(override) }] }
  const next = { ...world, execution: noted }
  return execution.lock === 'queued' ? changed(next, []) : go(released(next), now)
}

function released(world: World): World {
  return withStages(world, (stage) =>
    isHeld(stage) ? { ...stage, state: 'pending', dueAt: null, held: undefined } : stage,
  )
}

function withStages(world: World, change: (stage: StageRun) => StageRun): World {
  return { ...world, execution: { ...world.execution, stages: world.execution.stages.map(change) } }
}
