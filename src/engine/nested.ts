import type { ParsedCommand } from '../core/command.ts'
import { parseFields } from '../core/command.ts'
import type { Effect } from '../core/event.ts'
import type { Execution, NewExecution, StageRun } from '../core/execution.ts'
import { isOver, stageOf } from '../core/execution.ts'
import { stopOf } from '../core/failure.ts'
import { newChild, requestOfChild } from '../core/nested.ts'
import type { PlanContext } from '../core/workflow.ts'
import { CommandFileError, UserError } from '../errors.ts'
import { newId } from './id.ts'
import type { CrewParts } from './parts.ts'
import type { EngineParts } from './perform.ts'

/** Deeper than this nobody can follow it, and it is most likely a circle. */
const DEEPEST = 4

type Parts = Pick<CrewParts, 'site' | 'catalog'>

/** How commands that a workflow nests are planned, with `plan`; `above` are the commands that it stands in. */
export function nesting(
  { catalog, site }: Parts,
  above: readonly string[],
  plan: (parsed: ParsedCommand, above: readonly string[]) => NewExecution,
): NonNullable<PlanContext['nested']> {
  return (name, args) => {
    if (above.includes(name) || above.length >= DEEPEST)
      throw new CommandFileError(
        `\`${name}\` is nested in itself or too deep: ${[...above, name].join(' > ')} (at most ${DEEPEST}).`,
      )
    if (!catalog.entries.has(name))
      throw new CommandFileError(`\`${name}\` cannot be nested: there is no such command.`)
    const fields = Object.fromEntries(Object.entries(args).map(([key, value]) => [key, String(value)]))
    const parsed = readFields(catalog, name, fields)
    if (parsed.command.answer) throw new CommandFileError(`\`${name}\` only answers; there is nothing to nest.`)
    if (parsed.command.promotion?.(parsed.args, site))
      throw new UserError(
        `\`${parsed.line}\` is a promotion, whose steps are executions of their own: it cannot be nested.`,
      )
    const { command, line, args: given, allow, environment, stages, lifetime } = plan(parsed, above)
    return { command, line, args: given, allow, environment, stages, lifetime }
  }
}

/** What is wrong with them is said of the nested command: a form shows its own fields only. */
function readFields(catalog: CrewParts['catalog'], name: string, fields: Record<string, string>): ParsedCommand {
  try {
    return parseFields(catalog, name, fields)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(`It cannot be nested: ${error.message}`, { cause: error })
  }
}

/** The id of the child of one start of a stage. */
export function idOfChild({ id }: Pick<Execution, 'id'>, stage: Pick<StageRun, 'id' | 'attempt'>): string {
  return newId(requestOfChild(id, stage.id, stage.attempt))
}

/**
 * Brings the child of a stage to what its parent wants now: begun once, or told to stop. May be done again and by several at once; whoever
 * stores the child looks at the parent once more, so that none goes on that was canceled meanwhile.
 */
export async function tendChild(
  { store }: Pick<EngineParts, 'store'>,
  effect: Extract<Effect, { do: 'child' }>,
): Promise<void> {
  const { execution, stage: name, attempt } = effect
  const id = newId(requestOfChild(execution, name, attempt))
  const found = await wanted(store, effect)
  if (!found) return
  if (found.wanted && !(await store.execution(id)))
    await store.request(newChild(found.parent, found.stage, id), requestOfChild(execution, name, attempt))
  const child = await store.execution(id)
  const after = (await wanted(store, effect)) ?? found
  if (after.wanted) return
  if (!child) {
    const outcome = { kind: 'canceled', why: 'it never began' } as const
    await store.tell(execution, { type: 'child.ended', stage: name, attempt, outcome })
    return
  }
  if (!isOver(child)) await stop(store, child, after)
}

type Found = { readonly parent: Execution; readonly stage: StageRun; readonly wanted: boolean; readonly force: boolean }

async function wanted(store: EngineParts['store'], effect: Extract<Effect, { do: 'child' }>): Promise<Found | null> {
  const parent = await store.execution(effect.execution)
  const stage = parent && stageOf(parent, effect.stage)
  if (!parent || !stage) return null
  const order = stopOf(parent, stage)
  const here = stage.state === 'running' && stage.attempt === effect.attempt
  return { parent, stage, wanted: here && !order, force: order?.force === true }
}

async function stop(store: EngineParts['store'], child: Execution, { parent, stage, force }: Found): Promise<void> {
  const by = parent.cancel?.by ?? ({ kind: 'parent', execution: parent.id } as const)
  const why = parent.cancel
    ? `\`${parent.id}\` was canceled`
    : `in \`${parent.id}\` ${stage.stopped?.why ?? 'it is over'}`
  if (!child.cancel) await store.tell(child.id, { type: 'cancel', by, why, force: false })
  if (force) await store.tell(child.id, { type: 'cancel', by, why, force: true })
}
