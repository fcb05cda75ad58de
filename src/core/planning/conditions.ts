import { CommandFileError, UserError } from '../../errors.ts'
import type { Condition } from '../judgment/condition.ts'
import { condition, conditionsOf } from '../judgment/condition.ts'
import { choicesOf } from '../judgment/settings.ts'
import { stageNamed } from '../reference.ts'
import type { Fields, Stage, StageDraft, StageKinds } from '../workflow.ts'
import type { Referring } from './references.ts'
import { checkField, comesAfter, notEarlier } from './references.ts'

/** What a draft says about being done at all, as its stage keeps it: the stage that may find nothing to do, and conditions. */
export function onlyIfOf(id: string, onlyIf: StageDraft['onlyIf']): Fields {
  if (onlyIf === undefined) return {}
  const all = isMany(onlyIf) ? onlyIf : [onlyIf]
  const names = all.filter((each) => typeof each === 'string')
  const conditions = all.filter((each): each is Condition => typeof each !== 'string')
  if (names.length > 1) throw new CommandFileError(`Stage ${id} has two stages under \`onlyIf\`; there can be one.`)
  const wrong = conditions.find((each) => !condition.safeParse(each).success)
  if (wrong)
    throw new CommandFileError(
      `Stage ${id} has an \`onlyIf\` that cannot be read: ${JSON.stringify(wrong)}. Write { ref: 'judgment.choice', is: 'all' }.`,
    )
  return {
    ...(names[0] ? { onlyIf: names[0] } : {}),
    ...(conditions.length > 0 ? { conditions: conditions.map((each) => ({ ...each })) } : {}),
  }
}

function isMany(onlyIf: NonNullable<StageDraft['onlyIf']>): onlyIf is readonly (string | Condition)[] {
  return Array.isArray(onlyIf)
}

/** Every condition names a field of an earlier stage that has surely ended, and a choice that there is. Throws for the one who wrote the command. */
export function checkConditions(stage: Referring, earlier: readonly Stage[], kinds: StageKinds): void {
  const conditions = conditionsOf(stage.input)
  if (conditions.length === 0) return
  const before = comesAfter(stage, earlier)
  for (const { ref, is } of conditions) {
    const name = stageNamed(ref, earlier)
    const named = earlier.find(({ id }) => id === name)
    if (!named) throw new CommandFileError(`Stage ${stage.id} asks by \`onlyIf\` for ${name}, ${notEarlier(earlier)}`)
    if (!before.has(name))
      throw new CommandFileError(
        `Stage ${stage.id} asks by \`onlyIf\` for ${ref}, and ${name} may still run then: it has to come after it.`,
      )
    checkField(stage.id, ref, named, kinds)
    if (ref === `${name}.choice` && named.kind === 'judgment') checkChoice(stage.id, named, is)
  }
}

function checkChoice(id: string, { id: name, input }: Stage, is: Condition['is']): void {
  const there = choicesOf(input).filter(({ rejects }) => !rejects)
  const wrong = (Array.isArray(is) ? is : [is]).find((each) => !there.some(({ value }) => value === each))
  if (wrong !== undefined)
    throw new CommandFileError(
      `Stage ${id} asks by \`onlyIf\` for the choice ${wrong} of ${name}, which goes on with ${there.map(({ value }) => value).join(', ') || 'no choice'}.`,
    )
}

/**
 * Stages that are done only where an earlier one gave this: `...when({ ref: 'judgment.choice', is: 'all' }, [plan, apply])`. What comes
 * after them goes on either way.
 */
export function when(condition: Condition, drafts: readonly StageDraft[]): StageDraft[] {
  if (drafts.length === 0) throw new UserError('`when(condition, [...])` needs at least one stage.')
  return drafts.map((draft) => {
    const { onlyIf = [] } = draft
    return { ...draft, onlyIf: [...(isMany(onlyIf) ? onlyIf : [onlyIf]), condition] }
  })
}
