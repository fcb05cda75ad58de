import { z } from 'zod'
import type { Import } from '../core/address.ts'
import { readAddress, resourceAddress, resourceId } from '../core/address.ts'
import { rateOf } from '../core/cost.ts'
import type { Live } from '../core/environment.ts'
import { gitRef } from '../core/git-stack.ts'
import type { Values } from '../core/live.ts'
import { sizeNamed, valuesOf } from '../core/live.ts'
import { reference } from '../core/reference.ts'
import { countsOfGroups } from '../core/release.ts'
import { counted, scaleWish, scaling, scalingOf } from '../core/scale.ts'
import type { Site, Variables } from '../core/site.ts'
import type { Fields, NamedEnvironment, PlanContext, RunContext } from '../core/workflow.ts'
import { UserError } from '../errors.ts'

const value = z.union([z.string(), z.number(), z.boolean()])

export const planInput = z.strictObject({
  /** One of the sizes of the environment; without it the size stays as it is. */
  size: z.string().optional(),
  destroy: z.boolean().default(false),
  /** Variables to set from now on, over those of the site and the size; later plans keep them. */
  set: z.record(z.string(), z.union([value, reference])).optional(),
  /** `up`, `down`, a count or a size, seen from what is live when the stage starts; `counted` for one service of several. */
  scale: z.strictObject({ to: z.string(), counted: counted.optional() }).optional(),
  /** Only looks at what moved outside of Terraform: such a plan is never applied. */
  refreshOnly: z.boolean().optional(),
  /** Exactly what is live, and refused where nothing is. */
  asLive: z.boolean().optional(),
  /** Where nothing is up there is nothing to look at, which is no failure. */
  mayBeDown: z.boolean().optional(),
  /** A branch, tag or commit of the stack's repository, instead of the one that the site names. */
  ref: z.union([gitRef(), reference]).optional(),
  /** Brings in what exists already: Terraform's own `import` block, for this one plan. */
  imports: z.strictObject({ address: resourceAddress(), id: resourceId() }).optional(),
})
export type PlanInput = z.infer<typeof planInput>

const planned = z.object({
  size: z.string().optional(),
  destroy: z.boolean(),
  set: z.record(z.string(), value).optional(),
  scale: scaling.optional(),
  refreshOnly: z.boolean().optional(),
  asLive: z.boolean().optional(),
  mayBeDown: z.boolean().optional(),
  imports: z.object({ address: z.string(), id: z.string() }).optional(),
  ref: gitRef().optional(),
  /** Digest of the files that an earlier step of a promotion planned: others are refused. */
  tree: z.string().optional(),
  /** Those of the site and the size, as they were when it was planned. */
  variables: z.record(z.string(), value),
})

/** What the plan is made with, once it is known what is live. */
export type Planned = Values & {
  readonly destroy: boolean
  readonly refreshOnly: boolean
  readonly imports: Import | null
  readonly ref: string | null
  readonly tree: string | null
}

/** Fixes what the site says now. Throws a `UserError` where there is no such size, or nothing to scale to. */
export function fixedInput(
  { size, destroy, set, scale, refreshOnly, asLive, mayBeDown, imports, ref }: PlanInput,
  { environment }: PlanContext,
): Fields {
  if (!environment) throw new Error('Terraform stages need an environment: give the command one.')
  if (ref !== undefined && typeof environment.stack === 'string')
    throw new UserError(
      `The stack of ${environment.name} is a folder, so there is no branch, tag or commit to choose: give it a stack of a git repository in the site, or leave \`--ref\` out.`,
    )
  if (refreshOnly && destroy) throw new Error('A plan either destroys or only refreshes.')
  if (imports && (refreshOnly || destroy)) throw new Error('A plan that imports neither destroys nor only refreshes.')
  const variables = { ...environment.variables, ...(size === undefined ? {} : sizeNamed(environment, size)) }
  return {
    ...(size === undefined ? {} : { size }),
    destroy,
    variables,
    ...(set ? { set } : {}),
    ...(scale ? { scale: scalingOf(environment, scale.to, scale.counted) } : {}),
    ...(refreshOnly ? { refreshOnly } : {}),
    ...(asLive ? { asLive } : {}),
    ...(mayBeDown ? { mayBeDown } : {}),
    ...(ref === undefined ? {} : { ref }),
    ...(imports ? { imports: { ...imports, address: readAddress(imports.address) } } : {}),
  }
}

/** What the plan is made with, seen from what is live; a text where there is nothing to plan: a scale is at its end, or nothing is up. */
export function plannedWith(fields: Fields, { environment, live }: RunContext): Planned | string {
  const given = planned.parse(fields)
  const {
    destroy,
    variables,
    scale,
    refreshOnly = false,
    imports = null,
    ref = null,
    tree = null,
    asLive,
    mayBeDown,
    ...wish
  } = given
  if ((asLive || refreshOnly) && !live) {
    const down = `Nothing is up in ${environment.name}, so there is nothing to compare with.`
    if (mayBeDown) return down
    throw new UserError(down)
  }
  const scaled = scale ? scaleWish(environment, live, scale) : wish
  if (typeof scaled === 'string') return scaled
  const sizes = scale && Object.keys(scale.sizes).length > 0 ? scale.sizes : environment.sizes
  return { ...valuesOf({ ...environment, variables, sizes }, live, scaled), destroy, refreshOnly, imports, ref, tree }
}

/** How this differs from what is live, and what that costs: what people see besides Terraform's own words. */
export function comparison(
  planned: Planned,
  environment: NamedEnvironment,
  live: Live | null,
  site: Pick<Site, 'services' | 'currency'>,
): Fields {
  const { variables, size, destroy, refreshOnly } = planned
  if (refreshOnly) return {}
  const before = live?.variables ?? {}
  const changed = Object.entries(variables).flatMap(([name, to]) =>
    live && before[name] !== to ? [{ name, from: before[name] ?? null, to }] : [],
  )
  const rateWith = (values: Variables) => rateOf(environment.prices, countsOfGroups(site, environment.name, values))
  const rate = rateWith(variables)
  const { currency } = site
  const after = rate === null ? null : destroy ? 0 : rate
  return {
    rate: after,
    ...(destroy ? {} : { changed, ...(live && live.size !== size ? { sizes: { from: live.size, to: size } } : {}) }),
    ...(after === null ? {} : { cost: { before: live ? rateWith(before) : 0, after, currency } }),
  }
}
