import type { PromotionDraft } from '../core/promotion.ts'
import type { Site } from '../core/site.ts'
import { environmentNamed } from '../core/target.ts'
import type { NamedEnvironment, StageDraft } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { health } from './health.ts'
import { judgment } from './judgment.ts'
import { terraform } from './terraform-apply.ts'

export type PromotionWish = {
  readonly change: string
  readonly ref?: string | undefined
  readonly version?: string | undefined
}

type PlanDraft = NonNullable<Parameters<typeof terraform.plan>[0]>

/**
 * A promotion in steps: plan, apply and destroy in scratch, plan and apply in sandbox, and in production nothing that nobody approved.
 * Throws a `UserError` where the site has no such promotion, or none for a version.
 */
export function promotion({ change, ref, version }: PromotionWish, site: Site): PromotionDraft {
  const { scratch, sandbox, production, version: variable } = settingsOf(site, change)
  if (version !== undefined && variable === undefined)
    throw new UserError(
      `The promotion \`${change}\` takes no \`--version\`: the site gives it no \`version\`, the variable to set.`,
    )
  if (ref !== undefined) checkRef(site, change, [scratch.env, sandbox.env, production])
  const set = version !== undefined && variable !== undefined ? { set: { [variable]: version } } : {}
  const step = ({ env, approve }: { env: string; approve: boolean }): StageDraft[] => {
    const { health: services } = environmentNamed(site, env)
    return [
      terraform.plan({ ref, ...set }),
      ...(approve ? [judgment({ show: 'terraform.plan' })] : []),
      terraform.apply({ plan: 'terraform.plan' }),
      ...(Object.keys(services).length > 0 ? [health()] : []),
    ]
  }
  return {
    name: change,
    steps: [
      {
        environment: scratch.env,
        stages: [...step(scratch), ...leave(environmentNamed(site, scratch.env), scratch.approve, set)],
      },
      { environment: sandbox.env, stages: step(sandbox) },
      { environment: production, stages: step({ env: production, approve: true }) },
    ],
  }
}

/** Nothing stays in scratch, however it went there; what is destroyed is planned with the very files that were applied. */
function leave(environment: NamedEnvironment, approve: boolean, set: Pick<PlanDraft, 'set'>): StageDraft[] {
  const ref = typeof environment.stack === 'string' ? {} : { ref: { ref: 'terraform.plan.commit' } }
  const gated = Object.keys(environment.health).length > 0 ? ['terraform.apply', 'health'] : ['terraform.apply']
  const destroy = (prefix: string, recovers?: readonly string[]): StageDraft[] => {
    const shape = recovers ? { recovers } : {}
    const plan = `${prefix}.plan`
    return [
      terraform.plan({ id: plan, destroy: true, ...ref, ...set, ...shape }),
      ...(approve ? [judgment({ id: `${prefix}.judgment`, show: plan, ...shape })] : []),
      terraform.apply({ id: `${prefix}.apply`, plan, ...shape }),
    ]
  }
  return [...destroy('destroy'), ...destroy('clean', gated)]
}

/** One ref means one commit, which the first step finds: it has to be a commit of every step's repository. */
function checkRef(site: Site, change: string, names: readonly string[]): void {
  const stacks = names.map((name) => environmentNamed(site, name).stack)
  const [first] = stacks
  if (typeof first === 'string')
    throw new UserError(
      `The stack of ${names[0]} is a folder, so there is no branch, tag or commit to choose: give it a stack of a git repository in the site, or leave \`--ref\` out.`,
    )
  if (stacks.some((stack) => typeof stack === 'string' || stack.git !== first?.git))
    throw new UserError(
      `The promotion \`${change}\` takes no \`--ref\`: its stacks come from different repositories, which have no commit in common.`,
    )
}

function settingsOf(site: Site, change: string) {
  const settings = site.promotions[change]
  if (settings) return settings
  const known = Object.keys(site.promotions).join(', ') || 'none'
  throw new UserError(`There is no promotion \`${change}\` in the site; there are ${known}.`)
}
