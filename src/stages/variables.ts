import type { Variables } from '../core/site.ts'
import type { PlanContext } from '../core/workflow.ts'
import { UserError } from '../errors.ts'

/** What the site says for an environment at a size: its variables, and over them those of the size. */
export function variablesOf({ environment }: PlanContext, size: string | undefined, more: Variables = {}): Variables {
  if (!environment) throw new Error('Terraform stages need an environment: give the command one.')
  const sized = size === undefined ? {} : environment.sizes[size]
  if (!sized)
    throw new UserError(
      `${environment.name} has no size \`${size}\`; it has ${Object.keys(environment.sizes).join(', ')}.`,
    )
  return { ...environment.variables, ...sized, ...more }
}
