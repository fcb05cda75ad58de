type Json = Record<string, unknown>

/**
 * Every text and number that a plan marks as sensitive, for the masker: attributes hidden by their masks, sensitive outputs, and
 * variables declared sensitive (their values stand in the plan in clear, with the mark only in the configuration).
 * Takes the parsed document as it is and never throws: what does not look as expected holds no marks.
 */
export function secretsOf(planJson: unknown): string[] {
  const plan = object(planJson)
  const found = new Set<string>()
  for (const entry of changeEntries(plan)) {
    const change = object(object(entry).change)
    hidden(change.before, change.before_sensitive, found)
    hidden(change.after, change.after_sensitive, found)
  }
  for (const action of list(plan.action_invocations)) {
    hidden(object(action).config_values, object(action).config_sensitive, found)
  }
  const prior = object(plan.prior_state)
  for (const values of [object(plan.planned_values), object(prior.values)]) {
    sensitiveOutputs(values, found)
    moduleValues(object(values.root_module), found)
  }
  const root = object(object(plan.configuration).root_module)
  sensitiveVariables(root, object(plan.variables), found)
  return [...found]
}

function changeEntries(plan: Json): unknown[] {
  return [
    ...list(plan.resource_changes),
    ...list(plan.resource_drift),
    ...list(plan.deferred_changes).map((deferred) => object(deferred).resource_change),
    ...Object.values(object(plan.output_changes)).map((change) => ({ change })),
  ]
}

/** A mask has the value's shape with `true` over what is hidden; a `true` over a whole object hides all of it. */
function hidden(value: unknown, mask: unknown, found: Set<string>): void {
  if (mask === true) {
    leaves(value, found)
    return
  }
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      hidden(item, list(mask)[index], found)
    })
    return
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, item] of Object.entries(value)) hidden(item, object(mask)[key], found)
}

function leaves(value: unknown, found: Set<string>): void {
  if (typeof value === 'string' || typeof value === 'number') found.add(String(value))
  else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) leaves(item, found)
}

function sensitiveOutputs(values: Json, found: Set<string>): void {
  for (const output of Object.values(object(values.outputs))) {
    if (object(output).sensitive) leaves(object(output).value, found)
  }
}

function moduleValues(module: Json, found: Set<string>): void {
  for (const resource of list(module.resources)) {
    hidden(object(resource).values, object(resource).sensitive_values, found)
  }
  for (const child of list(module.child_modules)) moduleValues(object(child), found)
}

/** Values of the root's variables come from the plan; those of a child module are seen only where they are written as constants. */
function sensitiveVariables(module: Json, values: Json, found: Set<string>): void {
  for (const [name, variable] of Object.entries(object(module.variables))) {
    if (!object(variable).sensitive) continue
    leaves(object(variable).default, found)
    const given = object(values[name])
    leaves('value' in given ? given.value : given.constant_value, found)
  }
  for (const call of Object.values(object(module.module_calls))) {
    sensitiveVariables(object(object(call).module), object(object(call).expressions), found)
  }
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
