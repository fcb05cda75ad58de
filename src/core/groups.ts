import type { z } from 'zod'

type Raw = { readonly [field: string]: unknown }

/** Lists that add up: what a group gives to all, and what an environment needs besides. Any other list takes the group's place. */
const ADDED = ['var_files', 'pass', 'secrets', 'labels']

/**
 * The site as it was written, each environment completed by its group: maps are laid over each other, and what an environment says
 * itself wins. Done before anything is checked, so that the rest of the program sees complete environments and knows no groups.
 */
export function withGroups(site: unknown, context: z.core.$RefinementCtx): unknown {
  if (!isMap(site) || !isMap(site.environments)) return site
  const groups = isMap(site.groups) ? site.groups : {}
  const environments = Object.entries(site.environments).map(([name, environment]) => {
    const refuse = (field: string, message: string) =>
      context.issues.push({ code: 'custom', path: ['environments', name, field], message, input: environment })
    return [name, isMap(environment) ? completed(environment, groups, refuse) : environment]
  })
  return { ...site, environments: Object.fromEntries(environments) }
}

type Refuse = (field: string, message: string) => void

function completed(environment: Raw, groups: Raw, refuse: Refuse): Raw {
  const { group } = environment
  if (typeof group !== 'string') return regional(environment, refuse)
  if (!Object.hasOwn(groups, group)) {
    const known = Object.keys(groups).join(', ') || 'none'
    refuse('group', `names the group ${group}, which is not under groups (there: ${known})`)
    return environment
  }
  const given = groups[group]
  return regional(isMap(given) ? laidOver(given, environment) : environment, refuse)
}

function laidOver(below: Raw, above: Raw): Raw {
  const fields = [...new Set([...Object.keys(below), ...Object.keys(above)])]
  return Object.fromEntries(fields.map((field) => [field, over(field, below[field], above[field])]))
}

function over(field: string, below: unknown, above: unknown): unknown {
  if (above === undefined) return below
  if (ADDED.includes(field) && Array.isArray(below) && Array.isArray(above)) return added(below, above)
  if (!isMap(below) || !isMap(above)) return above
  // Settings of one type of backend mean nothing to another.
  if (field === 'backend' && above.type !== undefined && above.type !== below.type) return above
  return laidOver(below, above)
}

/** What stands in both stays where the environment has it: of two variable files the later one wins. */
function added(below: readonly unknown[], above: readonly unknown[]): unknown[] {
  const own = new Set(above.map((each) => JSON.stringify(each)))
  return [...below.filter((each) => !own.has(JSON.stringify(each))), ...above]
}

/** The region as the variable that the site names for it. */
function regional(environment: Raw, refuse: Refuse): Raw {
  const { region, variables = {} } = environment
  if (!isMap(region) || typeof region.variable !== 'string' || typeof region.name !== 'string' || !isMap(variables))
    return environment
  const said = Object.hasOwn(variables, region.variable) ? variables[region.variable] : undefined
  if (said !== undefined && said !== region.name)
    refuse('region', `gives the variable ${region.variable} as ${region.name}, and \`variables\` as ${String(said)}`)
  return { ...environment, variables: { ...variables, [region.variable]: region.name } }
}

function isMap(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
