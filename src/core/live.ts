import { UserError } from '../errors.ts'
import type { EnvironmentRecord, Live } from './environment.ts'
import type { Variables } from './site.ts'
import type { Fields, NamedEnvironment } from './workflow.ts'

/** What somebody wants of an environment; what is not said stays as it is live now. `set` are variables, over everything else. */
export type Wish = { readonly size?: string | undefined; readonly set?: Variables | undefined }

/** The values of a plan: the size it stands for (none where counts were chosen one by one), what was chosen, and all variables. */
export type Values = Pick<Live, 'size' | 'kept' | 'variables'>

/**
 * Site, size, what is live and what is wished, laid over each other: a deployed version survives a change of size, and a size survives
 * a deploy. A size that is named takes the place of counts that were chosen before.
 */
export function valuesOf(environment: NamedEnvironment, live: Live | null, { size, set = {} }: Wish): Values {
  const name = size ?? live?.size ?? null
  const sized = name === null ? {} : sizeNamed(environment, name)
  const before = Object.entries(live?.kept ?? {})
  const chosen = size === undefined ? before : before.filter(([variable]) => !Object.hasOwn(sized, variable))
  const kept = { ...Object.fromEntries(chosen), ...set }
  return { size: name, kept, variables: { ...environment.variables, ...sized, ...kept } }
}

/** What was chosen before the environment was taken down, and is otherwise now: a destroy ends every choice. */
export function droppedIn(dropped: Variables, { kept, variables }: Values): { name: string; from: Value; to: Value }[] {
  return Object.entries(dropped).flatMap(([name, from]) => {
    const to = variables[name]
    return to === undefined || to === from || Object.hasOwn(kept, name) ? [] : [{ name, from, to }]
  })
}

type Value = Variables[string]

/** The variables of a size. Throws a `UserError` that names the sizes there are. */
export function sizeNamed(environment: NamedEnvironment, size: string): Variables {
  const sized = environment.sizes[size]
  if (sized) return sized
  throw new UserError(
    `${environment.name} has no size \`${size}\`; it has ${Object.keys(environment.sizes).join(', ') || 'none'}.`,
  )
}

/** What an environment has live after a plan with this output was applied, or found nothing to do. */
export function nowLive(
  environment: EnvironmentRecord,
  plan: Fields | null,
  execution: string,
  now: number,
): Live | null {
  if (!plan || plan.refreshOnly === true || typeof plan.variables !== 'object' || plan.variables === null)
    return environment.live ?? null
  return {
    size: typeof plan.size === 'string' ? plan.size : null,
    kept: (plan.kept ?? {}) as Variables,
    variables: plan.variables as Variables,
    execution,
    at: now,
    since: environment.live?.since ?? now,
  }
}
