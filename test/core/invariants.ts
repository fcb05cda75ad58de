import { idOf } from '../../src/core/actor.ts'
import type { Claim } from '../../src/core/environment.ts'
import { holds } from '../../src/core/environment.ts'
import type { Effect } from '../../src/core/event.ts'
import type { Execution, StageRun } from '../../src/core/execution.ts'
import { isOver } from '../../src/core/execution.ts'
import { WORKFLOW } from '../../src/core/nested.ts'
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
  if (holders.filter((id) => !byId.get(id)?.parent).length > 1) found.push(`two hold the lock: ${holders}`)
  if (holders.some((id) => !holds(environment, id)))
    found.push(`${holders} think that they hold the lock of ${lock?.execution}`)
  if (!lock && queue.length > 0) found.push('the lock is free and somebody waits for it')
  const claims = [...chainOf(lock), ...queue]
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

/** Who holds the lock, who lent it to that one, and so on. */
function chainOf(lock: Claim | null | undefined): Claim[] {
  return lock ? [lock, ...chainOf(lock.lender)] : []
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
  const found = [
    ...statusBreaches(execution),
    ...graphBreaches(execution),
    ...execution.stages.flatMap((stage) => ofStage(town, execution, stage)),
  ]
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

const isFatal = ({ state, onFailure }: StageRun) =>
  state === 'failed' && (onFailure === 'halt' || onFailure === 'finish-then-fail')

/** What a failure of one stage means for the others. */
function graphBreaches({ stages, cancel }: Execution): string[] {
  const own = stages.filter(({ aside }) => !aside)
  const byId = new Map(own.map((stage) => [stage.id, stage]))
  const halted = own.some(({ state, onFailure }) => state === 'failed' && onFailure === 'halt')
  const found: string[] = []
  for (const { id, state, after, recovers, stopped, tries = [], retry, startedAt } of own) {
    if (halted && !cancel && !recovers && (state === 'ready' || state === 'waiting'))
      found.push(`${id} is ${state} though it is halted`)
    if (halted && !recovers && state === 'running' && !stopped) found.push(`${id} runs on though it is halted`)
    if (tries.length > (retry?.times ?? 0)) found.push(`${id} is tried too often`)
    if (recovers || startedAt === null) continue
    for (const name of after) {
      const before = byId.get(name)
      const well = before?.state === 'succeeded' || (before?.state === 'failed' && before.onFailure === 'continue')
      const passed = before?.outcome?.kind === 'skipped' && !before.outcome.because
      if (!well && !passed) found.push(`${id} was started after ${name}, which is ${before?.state}`)
    }
  }
  return found
}

function statusBreaches({ status, stages, endedAt, lock, ending }: Execution): string[] {
  const own = stages.filter(({ aside }) => !aside)
  const has = (...states: string[]) => own.some(({ state }) => states.includes(state))
  if (endedAt !== null) {
    return [
      ...(OVER.includes(status) ? [] : [`over, and ${status}`]),
      ...(lock === 'none' || lock === 'released' ? [] : [`over, and its lock is ${lock}`]),
      ...(stages.some(({ state }) => UNDONE.includes(state)) ? ['over, and not all of its stages are'] : []),
      ...(status === 'succeeded' && (has('unknown', 'canceled') || own.some(isFatal))
        ? ['succeeded, and a stage did not']
        : []),
      ...(status === 'failed' && !own.some(isFatal) ? ['failed, and no stage says so'] : []),
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

function ofStage({ effects, executions }: Town, execution: Execution, stage: StageRun): string[] {
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
  if (state === 'waiting' && !stage.held && !lapses) found.push(`${id} waits and will never lapse`)
  const looks = mine.some((each) => each.do === 'tell' && each.event.type === 'hold.due' && each.at <= (dueAt ?? 0))
  if (stage.held && stage.begun) found.push(`${id} is held although it has begun`)
  if (state === 'waiting' && stage.held && !looks) found.push(`${id} is held and nobody will look again`)
  if (kind === WORKFLOW && state === 'running') {
    const child = executions.get(`${execution.id}-${id}-${attempt}`)
    const tended = mine.some((each) => each.do === 'child' && each.stage === id && each.attempt === attempt)
    const told = mine.some((each) => each.do === 'tell' && each.event.type === 'child.ended' && each.event.stage === id)
    if (!tended && !told && (!child || isOver(child))) found.push(`${id} waits for nobody`)
    const stops = stage.stopped || execution.cancel
    if (stops && !tended && child && !isOver(child) && !child.cancel && child.status !== 'unknown')
      found.push(`${child.id} goes on though ${id} is stopped`)
  } else if ((state === 'running') !== (stage.worker !== null && stage.outcome === null))
    found.push(`${id} is ${state} and has ${stage.worker?.id}`)
  if (kind !== 'judgment') return found
  const counting = execution.judgments.filter((each) => each.stage === id && !each.fell)
  for (const { by, from } of counting) {
    const gone = execution.delegations?.find((each) => idOf(each.from) === idOf(from ?? by) && each.stage === id)
    if (from && idOf(gone?.to ?? from) !== idOf(by)) found.push(`${idOf(by)} used what he was not given`)
    if (from && execution.askers.includes(idOf(from))) found.push(`${idOf(from)} handed over what he asked for`)
  }
  const needed = Number(stage.input.count) || 1
  const people = new Set(counting.map(({ by }) => idOf(by)))
  if (people.size < counting.length) found.push(`${id} counts somebody twice`)
  if (needed === 1 && counting.length > 1) found.push(`${id} was decided twice`)
  const approved = counting.filter(({ decision }) => decision === 'approved')
  const rejected = counting.length > approved.length
  if (state === 'succeeded' && (rejected || approved.length < needed)) found.push(`${id} succeeded without an approval`)
  if (state === 'succeeded' && approved.some(({ digest }) => digest !== digestOf(execution, stage)))
    found.push(`${id} approved another plan`)
  const alike = [...Map.groupBy(approved, ({ choice }) => choice).values()].some((all) => all.length >= needed)
  if (state === 'waiting' && (rejected || (alike && !stage.input.groups))) found.push(`${id} waits and is decided`)
  const chosen = stage.outcome?.kind === 'succeeded' ? stage.outcome.output.choice : undefined
  if (stage.input.choices && state === 'succeeded' && (chosen === undefined || chosen === 'stop'))
    found.push(`${id} goes on with ${chosen}`)
  return found
}
