import { z } from 'zod'
import { UserError } from '../errors.ts'
import { milliseconds } from './duration.ts'
import { referencesIn, stageNamed } from './reference.ts'
import type { Fields, PlanContext, Stage, StageDraft, StageKinds } from './workflow.ts'

/** Input fields that name an earlier stage. */
const REFERENCES = ['plan', 'show', 'onlyIf'] as const

/**
 * Turns what a command file wrote into stages: ids and order filled in, inputs checked by their kind and completed with what
 * the site says. Throws a plain error when the command file is wrong and a `UserError` when the person asked too much.
 */
export function planStages(drafts: readonly StageDraft[], kinds: StageKinds, context: PlanContext): Stage[] {
  const stages: Stage[] = []
  for (const draft of drafts) {
    const id = draft.id ?? draft.kind
    // What recovers stands beside the way that it recovers: nothing comes after it by itself but more of the same.
    const before = stages.findLast((stage) => !stage.recovers === !draft.recovers)
    checkNew(id, stages)
    const after = draft.after ?? (before ? [before.id] : [])
    for (const name of after) checkEarlier(id, 'after', name, stages)
    const { recovers, onFailure = 'halt' } = draft
    for (const name of recovers ?? []) checkEarlier(id, 'recovers', name, stages)
    const input = planInput(id, draft, stages, kinds, context)
    stages.push({ id, kind: draft.kind, input, after, onFailure, ...(recovers ? { recovers: [...recovers] } : {}) })
  }
  if (stages.length === 0) throw new Error('The workflow has no stages.')
  return stages
}

function planInput(id: string, draft: StageDraft, earlier: readonly Stage[], kinds: StageKinds, context: PlanContext) {
  const kind = kinds.get(draft.kind)
  if (!kind)
    throw new Error(
      `Stage ${id} is of the kind ${draft.kind}, which does not exist; there are ${[...kinds.keys()].join(', ')}.`,
    )
  const checked = kind.input.safeParse(draft.input)
  if (!checked.success) throw new UserError(`Stage \`${id}\` cannot be planned: ${z.prettifyError(checked.error)}`)
  const labels = [
    ...new Set([...((context.environment ?? context.image ?? context.kv)?.labels ?? []), ...(draft.labels ?? [])]),
  ]
  const demands: Fields = kind.run && labels.length > 0 ? { labels } : {}
  const { spread, beginWithin, onlyIf, evenIfEmpty } = draft
  const shape: Fields = {
    ...(spread ? { spread } : {}),
    ...(beginWithin === undefined ? {} : { beginWithin: checkedDuration(beginWithin) }),
    ...(onlyIf ? { onlyIf } : {}),
    ...(evenIfEmpty ? { evenIfEmpty } : {}),
  }
  const input: Fields = { ...kind.plan(checked.data, context), ...demands, ...shape }
  for (const name of referencesIn(draft.input)) checkEarlier(id, `ref: '${name}'`, stageNamed(name, earlier), earlier)
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
  if (!/^[a-z][a-z0-9._-]*$/.test(id))
    throw new Error(`A stage's id is ${id}; use lower-case letters, digits, dots and dashes.`)
  if (earlier.some((stage) => stage.id === id))
    throw new Error(`Two stages have the id ${id}; give one of them another \`id\`.`)
}

function checkEarlier(id: string, field: string, name: string, earlier: readonly Stage[]): void {
  if (earlier.some((stage) => stage.id === name)) return
  const known = earlier.map((stage) => stage.id).join(', ') || 'none'
  throw new Error(`Stage ${id} refers by \`${field}\` to ${name}, which is not an earlier stage (earlier: ${known}).`)
}
