import type { Next, StageEvent, World } from '../event.ts'
import { stageOf } from '../execution.ts'
import { changed, refuse } from '../finish.ts'
import { reminder } from './remind.ts'

/** People are told again, in the thread, that something waits for them. One that is told twice is shown once, by its time. */
export function reminded(world: World, event: StageEvent & { readonly at: number }, now: number): Next {
  const { execution } = world
  const stage = stageOf(execution, event.stage)
  if (stage?.state !== 'waiting' || stage.attempt !== event.attempt || stage.kind !== 'judgment' || now < event.at)
    return refuse(world, null)
  const message = `reminder:${execution.id}:${stage.id}:${stage.attempt}:${event.at}`
  return changed(world, [{ do: 'show', message, at: now }, ...reminder(execution.id, stage, now)])
}
