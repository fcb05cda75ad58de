import { UserError } from '../errors.ts'
import type { Execution, StageRun } from './execution.ts'
import { isOver } from './execution.ts'
import { conditionsOf } from './judgment/condition.ts'
import { referencesIn, stageNamed } from './reference.ts'
import { wordOf } from './status-word.ts'
import type { Stage } from './workflow.ts'

/** What a retry does: the stages that run again, and those that stay as they are. */
export type Retry = { readonly stages: readonly Stage[]; readonly kept: readonly string[] }

/**
 * From the failed stage, with the same inputs. What it needs is done again too: an apply needs a plan of the world as it is now, and a
 * judgment of that plan. Approvals are never used twice. Throws a `UserError` for what cannot be retried.
 */
export function retryOf(execution: Execution): Retry {
  const own = execution.stages.filter(({ aside }) => !aside)
  if (execution.ending === 'left')
    throw new UserError(
      `How \`${execution.id}\` ended is not known, and it was left as it is: nothing of it can be run again. \`${execution.line}\` plans anew, from what is there now.`,
    )
  if (execution.status === 'unknown')
    throw new UserError(`Nobody knows how \`${execution.id}\` stands: choose on its message what to do about it.`)
  if (!isOver(execution)) throw new UserError(`\`${execution.id}\` is not over: it is ${wordOf(execution)}.`)
  const failed = own.filter(isUndone).map(({ id }) => id)
  if (failed.length === 0)
    throw new UserError(`\`${execution.id}\` ${wordOf(execution)}; there is nothing to run again.`)
  // What was taken back after a failure is not there any more: all of it is done anew.
  const takenBack = own.some(({ recovers, startedAt }) => recovers && startedAt !== null)
  const again = takenBack ? new Set(own.map(({ id }) => id)) : withNeeded(own, following(own, failed))
  const stages = own.filter(({ id }) => again.has(id)).map((stage) => bare(stage, again))
  return { stages, kept: own.filter(({ id }) => !again.has(id)).map(({ id }) => id) }
}

/** Failed, called off, or left out because another one failed, also one beside it: what comes after both needs both. */
function isUndone({ state, outcome }: StageRun): boolean {
  return state === 'failed' || state === 'canceled' || (outcome?.kind === 'skipped' && outcome.because !== undefined)
}

function following(stages: readonly StageRun[], first: readonly string[]): Set<string> {
  const rest = new Set(first)
  // What recovers from something that runs again may be needed again.
  for (const { id, after, recovers = [] } of stages)
    if ([...after, ...recovers].some((name) => rest.has(name))) rest.add(id)
  return rest
}

/** The stages whose outputs an input takes. */
function namedIn(input: StageRun['input'], stages: readonly StageRun[]): string[] {
  const conditions = conditionsOf(input).map(({ ref }) => ref)
  return [...referencesIn(input), ...conditions].map((ref) => stageNamed(ref, stages))
}

/** The plan that an apply applies or a judgment shows, and everything that comes after that plan. */
function withNeeded(stages: readonly StageRun[], again: ReadonlySet<string>): Set<string> {
  const needed = stages
    .filter(({ id }) => again.has(id))
    .flatMap(({ input }) => [input.plan, input.show, input.onlyIf, ...namedIn(input, stages)])
  const plans = needed.filter((name) => typeof name === 'string' && !again.has(name)) as string[]
  const first = plans[0]
  if (first === undefined) return new Set(again)
  return withNeeded(stages, new Set([...again, ...following(stages, [first])]))
}

function bare(stage: StageRun, again: ReadonlySet<string>): Stage {
  const { id, kind, input, after, recovers, retry, timeLimit, guard, declared: onFailure = stage.onFailure } = stage
  const kept = {
    ...(recovers ? { recovers: recovers.filter((name) => again.has(name)) } : {}),
    ...(retry ? { retry } : {}),
    ...(timeLimit ? { timeLimit } : {}),
    // A retry waits for windows and freezes as what it does again did.
    ...(guard ? { guard } : {}),
  }
  return { id, kind, input, after: after.filter((name) => again.has(name)), onFailure, ...kept }
}
