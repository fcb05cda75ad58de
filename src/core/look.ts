import { z } from 'zod'
import type { World } from './event.ts'
import type { Execution, StageRun } from './execution.ts'
import { fresh, stageOf } from './execution.ts'
import type { Fields } from './workflow.ts'

/** The stage beside the workflow that looks how things stand where nobody saw an apply end. */
export const LOOK = 'look'

/** Who holds Terraform's state lock, as Terraform said it; `ours` when it can only be the lock of the apply that is looked at. */
const lock = z.object({
  ours: z.boolean().catch(false),
  id: z.string(),
  who: z.string().catch(''),
  operation: z.string().catch(''),
  created: z.string().catch(''),
})

/**
 * What a look found. `process`: of the apply, on the machine that ran it (`elsewhere`: the look was made on another one).
 * `fresh`: what a new plan of the approved stack would do now. `savedOn`: the machine that has an errored.tfstate.
 */
const lookOutput = z.object({
  process: z.enum(['running', 'gone', 'elsewhere']).catch('elsewhere'),
  lock: lock.nullable().catch(null),
  fresh: z.string().nullable().catch(null),
  savedOn: z.string().nullable().catch(null),
  problem: z.string().nullable().catch(null),
})

export type LookOutput = z.infer<typeof lookOutput>

/** What people may do about an unknown end; each is a button. */
export const offers = ['plan', 'unlock', 'push', 'look', 'leave'] as const
export type Offer = (typeof offers)[number]

/** Adds the look, or makes it anew, for the stage that nobody saw end. Only an apply can be looked at. */
export function lookFirst<W extends World>(world: W, stageId: string): W {
  const { execution } = world
  const unknown = stageOf(execution, stageId)
  const about =
    unknown?.kind === 'terraform.apply'
      ? unknown
      : execution.stages.find((stage) => stage.kind === 'terraform.apply' && stage.state === 'unknown')
  if (!about) return world
  const looks = stageOf(execution, LOOK)?.attempt ?? execution.looks ?? 0
  const left = about.outcome?.kind === 'unknown' ? about.outcome.output : undefined
  const gone = left?.vanished === true
  const pushed = stageOf(execution, 'push')?.state === 'succeeded'
  const savedOn = pushed ? null : (left?.savedOn ?? null)
  const input: Fields = {
    of: about.id,
    attempt: about.attempt,
    plan: about.input.plan,
    gone,
    savedOn,
    began: about.startedAt,
    ended: about.endedAt,
  }
  const look = fresh({
    id: LOOK,
    kind: 'terraform.look',
    input,
    after: [],
    onFailure: 'halt',
    aside: true,
    attempt: looks,
  })
  const others = execution.stages.filter((stage) => stage.id !== LOOK && !(stage.aside && stage.state === 'ready'))
  return { ...world, execution: { ...execution, looks: looks + 1, stages: [...others, look] } }
}

/** A stage that mended something about an unknown end: afterwards one has to look again. */
export function isMending(stage: StageRun | undefined): boolean {
  return stage?.kind === 'terraform.unlock' || stage?.kind === 'terraform.push'
}

/** What the last look found, or null while it is still made or could not be. */
export function lookOf(execution: Execution): LookOutput | null {
  const look = stageOf(execution, LOOK)
  return look?.outcome?.kind === 'succeeded' ? lookOutput.parse(look.outcome.output) : null
}

/**
 * What may be offered now. Planning again needs a free state lock: Terraform holds it as long as it applies. A lock is released only
 * when it is that of this apply and its process is known to be dead; a saved state is pushed before anything else. A look or a mending
 * that no worker takes keeps nobody from anything.
 */
export function offersOf(execution: Execution): Offer[] {
  const look = stageOf(execution, LOOK)
  if (execution.status !== 'unknown' || execution.endedAt !== null) return []
  const busy = execution.stages.find((stage) => stage.aside && ['pending', 'ready', 'running'].includes(stage.state))
  if (busy) return busy.state === 'ready' && busy.stuck ? ['look', 'leave'] : []
  const found = lookOf(execution)
  if (!found) return look ? ['look', 'leave'] : ['leave']
  if (found.process === 'running') return ['look']
  if (found.savedOn) return ['push', 'look', 'leave']
  if (found.lock) return found.process === 'gone' && found.lock.ours ? ['unlock', 'look', 'leave'] : ['look', 'leave']
  // One that was canceled goes on to no new plan: it would only end, and give its lock back, by whoever may plan.
  return found.fresh === null || execution.cancel ? ['look', 'leave'] : ['plan', 'look', 'leave']
}
