import type { Next, StageEvent, World } from '../event.ts'
import type { WorkerName } from '../execution.ts'
import { fresh, stageOf } from '../execution.ts'
import { changeStage, go, refuse } from '../finish.ts'
import { lookFirst } from '../look.ts'
import { ended, reopen } from './end.ts'

/** How often a stage is started whose worker dies each time: more of them would only fall one after the other. */
const MOST_STARTS = 5

/** A new worker on the same machine takes over what a dead one left: a process that still runs, or the file that says how it ended. */
export function adopted(world: World, event: StageEvent & { worker: WorkerName; from?: string }): Next {
  if (!isFrom(world, event)) return refuse(world, null)
  const next = changeStage(world, event, ['running', 'unknown'], () => ({
    state: 'running',
    worker: event.worker,
    endedAt: null,
    outcome: null,
  }))
  const aside = stageOf(world.execution, event.stage)?.aside
  return next.changed && !aside ? { ...next, ...reopen(next) } : next
}

type Lost = StageEvent & { why: string; repeatable: boolean; harmless?: boolean; from?: string }

/** Its worker is gone: it is started again where that does no harm, and else nobody knows how it ended. */
export function lost(world: World, event: Lost, now: number): Next {
  const { execution } = world
  if (!isFrom(world, event)) return refuse(world, null)
  if (event.repeatable && (execution.cancel || stageOf(execution, event.stage)?.stopped)) {
    return ended(world, { ...event, outcome: { kind: 'canceled', why: event.why } }, now)
  }
  const tries = stageOf(execution, event.stage)?.tries ?? []
  const starts = event.attempt - tries.length
  if (event.repeatable && starts >= MOST_STARTS) {
    const error = `${event.why} It was started ${starts} times, and each time its worker died.`
    return ended(world, { ...event, outcome: { kind: 'failed', error } }, now)
  }
  if (event.repeatable) {
    const notes = [
      ...execution.notes,
      { at: now, text: `${event.why} \`${event.stage}\` is started again; that does no harm.` },
    ]
    const again = changeStage({ ...world, execution: { ...execution, notes } }, event, ['running'], (stage) => ({
      ...fresh(stage),
      ...(tries.length > 0 ? { tries } : {}),
      ...(stage.guard ? { begun: true as const } : {}),
    }))
    return again.changed ? go(again, now) : refuse(world, null)
  }
  if (event.harmless) return ended(world, { ...event, outcome: { kind: 'failed', error: event.why } }, now)
  const next = changeStage(world, event, ['running'], () => ({
    state: 'unknown',
    outcome: { kind: 'unknown', why: event.why },
    endedAt: now,
  }))
  return next.changed ? go(lookFirst(next, event.stage), now) : next
}

/** Whether the stage is still in the hands of the worker that the event takes it from. */
function isFrom({ execution }: World, event: StageEvent & { from?: string }): boolean {
  return event.from === undefined || stageOf(execution, event.stage)?.worker?.id === event.from
}
