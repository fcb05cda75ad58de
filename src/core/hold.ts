import type { Actor } from './actor.ts'
import { nameOf } from './actor.ts'
import type { EnvironmentRecord } from './environment.ts'
import type { Effect, World } from './event.ts'
import type { Execution, StageRun } from './execution.ts'
import { freezeOf, freezeText } from './freeze.ts'
import { zonedText } from './schedule/zone.ts'
import type { Guard, Held } from './stage/guard.ts'
import { targetText } from './target.ts'
import { shown } from './text.ts'
import { isOpen, nextOpening } from './window.ts'

/** What never opens by itself is looked at again as often as this. */
const LOOK_AGAIN_MS = 86_400_000

/** Why what changes may not begin now, or null. What has begun to change something goes on to its end, and what brings back always may. */
export function holdOf({ execution, environment }: World, stage: StageRun, now: number): Held | null {
  const { guard, aside, recovers } = stage
  if (!guard || !environment || aside || recovers || execution.override || hasBegun(execution)) return null
  return closedBy(environment, guard, now)
}

function closedBy(environment: EnvironmentRecord, { windows }: Guard, now: number): Held | null {
  const target = targetText(environment.name)
  const freeze = freezeOf(environment, now)
  if (freeze) return { by: 'freeze', until: freeze.until, text: `${target} ${freezeText(freeze)}` }
  if (isOpen(windows, now)) return null
  const opening = nextOpening(windows, now)
  if (!opening) return { by: 'window', until: now + LOOK_AGAIN_MS, text: `no window of ${target} ever opens` }
  const { at, zone } = opening
  return { by: 'window', until: at, text: `outside the window of ${target}: opens ${zonedText(at, zone)}` }
}

/** Whether it, or what it is part of in the same environment, has begun to change something. */
export function hasBegun({ stages, parent }: Execution): boolean {
  if (parent?.shares === 'begun') return true
  return stages.some(
    ({ guard, aside, startedAt, state, begun }) =>
      begun || (guard && !aside && startedAt !== null && state !== 'waiting'),
  )
}

type Step = { readonly stage: StageRun; readonly effects: readonly Effect[] }

/** What would be given to a worker waits instead, while it may not begin. */
export function orHeld<T extends Step>(world: World, before: StageRun, step: T, now: number): T | Step {
  const held = step.stage.state === 'ready' ? holdOf(world, before, now) : null
  if (!held) return step
  return {
    stage: { ...before, state: 'waiting', dueAt: held.until, held },
    effects: [lookAgain(world.execution, held)],
  }
}

/** The next look at what is held. */
export const lookAgain = ({ id }: Execution, { until }: Held): Effect => ({
  do: 'tell',
  execution: id,
  event: { type: 'hold.due' },
  at: until,
})

export function overrideText({ by, why }: { readonly by: Actor; readonly why: string }): string {
  return `${nameOf(by)} lets it change things outside the window, and while it is frozen: ${shown(why, 300)}`
}

/** What people are told when they ask: that what changes will wait, or who let it not. Nothing where neither is so. */
export function noticeOf(world: World, now: number): string | null {
  if (world.execution.override) return overrideText(world.execution.override)
  for (const stage of world.execution.stages) {
    const held = holdOf(world, stage, now)
    if (held) return `What changes waits: ${held.text}`
  }
  return null
}

export function isHeld({ state, held }: StageRun): boolean {
  return state === 'waiting' && held !== undefined
}
