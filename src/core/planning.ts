import { z } from 'zod'
import { CommandFileError, UserError } from '../errors.ts'
import { milliseconds } from './duration.ts'
import { checkConditions, onlyIfOf } from './planning/conditions.ts'
import { checkDrafts } from './planning/drafts.ts'
import { optionsOf } from './planning/options.ts'
import { inOrder } from './planning/order.ts'
import { checkApproved, checkBefore, checkGiven, checkReferences, notEarlier } from './planning/references.ts'
import type { Fields, PlanContext, Stage, StageDraft, StageKind, StageKinds } from './workflow.ts'

/** Folders and buttons are named after it. */
const LONGEST_ID = 100

/** Input fields that name an earlier stage. */
const REFERENCES = ['plan', 'show', 'onlyIf'] as const

/**
 * Turns what a command file wrote into stages: ids and order filled in, inputs checked by their kind and completed with what
 * the site says. Throws a `CommandFileError` when the command file is wrong and a `UserError` when the person asked too much.
 */
export function planStages(drafts: readonly StageDraft[], kinds: StageKinds, context: PlanContext): Stage[] {
  const stages: Stage[] = []
  checkDrafts(drafts)
  for (const { draft, id, after: written } of inOrder(drafts)) {
    const after = [...new Set(written)]
    checkNew(id, stages)
    for (const name of after) checkEarlier(id, 'after', name, stages)
    const { recovers } = draft
    for (const name of recovers ?? []) checkEarlier(id, 'recovers', name, stages)
    const kind = kindOf(id, draft, kinds)
    const input = planInput(id, draft, stages, kind, context)
    const options = optionsOf(id, draft, kind)
    const guard = guardOf(kind, context)
    const stage = {
      id,
      kind: draft.kind,
      input,
      after,
      ...options,
      ...guard,
      ...(recovers ? { recovers: [...recovers] } : {}),
    }
    for (const field of REFERENCES) checkBefore(stage, field, stages)
    checkReferences(stage, draft.input, stages, kinds)
    checkGiven(stage, kinds)
    checkConditions(stage, stages, kinds)
    checkApproved(stage, stages, kind)
    stages.push(stage)
  }
  if (stages.length === 0) throw new CommandFileError('The workflow has no stages.')
  return stages
}

/** What changes an environment, or settings, waits for its windows, as they are now. */
function guardOf({ run, repeatable, changes = !repeatable }: StageKind, { environment, kv }: PlanContext) {
  const target = environment ?? kv
  return run && changes && target ? { guard: { windows: target.windows } } : {}
}

function kindOf(id: string, draft: StageDraft, kinds: StageKinds): StageKind {
  const kind = kinds.get(draft.kind)
  if (kind) return kind
  throw new CommandFileError(
    `Stage ${id} is of the kind ${draft.kind}, which does not exist; there are ${[...kinds.keys()].join(', ')}.`,
  )
}

function planInput(id: string, draft: StageDraft, earlier: readonly Stage[], kind: StageKind, context: PlanContext) {
  const checked = kind.input.safeParse(draft.input)
  if (!checked.success) throw new UserError(`Stage \`${id}\` cannot be planned: ${z.prettifyError(checked.error)}`)
  const labels = [
    ...new Set([...((context.environment ?? context.image ?? context.kv)?.labels ?? []), ...(draft.labels ?? [])]),
  ]
  const demands: Fields = kind.run && labels.length > 0 ? { labels } : {}
  const { spread, beginWithin, evenIfEmpty } = draft
  const shape: Fields = {
    ...(spread ? { spread } : {}),
    ...(beginWithin === undefined ? {} : { beginWithin: checkedDuration(beginWithin) }),
    ...onlyIfOf(id, draft.onlyIf),
    ...(evenIfEmpty ? { evenIfEmpty } : {}),
  }
  const input: Fields = { ...kind.plan(checked.data, context), ...demands, ...shape }
  for (const field of REFERENCES) {
    if (typeof input[field] === 'string') checkEarlier(id, field, input[field], earlier)
  }
  return input
}

/** Throws a `UserError` for what is no duration. */
function checkedDuration(text: string): string {
  milliseconds(text)
  return text
}

function checkNew(id: string, earlier: readonly Stage[]): void {
  if (!/^[a-z][a-z0-9._-]*$/.test(id) || id.length > LONGEST_ID)
    throw new CommandFileError(
      `A stage's id is ${id.slice(0, 200)}; use lower-case letters, digits, dots and dashes, at most ${LONGEST_ID}.`,
    )
  if (earlier.some((stage) => stage.id === id))
    throw new CommandFileError(`Two stages have the id ${id}; give one of them another \`id\`.`)
}

function checkEarlier(id: string, field: string, name: string, earlier: readonly Stage[]): void {
  if (earlier.some((stage) => stage.id === name)) return
  throw new CommandFileError(`Stage ${id} refers by \`${field}\` to ${name}, ${notEarlier(earlier)}`)
}
