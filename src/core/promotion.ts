import type { Effect } from './event.ts'
import type { Execution, ExecutionStatus, NewExecution } from './execution.ts'
import { outputOf } from './execution.ts'
import type { Stage, StageDraft } from './workflow.ts'

/** What a command says of a promotion: its name, and all of its steps in order; the first one's stages are those of the command. */
export type PromotionDraft = {
  readonly name: string
  readonly steps: readonly { readonly environment: string; readonly stages: readonly StageDraft[] }[]
}

/**
 * A step that is still to come, planned with the first one. `pin` is what keeps it at what the first step tried: the commit of the
 * repository that both have, or the content of the folder that both have; null where their stacks are different ones.
 */
export type PromotionStep = {
  readonly environment: string
  readonly pin: 'commit' | 'tree' | null
  readonly stages: readonly Stage[]
}

/** Which step of which promotion an execution is. Steps are counted from 1. */
export type Promotion = {
  readonly name: string
  /** The execution of the first step. */
  readonly first: string
  readonly step: number
  readonly environments: readonly string[]
  /** The executions of the steps before. */
  readonly before: readonly string[]
  readonly rest: readonly PromotionStep[]
  /** What the first step planned, once it is known. */
  readonly commit: string | null
  readonly tree: string | null
}

/** What has to be done when a step is over: the next one is begun after a good end, and the site may want a report of any. */
export function whenOver(execution: Execution, status: ExecutionStatus, now: number): Effect[] {
  const { id, promotion } = execution
  if (!promotion) return []
  const next: Effect[] =
    status === 'succeeded' && promotion.rest.length > 0 ? [{ do: 'promote', execution: id, at: now }] : []
  return [...next, { do: 'report', execution: id, at: now }]
}

/** The request by which the next step is begun once, whoever begins it. */
export function requestOfStep({ first, step }: Pick<Promotion, 'first' | 'step'>): string {
  return `promote:${first}:${step}`
}

/** The execution of the next step; null where there is none to begin. */
export function nextStep(execution: Execution, id: string): NewExecution | null {
  const { promotion } = execution
  const [step, ...rest] = promotion?.rest ?? []
  if (!promotion || !step || execution.status !== 'succeeded') return null
  const { command, line, args, actor, allow, askers, origin, glass } = execution
  const seen = seenBy(execution, promotion)
  return {
    ...{ id, command, line, args, actor, allow, askers, origin, lifetime: null },
    ...(glass ? { glass } : {}),
    environment: step.environment,
    stages: step.stages.map((stage) => pinned(stage, step, seen)),
    promotion: { ...promotion, ...seen, step: promotion.step + 1, before: [...promotion.before, execution.id], rest },
  }
}

type Seen = Pick<Promotion, 'commit' | 'tree'>

/** The first step says what is promoted: the later ones are held to it. */
export function seenBy(execution: Execution, { step, commit, tree }: Promotion): Seen {
  if (step > 1) return { commit, tree }
  const plan = outputOf(execution, 'terraform.plan')
  const text = (value: unknown) => (typeof value === 'string' ? value : null)
  // One that was retried may have the plan in the execution before it.
  return { commit: text(plan?.commit) ?? commit, tree: text(plan?.tree) ?? tree }
}

function pinned(stage: Stage, { pin }: PromotionStep, { commit, tree }: Seen): Stage {
  if (stage.kind !== 'terraform.plan') return stage
  if (pin === 'commit' && commit) return { ...stage, input: { ...stage.input, ref: commit } }
  if (pin === 'tree' && tree) return { ...stage, input: { ...stage.input, tree } }
  return stage
}

type Stack = string | { readonly git: string }

/** How a step is held to what the first one tried. */
export function pinOf(first: Stack, stack: Stack): PromotionStep['pin'] {
  if (typeof first === 'string') return first === stack ? 'tree' : null
  return typeof stack !== 'string' && stack.git === first.git ? 'commit' : null
}

/** `step 2 of 3 of the promotion web`. */
export function stepText({ name, step, environments }: Promotion): string {
  return `step ${step} of ${environments.length} of the promotion ${name}`
}
