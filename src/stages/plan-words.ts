import type { Plan, PlanSummary } from '../core/plan.ts'
import { describePlanned, headline, isRisky, undeclared } from '../core/plan.ts'
import { deletesOf } from '../core/release.ts'
import type { Fields, NamedEnvironment } from '../core/workflow.ts'
import type { Planned } from './plan-input.ts'
import type { Values } from './values.ts'
import { namedFiles } from './values.ts'
import type { Workplace } from './workplace.ts'

/** Addresses shown in the message itself; all of them are in plan.txt. */
const MOST_LINES = 40

/** The commonest mistake of an import, in words that say what to do. */
export function noBlockFor({ imports }: Planned, said: string): string | null {
  if (!imports || !/Configuration for import target does not exist|Import block target does not exist/i.test(said))
    return null
  return `The stack has no block for ${imports.address}. Write it first, as the resource is, and ask again.`
}

/** An index of the wrong kind: Terraform says which one the block does not have, and not what to write. */
export function wrongIndex({ imports }: Planned, said: string): string | null {
  if (!imports || !said.includes("Invalid import 'to' expression")) return null
  const bare = imports.address.replace(/\[[^\]]*\]$/, '')
  const [counted, keyed] = [`\`${bare}[0]\``, `\`${bare}[a-key]\` with one of its keys`]
  const why = (text: string) => `${imports.address} cannot be imported: ${text}`
  if (said.includes('is using count')) return why(`its block has \`count\`, so write ${counted} or another number.`)
  if (said.includes('is using for_each')) return why(`its block has \`for_each\`, so write ${keyed}.`)
  if (said.includes('does not use for_each'))
    return why(
      `its block has no \`for_each\`. Write ${counted} where it has \`count\`, or \`${bare}\` where it has neither.`,
    )
  if (said.includes('does not use count'))
    return why(
      `its block has no \`count\`. Write ${keyed} where it has \`for_each\`, or \`${bare}\` where it has neither.`,
    )
  return null
}

/** A plan that could be applied and is not what was asked for. */
export function wrongWith({ variables, imports }: Planned, plan: Plan, summary: PlanSummary): string | null {
  const unknown = undeclared(plan, Object.keys(variables))
  if (unknown.length > 0)
    return `The stack declares no variable ${unknown.join(', ')}, and the site gives it one. Correct the name; values that only some stacks know belong into var_files.`
  if (
    imports &&
    !summary.changes.some(({ address, importId }) => address === imports.address && importId !== undefined)
  )
    return `${imports.address} is in the state already, so that nothing would be imported.`
  return null
}

/** Where stack and values come from, besides what an approval shows anyway. */
export function sourceOf({ stack }: NamedEnvironment, { tofu }: Workplace, values: Values): Fields {
  return {
    ...(typeof stack === 'string' ? {} : { source: `${stack.ref} of ${stack.git}` }),
    ...(values.files.length > 0 ? { varFiles: namedFiles(values) } : {}),
    ...(tofu ? { tofu } : {}),
  }
}

/** What people read of a plan, and what judgments and later stages decide by. */
export function wordsOf(summary: PlanSummary, mask: (text: string) => string): Fields {
  const { add, change, destroy, replace, forget, move, import: imported, read, outputs, drift, deposed } = summary
  const lines = summary.changes.slice(0, MOST_LINES)
  return {
    headline: mask(headline(summary)),
    needsApply: summary.needsApply,
    deleteOnly: summary.deleteOnly,
    deletes: deletesOf(summary),
    takesAway: destroy > replace,
    errored: summary.errored,
    counts: { add, change, destroy, replace, forget, move, import: imported, read, outputs, drift, deposed },
    lines: lines.map((change) => mask(describePlanned(change))),
    more: summary.changes.length - lines.length,
    risky: summary.changes.filter(isRisky).length,
    drift: summary.drifted.slice(0, 20).map(({ address, action }) => mask(`${address} (${action})`)),
  }
}
