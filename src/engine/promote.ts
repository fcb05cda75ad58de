import type { Command } from '../core/command.ts'
import { planStages } from '../core/planning.ts'
import type { Promotion, PromotionStep } from '../core/promotion.ts'
import { nextStep, pinOf, requestOfStep } from '../core/promotion.ts'
import type { Site } from '../core/site.ts'
import { environmentNamed } from '../core/target.ts'
import type { StageKinds } from '../core/workflow.ts'
import { newId } from './id.ts'
import type { EngineParts } from './perform.ts'

type Parts = { readonly site: Site; readonly kinds: StageKinds }
type Asked = { readonly command: Command; readonly args: Record<string, unknown>; readonly id: string }

/** What an execution knows of the promotion that it begins: all later steps are planned now, so that what cannot work is refused now. */
export function promotionOf({ site, kinds }: Parts, { command, args, id }: Asked): Promotion | null {
  const draft = command.promotion?.(args, site)
  if (!draft) return null
  const [first, ...later] = draft.steps.map((step) => ({
    ...step,
    environment: environmentNamed(site, step.environment),
  }))
  if (!first) throw new Error(`The promotion ${draft.name} has no steps.`)
  const rest = later.map(
    ({ environment, stages }): PromotionStep => ({
      environment: environment.name,
      pin: pinOf(first.environment.stack, environment.stack),
      stages: planStages(stages, kinds, { site, environment }),
    }),
  )
  const environments = [first, ...later].map(({ environment }) => environment.name)
  return { name: draft.name, first: id, step: 1, environments, before: [], rest, commit: null, tree: null }
}

/** The environments that are worked on after the first one; whoever asks has to be allowed on each of them. */
export function laterEnvironments({ command, args }: Omit<Asked, 'id'>, site: Site): string[] {
  return (command.promotion?.(args, site).steps ?? []).slice(1).map(({ environment }) => environment)
}

/** The id of a step, once it was begun after the good end of the one before. */
export function idOfStep(step: Pick<Promotion, 'first' | 'step'>): string {
  return step.step === 1 ? step.first : newId(requestOfStep(step))
}

/** Begins the step after an execution, once, whoever comes to it and how often. */
export async function beginNextStep({ store }: Pick<EngineParts, 'store'>, execution: string): Promise<void> {
  const before = await store.execution(execution)
  if (!before?.promotion) return
  const { first, step } = before.promotion
  const place = { first, step: step + 1 }
  const id = idOfStep(place)
  if (await store.execution(id)) return
  const wanted = nextStep(before, id)
  if (wanted) await store.request(wanted, requestOfStep(place))
}
