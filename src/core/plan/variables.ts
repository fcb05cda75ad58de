import type { Plan } from './schema.ts'

const HIDDEN = '(sensitive)'

/** The variables that a stack declares, and whether it marks them as sensitive; null where the plan does not say. */
function declaredIn(plan: Plan): ReadonlyMap<string, boolean> | null {
  const root = object(object(plan.configuration).root_module)
  if (plan.configuration === undefined || plan.configuration === null) return null
  return new Map(Object.entries(object(root.variables)).map(([name, each]) => [name, object(each).sensitive === true]))
}

/**
 * Those that the stack does not declare. Terraform refuses them on its command line and only warns where they come in a file:
 * a name that is misspelt in the site would leave the stack at its default.
 */
export function undeclared(plan: Plan, names: readonly string[]): string[] {
  const declared = declaredIn(plan)
  return declared ? names.filter((name) => !declared.has(name)) : []
}

/** The variables for people: what the stack marks as sensitive has no value. */
export function shownVariables<T>(plan: Plan, variables: Readonly<Record<string, T>>): Record<string, T | string> {
  const declared = declaredIn(plan)
  const entries = Object.entries(variables).map(([name, value]) => [name, declared?.get(name) ? HIDDEN : value])
  return Object.fromEntries(entries)
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}
