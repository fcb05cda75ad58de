import { idOf } from '../../src/core/actor.ts'
import type { Effect } from '../../src/core/event.ts'
import type { Execution, StageRun } from '../../src/core/execution.ts'
import { isOver } from '../../src/core/execution.ts'
import { digestOf } from '../../src/core/settle.ts'
import type { Town } from './town.ts'

/** What has to be true of everything that is stored, whatever happened before. Each breach is a sentence. */
export function breaches(town: Town): string[] {
  const executions = [...town.executions.values()]
  return [
    ...lockBreaches(town, executions),
    ...lifetimeBreaches(town),
    ...executions.flatMap((each) => ofOne(town, each)),
  ]
}

function lockBreaches({ environment, executions: byId, effects }: Town, all: readonly Execution[]): string[] {
  const { lock, queue } = environment
  const found: string[] = []
  const holders = all.filter((each) => each.lock === 'held').map(({ id }) => id)
  if (holders.length > 1) found.push(`two hold the lock: ${holders}`)
  if (holders.some((id) => id !== lock?.execution))
    found.push(`${holders} think that they hold the lock of ${lock?.execution}`)
  if (!lock && queue.length > 0) found.push('the lock is free and somebody waits for it')
  const claims = lock ? [lock, ...queue] : queue
  if (new Set(claims.map((each) => each.execution)).size !== claims.length) found.push('somebody waits twice')
  for (const { execution } of claims) {
    const holder = byId.get(execution)
    if (!holder || isOver(holder)) found.push(`${execution} is over and still has its place`)
  }
  for (const { execution } of queue)
    if (byId.get(execution)?.lock !== 'queued') found.push(`${execution} queues and does not know it`)
  const next = lock && byId.get(lock.execution)
  if (next?.lock === 'queued' && !isTold(effects, next.id, 'lock.granted'))
    found.push(`${next.id} holds the lock and will never be told`)
  for (const each of all)
    if (
      each.lock === 'queued' &&
      !claims.some(({ execution }) => execution === each.id) &&
      !isTold(effects, each.id, 'superseded')
    )
      found.push(`${each.id} waits for a lock that it will never get`)
  return found
}

function isTold(effects: readonly Effect[], id: string, type: string): boolean {
  return effects.some((each) => each.do === 'tell' && each.execution === id && each.event.type === type)
}

function lifetimeBreaches({ environment, executions, effects, now }: Town): string[] {
  const { lifetime } = environment
  if (!lifetime) return []
  const found: string[] = []
  const end = lifetime.ending && executions.get(lifetime.ending)
  if (lifetime.ending && (!end || isOver(end))) found.push(`${lifetime.ending} is over and still takes it down`)
  const wakes = effects.some((each) => each.do === 'lifetime' && each.what === 'end' && each.id === lifetime.id)
  if (!lifetime.ending && lifetime.endsAt > now && !wakes) found.push(`nobody will end ${lifetime.id}`)
  return found
}

function ofOne(town: Town, execution: Execution): string[] {
  const found = [...statusBreaches(execution), ...execution.stages.flatMap((stage) => ofStage(town, execution, stage))]
  for (const judgment of execution.judgments) {
    // Who asks for a new plan becomes an asker, and what he judged before has fallen with the old one.
    // The clock does not judge what it asked for: it passes on what people had approved with --for.
    if (judgment.by.kind !== 'lifetime' && !judgment.fell && execution.askers.includes(idOf(judgment.by)))
      found.push(`${idOf(judgment.by)} judged what he asked for`)
  }
  return found.map((each) => `${execution.id}: ${each}`)
}

const OVER = ['succeeded', 'failed', 'unknown', 'canceled']
const UNDONE = ['pending', 'ready', 'running', 'waiting']

function statusBreaches({ status, stages, endedAt, lock, ending }: Execution): string[] {
  const own = stages.filter(({ aside }) => !aside)
  const has = (...states: string[]) => own.some(({ state }) => states.includes(state))
  if (endedAt !== null) {
    return [
      ...(OVER.includes(status) ? [] : [`over, and ${status}`]),
      ...(lock === 'none' || lock === 'released' ? [] : [`over, and its lock is ${lock}`]),
      ...(stages.some(({ state }) => UNDONE.includes(state)) ? ['over, and not all of its stages are'] : []),
      ...(status === 'succeeded' && has('failed', 'unknown', 'canceled') ? ['succeeded, and a stage did not'] : []),
      ...(status === 'unknown' && ending !== 'left' ? ['over at unknown, and nobody left it'] : []),
    ]
  }
  return [
    ...(['queued', 'running', 'waiting', 'unknown'].includes(status) ? [] : [`${status}, and not over`]),
    ...((status === 'queued') === (lock === 'queued') ? [] : [`${status}, and its lock is ${lock}`]),
    ...(has('unknown') === (status === 'unknown') ? [] : [`${status}, and its stages say otherwise`]),
    ...(status === 'waiting' && (has('running', 'ready') || !has('waiting')) ? ['waits, and for nothing'] : []),
    ...(lock === 'held' && !has('ready', 'running', 'waiting', 'unknown') ? ['nothing will ever move it'] : []),
  ]
}

function ofStage({ effects }: Town, execution: Execution, stage: StageRun): string[] {
  const { id, attempt, state, kind, dueAt } = stage
  const mine = effects.filter((each) => each.do !== 'show' && 'execution' in each && each.execution === execution.id)
  const found: string[] = []
  const runs = mine.some((each) => each.do === 'run' && each.stage === id && each.attempt === attempt)
  if (state === 'ready' && !runs) found.push(`${id} is ready and nobody will start it`)
  const lapses = mine.some(
    (each) =>
      each.do === 'tell' &&
      each.event.type === 'judgment.due' &&
      each.event.stage === id &&
      each.event.attempt === attempt &&
      each.at === dueAt,
  )
  if (state === 'waiting' && !lapses) found.push(`${id} waits and will never lapse`)
  if ((state === 'running') !== (stage.worker !== null && stage.outcome === null))
    found.push(`${id} is ${state} and has ${stage.worker?.id}`)
  if (kind !== 'judgment') return found
  const counting = execution.judgments.filter((each) => each.stage === id && !each.fell)
  if (counting.length > 1) found.push(`${id} was decided twice`)
  if (state === 'succeeded' && counting[0]?.decision !== 'approved') found.push(`${id} succeeded without an approval`)
  if (state === 'succeeded' && counting[0]?.digest !== digestOf(execution, stage))
    found.push(`${id} approved another plan`)
  if (state === 'waiting' && counting.length > 0) found.push(`${id} waits and is decided`)
  return found
}
