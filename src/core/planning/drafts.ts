import { CommandFileError } from '../../errors.ts'
import type { StageDraft } from '../workflow.ts'

/** All that a command file may say of a stage; whatever a kind takes besides is in its input. */
const OPTIONS: Readonly<Record<keyof StageDraft, true>> = {
  ...{ kind: true, input: true, id: true, after: true, onFailure: true, recovers: true, retry: true, timeLimit: true },
  ...{ branch: true, onlyIf: true, evenIfEmpty: true, labels: true, spread: true, beginWithin: true },
}

/**
 * Throws a `CommandFileError` for what is no stage, and for an option that there is not: command files are run without a type check, and a
 * misspelt `approvers` would ask fewer people than was meant.
 */
export function checkDrafts(drafts: readonly StageDraft[]): void {
  for (const [at, draft] of drafts.entries()) {
    if (typeof draft !== 'object' || draft === null || typeof draft.kind !== 'string')
      throw new CommandFileError(
        `Entry ${at + 1} of \`stages\` is ${String(draft)}, which is no stage. A group is spread: \`...parallel([...])\`, \`...when(...)\`.`,
      )
    const { id = draft.kind } = draft
    const unknown = Object.keys(draft).filter((name) => !Object.hasOwn(OPTIONS, name))
    if (unknown.length > 0)
      throw new CommandFileError(
        `Stage ${id} has ${unknown.map((name) => `\`${name}\``).join(', ')}, which stages of the kind ${draft.kind} do not have.`,
      )
    for (const name of ['after', 'recovers'] as const) checkNames(id, name, draft[name])
  }
}

function checkNames(id: string, field: string, names: unknown): void {
  if (names === undefined) return
  if (!Array.isArray(names) || names.some((name) => typeof name !== 'string'))
    throw new CommandFileError(
      `Stage ${id} has the \`${field}\` ${JSON.stringify(names)}; write a list: \`${field}: ['plan']\`.`,
    )
  if (field === 'recovers' && names.length === 0)
    throw new CommandFileError(
      `Stage ${id} recovers from nothing, so it would never run: name the stages in \`recovers\`.`,
    )
}
