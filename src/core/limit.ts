import { milliseconds } from './duration.ts'
import type { Next, StageEvent, World } from './event.ts'
import { stageOf } from './execution.ts'
import { stopEffects } from './failure.ts'
import { changeStage, refuse, withEffects } from './finish.ts'
import { wakeAtLimit } from './stage/limit.ts'

/**
 * Its time is over: it is told to stop, as by a cancel. Once its grace is over too it is killed, where its kind may be; one that may not is
 * waited for. How it ended is decided when it has.
 */
export function limitDue(world: World, event: StageEvent, now: number): Next {
  const stage = stageOf(world.execution, event.stage)
  const { timeLimit, startedAt, stopped } = stage ?? {}
  if (!stage || !timeLimit || startedAt == null || now < startedAt + milliseconds(timeLimit.after))
    return refuse(world, null)
  const grace = milliseconds(timeLimit.grace)
  if (!stopped) {
    const why = `took longer than ${timeLimit.after}`
    const next = changeStage(world, event, ['running'], () => ({ stopped: { why, at: now, late: true } }))
    if (!next.changed) return next
    const kill = timeLimit.force ? [wakeAtLimit(world.execution.id, event, now + grace)] : []
    return withEffects(next, [...stopEffects(next.execution, stage, now), ...kill])
  }
  if (!stopped.late || stopped.force || !timeLimit.force || now < stopped.at + grace) return refuse(world, null)
  const next = changeStage(world, event, ['running'], () => ({ stopped: { ...stopped, force: true } }))
  return next.changed ? withEffects(next, stopEffects(next.execution, stage, now)) : next
}
