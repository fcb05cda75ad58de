import { triedAgain } from '../again.ts'
import { mayPlanAgain, planAgain } from '../anew.ts'
import type { Effect, Next, StageEvent, World } from '../event.ts'
import { isOver, stageOf } from '../execution.ts'
import { stoppedOutcome } from '../failure.ts'
import { changeStage, go, withEffects } from '../finish.ts'
import { applied } from '../lifetime.ts'
import { isMending, LOOK, lookFirst } from '../look.ts'
import type { Outcome } from '../workflow.ts'

/** A stage has its outcome: it is planned anew, tried again or looked at where that is due, and the execution goes on from it. */
export function ended(
  before: World,
  event: StageEvent & { outcome: Outcome; note?: string | undefined },
  now: number,
): Next {
  const { note } = event
  const outcome = stoppedOutcome(stageOf(before.execution, event.stage)?.stopped, event.outcome)
  const world = note === undefined ? before : notedOnce(before, note, now)
  const again = outcome.kind === 'failed' ? outcome.again : undefined
  const next = changeStage(world, event, ['running', 'unknown'], (stage) => ({
    state: outcome.kind === 'unknown' ? 'unknown' : outcome.kind,
    outcome,
    endedAt: stage.endedAt ?? now,
  }))
  if (!next.changed) return next
  const aside = stageOf(next.execution, event.stage)?.aside
  const reopened = mayLook(aside ? mended(next, event.stage, now) : reopen(next), event.stage)
  const seen = applied(reopened, event.stage, now)
  const anew =
    outcome.kind === 'failed' && again && mayPlanAgain(reopened, again)
      ? planAgain(seen, again, outcome.error, now)
      : null
  if (anew) return withEffects(go(anew, now), seen.effects)
  const files = filesOf(world, { ...event, outcome }, now)
  const tried = triedAgain(seen, event, now)
  if (tried) return withEffects(go(tried, now), [...seen.effects, ...tried.effects, ...files])
  return withEffects(go(seen, now), [...seen.effects, ...files, ...catchUps(world, event, now)])
}

/** A late true result replaces `unknown`: the execution that stood still goes on from it, and nothing has to be looked at any more. */
export function reopen(world: World): World {
  const { execution } = world
  if (execution.status !== 'unknown' || execution.endedAt !== null) return world
  const stages = execution.stages.filter((stage) => !stage.aside)
  const still = stages.filter(({ state }) => state === 'unknown')
  const looked = stageOf(execution, LOOK)?.input.of
  if (still[0]) {
    // Another one stands there still: what was found about the one that is clear now helps nobody.
    if (looked === undefined || still.some(({ id }) => id === looked)) return world
    return lookFirst({ ...world, execution: { ...execution, stages } }, still[0].id)
  }
  return { ...world, execution: { ...execution, stages, status: 'running' } }
}

/** An end that nobody saw, and what was mended about one, is looked at before people are asked. */
function mayLook(world: World, stage: string): World {
  const ended = stageOf(world.execution, stage)
  if (isOver(world.execution) || (ended?.state !== 'unknown' && !isMending(ended))) return world
  return lookFirst(world, stage)
}

/** What became of an attempt to mend something stays, whatever is looked at afterwards. */
function mended(world: World, id: string, now: number): World {
  const stage = stageOf(world.execution, id)
  const text = isMending(stage) && stage?.outcome ? mendedText(stage.outcome) : null
  if (!text) return world
  return { ...world, execution: { ...world.execution, notes: [...world.execution.notes, { at: now, text }] } }
}

function mendedText(outcome: Outcome): string | null {
  if (outcome.kind === 'failed') return outcome.error
  return outcome.kind === 'succeeded' && typeof outcome.output.said === 'string' ? outcome.output.said : null
}

/** Several stages may have the same to say. */
function notedOnce(world: World, text: string, at: number): World {
  const { notes } = world.execution
  if (notes.some((note) => note.text === text)) return world
  return { ...world, execution: { ...world.execution, notes: [...notes, { at, text }] } }
}

/** What was away when it was planned is not looked for at once again. */
const AWAY_AGAIN_MS = 60_000

/** Datacenters that were away are looked after until they answer. */
function catchUps({ execution }: World, { stage, outcome }: StageEvent & { outcome: Outcome }, now: number): Effect[] {
  const waits = outcome.kind !== 'skipped' && outcome.output?.catchUp
  if (!Array.isArray(waits)) return []
  const at = stageOf(execution, stage)?.kind === 'kv.plan' ? now + AWAY_AGAIN_MS : now
  return waits.map((dc) => ({ do: 'kv-catch-up', execution: execution.id, dc: String(dc), at }))
}

/** Files that a stage wrote for people go into the thread of the execution's message. */
function filesOf({ execution }: World, { outcome, attempt }: StageEvent & { outcome: Outcome }, now: number): Effect[] {
  const files = outcome.kind !== 'skipped' && outcome.output?.files
  if (!Array.isArray(files)) return []
  return files.map((name) => ({ do: 'show', message: `file:${execution.id}:${name}:${attempt}`, at: now }))
}
