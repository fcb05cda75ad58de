import { setTimeout as sleep } from 'node:timers/promises'
import { type Execution, type StageRun, stageOf } from '../../src/core/execution.ts'
import { wordOf } from '../../src/core/status-word.ts'
import type { Problem } from './checks.ts'
import { shownIn } from './shown.ts'
import type { Hit } from './strike.ts'
import type { Town } from './town.ts'

/** The promise: this long after a worker's death the message says again how it stands. */
const WITHIN = 60_000
const LOOK_EVERY = 250

/** How long it took for one stage that a worker had in hand, and with which kill. */
export type Told = { readonly ms: number; readonly how: string }

/** Follows every death of a worker until the messages of what it had in hand are true again. */
export function createTruth(town: Town) {
  const waiting: Promise<void>[] = []
  const told: Told[] = []
  const problems: Problem[] = []

  async function follow(pid: number, how: string): Promise<void> {
    const since = Date.now()
    const held = await inHandsOf(town, pid, since + WITHIN)
    const late = await Promise.all(held.map(([execution, stage]) => becomesTrue(execution, stage, since, how)))
    for (const text of late) if (text) problems.push({ fault: 'told late', text })
  }

  /** Null once it is; else what is still wrong when the time is over. */
  async function becomesTrue(held: Execution, stage: StageRun, since: number, how: string): Promise<string | null> {
    let last = ''
    for (;;) {
      last = await standing(town, held, stage).catch((error: Error) => error.message)
      const ms = Date.now() - since
      if (last === '') told.push({ ms, how })
      if (last === '') return null
      if (ms > WITHIN) return `${held.id}, ${stage.id}: ${last} after ${Math.round(ms / 1000)} s; ${how}`
      await sleep(LOOK_EVERY)
    }
  }

  return {
    died({ victim, pid, how, at }: Hit): void {
      if (victim === 'worker' && pid !== null) waiting.push(follow(pid, `${how}, struck at ${at}`))
    },
    /** When all that died has been told of, or was not in time. */
    async settled(): Promise<Problem[]> {
      for (let next = waiting.shift(); next; next = waiting.shift()) await next
      return problems.splice(0)
    },
    told: () => told,
  }
}

/** What a worker had in hand when it died. Redis may be away just then. */
async function inHandsOf(town: Town, pid: number, end: number): Promise<[Execution, StageRun][]> {
  const its = new RegExp(`-${pid}-[0-9a-f]{8}$`)
  for (;;) {
    const open = await town.store.list({ limit: 500, open: true }).catch(() => null)
    if (open) {
      const running = (stages: readonly StageRun[]) =>
        stages.filter(({ state, worker }) => state === 'running' && its.test(worker?.id ?? ''))
      return open.flatMap((each) => running(each.stages).map((stage): [Execution, StageRun] => [each, stage]))
    }
    if (Date.now() > end) return []
    await sleep(LOOK_EVERY)
  }
}

/** Empty where somebody else has the stage, or it ended, or is unknown, and the message's first line says what is stored. */
async function standing(town: Town, { id, origin }: Execution, held: StageRun): Promise<string> {
  const now = await town.store.execution(id)
  if (!now) return 'it is not stored'
  const stage = stageOf(now, held.id)
  const same = stage?.state === 'running' && stage.attempt === held.attempt && stage.worker?.id === held.worker?.id
  if (same) return 'it is still in the hands of the dead worker'
  const shown = shownIn(await town.world.control.messages(origin.channel ?? '')).find((each) => each.id === id)
  return shown?.word === wordOf(now) ? '' : `its message says ${shown?.word ?? 'nothing'}, and it is ${wordOf(now)}`
}
