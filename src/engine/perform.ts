import type { Redis } from 'ioredis'
import type { Effect } from '../core/event.ts'
import { stageOf } from '../core/execution.ts'
import type { Site } from '../core/site.ts'
import type { StageKinds } from '../core/workflow.ts'
import type { Done, Perform } from './effects.ts'
import type { Keys } from './keys.ts'
import { endLifetime, warnOfEnd } from './lifetimes.ts'
import { tendChild } from './nested.ts'
import { beginNextStep } from './promote.ts'
import type { Hints } from './queue.ts'
import type { Store } from './store.ts'
import { labelsOf, liveWorkers, nobodyRuns } from './workers.ts'

export type EngineParts = {
  readonly redis: Redis
  readonly keys: Keys
  readonly store: Store
  readonly site: Site
  readonly kinds: StageKinds
  readonly hints: Hints
  readonly now: () => number
}

/** A hint that nobody took is given again after this long; sooner where not every worker may take it. */
const HINT_AGAIN_MS = 10_000
const CHOOSY_HINT_AGAIN_MS = 1_000

/** How long a stage may wait for a worker before people are told that there is none for it. */
const STUCK_AFTER_MS = 25_000

/** How each effect is done. Each may be done twice: the store refuses what no longer fits. */
export function createPerform(parts: EngineParts): Perform {
  return async (effect: Effect, looks: number): Promise<Done> => {
    // Clocks step back: what came too early would change nothing and be forgotten.
    const early = effect.at - parts.now()
    if (early > 0) return { againIn: early }
    switch (effect.do) {
      case 'run':
        return hint(parts, effect, looks)
      case 'tell':
        // One that was forgotten is told nothing any more.
        if (await parts.store.execution(effect.execution)) await parts.store.tell(effect.execution, effect.event)
        return 'done'
      case 'lifetime':
        if (effect.what === 'warn') await warnOfEnd(parts, effect.environment, effect.id)
        else await endLifetime(parts, effect.environment, effect.id)
        return 'done'
      case 'child':
        await tendChild(parts, effect)
        return 'done'
      case 'promote':
        await beginNextStep(parts, effect.execution)
        return 'done'
      case 'show':
        return 'done'
      case 'report':
        throw new Error('A report was given to somebody who does not have its secret.')
      case 'glass':
      case 'kv-catch-up':
      case 'schedule':
        throw new Error('What the clock starts was given to somebody who has no commands.')
    }
  }
}

/** It stays an effect until some worker started the stage: a hint that Redis, BullMQ or a dying worker lost is given again. */
async function hint(parts: EngineParts, effect: Extract<Effect, { do: 'run' }>, looks: number): Promise<Done> {
  const execution = await parts.store.execution(effect.execution)
  const stage = execution && stageOf(execution, effect.stage)
  if (stage?.state !== 'ready' || stage.attempt !== effect.attempt) return 'done'
  if (parts.now() - (stage.readyAt ?? parts.now()) > STUCK_AFTER_MS) {
    const why = nobodyRuns(stage, await liveWorkers(parts.redis, parts.keys, parts.now()))
    if (why)
      await parts.store.tell(effect.execution, { type: 'stage.stuck', stage: stage.id, attempt: stage.attempt, why })
  }
  await parts.hints.add({ execution: effect.execution, stage: effect.stage, attempt: effect.attempt }, looks)
  const choosy = labelsOf(stage).length > 0 || typeof stage.input.machine === 'string' || stage.input.spread === true
  return { againIn: choosy ? CHOOSY_HINT_AGAIN_MS : HINT_AGAIN_MS }
}
