import { z } from 'zod'
import { CommandFileError } from '../../errors.ts'
import { conditionsOf } from '../judgment/condition.ts'
import { childOf } from '../nested.ts'
import { referencesIn, stageNamed } from '../reference.ts'
import type { Fields, Json, Stage, StageKind, StageKinds } from '../workflow.ts'

/** A stage as far as it is planned, with what it comes after. */
export type Referring = Pick<Stage, 'id' | 'after' | 'input' | 'recovers' | 'kind'>

/**
 * Every `{ ref }` of a stage names an earlier one that has surely ended when it begins, and a field that its kind gives. Throws a
 * `CommandFileError` for the one who wrote the command file.
 */
export function checkReferences(stage: Referring, input: Fields, earlier: readonly Stage[], kinds: StageKinds): void {
  const refs = referencesIn(input)
  if (refs.length === 0) return
  const before = stage.recovers ? null : comesAfter(stage, earlier)
  for (const ref of refs) {
    const name = stageNamed(ref, earlier)
    const named = earlier.find(({ id }) => id === name)
    if (!named)
      throw new CommandFileError(`Stage ${stage.id} refers by \`ref: '${ref}'\` to ${name}, ${notEarlier(earlier)}`)
    if (before && !before.has(name)) throw mayStillRun(stage.id, `ref: '${ref}'`, name)
    checkField(stage.id, ref, named, kinds)
  }
}

export function notEarlier(earlier: readonly { readonly id: string }[]): string {
  return `which is not an earlier stage (earlier: ${earlier.map(({ id }) => id).join(', ') || 'none'}).`
}

export function checkField(
  id: string,
  ref: string,
  { id: name, kind: kindName, input }: Stage,
  kinds: StageKinds,
): void {
  const fields = fieldsOf(kinds.get(kindName), input)
  const field = ref.slice(name.length + 1)
  if (!fields || Object.hasOwn(fields, field)) return
  const given = Object.keys(fields).join(', ') || 'nothing'
  throw new CommandFileError(
    `Stage ${id} refers by \`ref: '${ref}'\` to \`${field}\`, which ${name} does not give (it gives ${given}).`,
  )
}

/** What a kind says that it gives, field by field; null where it does not say. */
function fieldsOf(kind: StageKind | undefined, input: Fields): Readonly<Record<string, z.core.$ZodType>> | null {
  const output = typeof kind?.output === 'function' ? kind.output(input) : kind?.output
  return output?.shape ?? null
}

/** What a nested workflow is to give has to be a field of one of its stages, as far as their kinds say what they give. */
export function checkGiven(stage: Referring, kinds: StageKinds): void {
  const child = childOf(stage)
  for (const ref of child ? Object.values(stage.input.outputs ?? {}) : []) {
    const name = stageNamed(String(ref), child?.stages ?? [])
    const named = child?.stages.find(({ id }) => id === name)
    if (named) checkField(stage.id, String(ref), named, kinds)
  }
}

/** A stage that an input names (what a judgment shows, the plan of an apply) has surely ended when it is used. */
export function checkBefore(stage: Referring, field: 'plan' | 'show' | 'onlyIf', earlier: readonly Stage[]): void {
  const name = stage.input[field]
  // What recovers stands beside the way, and comes after the failure of something else.
  if (typeof name !== 'string' || stage.recovers || comesAfter(stage, earlier).has(name)) return
  throw mayStillRun(stage.id, field, name)
}

function mayStillRun(id: string, by: string, name: string): CommandFileError {
  return new CommandFileError(
    `Stage ${id} refers by \`${by}\` to ${name}, which may still run when it begins: it has to come after it (\`after: ['${name}']\`).`,
  )
}

/** Why a value that a stage gave is not what its kind says that it gives; null where it is, or where the kind does not say. */
export function wrongValue(
  ref: string,
  value: Json | undefined,
  named: Pick<Stage, 'id' | 'input'>,
  kind: StageKind | undefined,
) {
  const schema = fieldsOf(kind, named.input)?.[ref.slice(named.id.length + 1)]
  const read = schema && z.safeParse(schema, value)
  return read && !read.success ? z.prettifyError(read.error) : null
}

/** All stages that have surely ended when this one begins. */
export function comesAfter(stage: Pick<Stage, 'after'>, earlier: readonly Stage[]): Set<string> {
  const byId = new Map(earlier.map((each) => [each.id, each]))
  const found = new Set<string>()
  const rest = [...stage.after]
  for (let id = rest.pop(); id !== undefined; id = rest.pop()) {
    if (found.has(id)) continue
    found.add(id)
    rest.push(...(byId.get(id)?.after ?? []))
  }
  return found
}

/** What is approved must be before what is done with it: nothing that needs an approval begins beside its own judgment. */
export function checkApproved(stage: Referring, earlier: readonly Stage[], kind: StageKind): void {
  const { plan } = stage.input
  if (!(kind.gated ?? !kind.repeatable) || typeof plan !== 'string') return
  const judgments = earlier.filter((each) => each.kind === 'judgment' && each.input.show === plan)
  if (judgments.length === 0) return
  const before = comesAfter(stage, earlier)
  const beside = judgments.find(({ id }) => !before.has(id))
  if (beside)
    throw new CommandFileError(
      `Stage ${stage.id} does not come after ${beside.id}, the judgment of its plan: it could begin without it.`,
    )
  const mine = conditionsOf(stage.input).map((each) => JSON.stringify(each))
  const may = judgments.every(({ input }) => conditionsOf(input).some((each) => !mine.includes(JSON.stringify(each))))
  if (may)
    throw new CommandFileError(
      `Stage ${stage.id} is done also where the judgment of its plan is left out: give both the same \`onlyIf\`.`,
    )
}
