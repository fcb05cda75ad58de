import { z } from 'zod'
import { milliseconds } from '../core/duration.ts'
import { reference } from '../core/reference.ts'
import type { Fields, PlanContext, Shape, StageDraft, StageKind } from '../core/workflow.ts'
import { consulOf } from './consul.ts'
import { countOf, untilHealthy, wantedOfEnvironment } from './instances.ts'

const text = z.union([z.string(), reference])

const input = z.strictObject({
  /** The plan whose variables say how many instances there have to be. */
  plan: z.string().default('terraform.plan'),
  /** One service of Consul, instead of those that the site lists for the environment. */
  service: text.optional(),
  /** Only its instances that say that they run this version (`version` in their service's meta). */
  version: text.optional(),
  /** How many have to pass: a number, an output of an earlier stage, or a variable of the plan. */
  passing: z.union([z.number().int().min(1), reference, z.strictObject({ variable: z.string() })]).optional(),
  /** How long all of them have to pass without a break. */
  for: z.string().optional(),
  within: z.string().optional(),
  /** Instances that are kept out of service count by their own checks: those that wait to be put into service. */
  standby: z.boolean().optional(),
})
type Input = z.input<typeof input>

const planned = z.object({
  plan: z.string().default('terraform.plan'),
  service: z.string().optional(),
  version: z.string().optional(),
  passing: z.union([z.number(), z.object({ variable: z.string() })]).optional(),
  for: z.string().default('0s'),
  within: z.string(),
  standby: z.boolean().default(false),
})

/**
 * Succeeds when as many instances as there have to be pass in Consul, for as long as was asked without a break. By environment, the site
 * says which services and exactly how many of each; by service, so many of it or more, and none of them sick.
 */
export const healthKind: StageKind<z.infer<typeof input>> = {
  kind: 'health',
  input,
  repeatable: true,
  plan({ within, plan, ...input }, { environment }) {
    if (!environment && input.service === undefined)
      throw new Error('A health stage needs the environment whose services it checks, or one service.')
    if (input.service === undefined && (input.version !== undefined || input.passing !== undefined))
      throw new Error('A health stage with a version or a number of instances needs the service that they belong to.')
    if (input.service !== undefined && input.passing === undefined)
      throw new Error('A health stage of one service needs to know how many of its instances have to pass.')
    for (const text of [input.for, within]) if (text !== undefined) milliseconds(text)
    return {
      ...(asksPlan(input, environment) ? { plan } : {}),
      ...input,
      within: within ?? environment?.health_within ?? WITHIN,
    }
  },
  run(fields, context) {
    const { plan, service, version, passing, standby, within, for: time } = planned.parse(fields)
    const values = () => context.output(plan)
    const wanted =
      service === undefined || passing === undefined
        ? wantedOfEnvironment(context.environment, values)
        : [{ service, version, standby, exactly: false, count: countOf(service, passing, values) }]
    return untilHealthy(consulOf(context), { wanted, within, for: time }, context)
  },
}

/** Where no environment says how long it may take. */
const WITHIN = '2m'

/** A number of instances that stands in the workflow itself needs no plan. */
function asksPlan({ service, passing }: Omit<z.infer<typeof input>, 'plan'>, environment: PlanContext['environment']) {
  if (service === undefined) return Object.keys(environment?.health ?? {}).length > 0
  return typeof passing === 'object' && 'variable' in passing
}

/** A health check in a workflow: `health()` after the apply of `terraform.plan`, or one service: `health({ service: 'web', passing: 3, for: '10s' })`. */
export function health(draft: Shape & Input = {}): StageDraft {
  const given = Object.entries(draft).filter(([, value]) => value !== undefined)
  const isInput = ([name]: [string, unknown]) => Object.hasOwn(input.shape, name)
  const shape = Object.fromEntries(given.filter((each) => !isInput(each)))
  return { kind: healthKind.kind, input: Object.fromEntries(given.filter(isInput)) as Fields, ...shape }
}
