import type { Redis } from 'ioredis'
import type { Execution, StageRun, WorkerName } from '../core/execution.ts'
import type { StageKinds } from '../core/workflow.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Keys } from './keys.ts'
import type { Runner } from './run.ts'
import type { Store } from './store.ts'
import { lives, machineLives } from './workers.ts'

type Parts = {
  readonly store: Store
  readonly redis: Redis
  readonly keys: Keys
  readonly kinds: StageKinds
  /** Milliseconds without a sign of life after which a worker counts as dead. */
  readonly deadAfter: number
  readonly now: () => number
  readonly log: Log
  /** Looks at the same executions besides, as often. */
  readonly besides?: (inHand: readonly Execution[]) => Promise<void>
}

/** How long workers of the same machine have to adopt what a dead one left, before it counts as lost. */
const ADOPT_WITHIN_MS = 20_000
const MOST_OPEN = 10_000

/** Looks between two looks at what lies on this machine of executions that are over. */
const TIDY_EVERY = 30

/**
 * Looks for stages whose worker died. Every process runs it: on the worker's machine another worker adopts them; where nobody
 * can, what may be run again is run again and the rest is `unknown`, which is the truth.
 */
export function createWatch(parts: Parts, mine?: { runner: Runner; worker: WorkerName }) {
  const missed = new Map<string, number>()
  const steady = createSteady(parts)
  let looks = 0

  async function look(): Promise<void> {
    const inHand = await parts.store.list({ limit: MOST_OPEN, inHand: true })
    if (steady.reached()) missed.clear()
    for (const execution of inHand) {
      for (const stage of execution.stages) await lookAt(execution, stage)
    }
    await parts.besides?.(inHand)
    if (!mine) return
    await mine.runner.obeyAll()
    if (looks++ % TIDY_EVERY === 0) await mine.runner.tidyAll()
  }

  async function lookAt(execution: Execution, stage: StageRun): Promise<void> {
    const key = `${execution.id}/${stage.id}/${stage.attempt}`
    const { worker } = stage
    // Ours, and yet not in our hands: Redis stored the start and its answer was lost.
    const own = stage.state === 'running' && worker?.id === mine?.worker.id
    if (!worker || !left(stage) || (!own && (await lives(parts.redis, parts.keys, worker.id)))) {
      missed.delete(key)
      return
    }
    const onMachine = await machineLives(parts.redis, parts.keys, worker.machine)
    if (steady.reached()) missed.clear()
    if (!own && !steady.forLife()) return
    if (mine && worker.machine === mine.worker.machine) {
      if (!mine.runner.isRunning(execution.id, stage)) void mine.runner.adopt(execution, stage).catch(fault)
      return
    }
    if (stage.state === 'unknown') return
    const since = missed.get(key) ?? parts.now()
    missed.set(key, since)
    if (parts.now() - since < (onMachine ? ADOPT_WITHIN_MS : 0)) return
    parts.log.warn({ execution: execution.id, stage: stage.id, worker: worker.id }, 'worker lost')
    await parts.store.tell(execution.id, {
      type: 'stage.lost',
      stage: stage.id,
      attempt: stage.attempt,
      from: worker.id,
      why: `The worker on ${worker.host} that ran \`${stage.id}\` is gone.`,
      repeatable: parts.kinds.get(stage.kind)?.repeatable ?? false,
      ...(parts.kinds.get(stage.kind)?.lost === 'failed' ? { harmless: true } : {}),
    })
  }

  function fault(error: unknown): void {
    parts.log.error({ err: error }, 'adoption failed')
  }

  let looking: Promise<void> | null = null
  const timer = setInterval(() => {
    looking ??= look()
      .catch((error) => parts.log.warn({ error: messageOf(error) }, 'look for lost stages failed'))
      .finally(() => {
        looking = null
      })
  }, lookEvery(parts.deadAfter))
  return {
    look,
    async stop() {
      clearInterval(timer)
      await looking
    },
  }
}

/** Often enough that a gap between two looks is one of Redis or of this process. */
function lookEvery(deadAfter: number): number {
  return Math.max(200, Math.min(2_000, deadAfter / 6))
}

/**
 * Since when this process has reached Redis without a break. Keys lapse while Redis is away, or hangs, though their workers live: their
 * absence says nothing until each of them had a whole life's time to beat again.
 */
function createSteady({ now, deadAfter }: Pick<Parts, 'now' | 'deadAfter'>) {
  let since = now()
  let last = since
  return {
    /** Redis has just answered; true where it had not for long. */
    reached(): boolean {
      const gap = now() - last > deadAfter / 3
      last = now()
      if (gap) since = last
      return gap
    },
    forLife: () => now() - since >= deadAfter,
  }
}

/** What a worker had in hand; an end that it saw vanish itself is not looked at again. */
function left(stage: StageRun): boolean {
  if (stage.state === 'running') return true
  return stage.state === 'unknown' && stage.outcome?.kind === 'unknown' && stage.outcome.output?.vanished !== true
}
