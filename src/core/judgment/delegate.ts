import type { Actor } from '../actor.ts'
import { idOf, nameOf } from '../actor.ts'
import type { Next, World } from '../event.ts'
import type { Execution, StageRun } from '../execution.ts'
import { stageOf } from '../execution.ts'
import { changed, refuse } from '../finish.ts'
import { digestOf } from '../settle.ts'
import { approvalsOf } from './count.ts'

/** An approver gave his right for one judgment, as it was asked then, to somebody by name. */
export type Delegation = {
  readonly stage: string
  readonly attempt: number
  readonly from: Actor
  readonly to: Actor
  readonly at: number
}

type Judging = Pick<StageRun, 'id' | 'attempt'>

/** What was given to somebody for a judgment as it is asked now. */
export function delegatedTo({ delegations = [] }: Execution, { id, attempt }: Judging, to: Actor): Delegation | null {
  const mine = (each: Delegation) => each.stage === id && each.attempt === attempt && idOf(each.to) === idOf(to)
  return delegations.find(mine) ?? null
}

/** The same for what somebody gave away. */
export function delegatedBy({ delegations = [] }: Execution, { id, attempt }: Judging, from: Actor): Delegation | null {
  const mine = (each: Delegation) => each.stage === id && each.attempt === attempt && idOf(each.from) === idOf(from)
  return delegations.find(mine) ?? null
}

/** Whoever delegates was checked to be an approver; this is what the execution itself says about it. */
export function delegated(world: World, delegation: Delegation, now: number): Next {
  const { execution } = world
  const stage = stageOf(execution, delegation.stage)
  if (stage?.kind !== 'judgment' || stage.state !== 'waiting' || stage.held || stage.attempt !== delegation.attempt)
    return refuse(world, 'Nobody is asked to judge this now, so there is nothing to hand over.')
  const refusal = refusalToDelegate(execution, stage, delegation, now)
  if (refusal) return refuse(world, refusal)
  const text = `${nameOf(delegation.from)} handed the right to judge this to ${nameOf(delegation.to)}`
  const notes = [...execution.notes, { at: now, text }]
  const delegations = [...(execution.delegations ?? []), delegation]
  return changed({ ...world, execution: { ...execution, notes, delegations } }, [])
}

function refusalToDelegate(execution: Execution, stage: StageRun, { from, to }: Delegation, now: number) {
  if (stage.input.delegate !== true) return 'This judgment cannot be handed over: the site does not allow it.'
  if (stage.dueAt !== null && now >= stage.dueAt) return 'The time to judge is over.'
  if (from.kind !== 'slack' || to.kind !== 'slack') return 'Only people in Slack hand over a judgment, to people.'
  if (from.team !== to.team) return 'A judgment is handed over only within a workspace.'
  if (idOf(from) === idOf(to)) return 'That is yourself.'
  if (execution.askers.includes(idOf(from))) return `${nameOf(from)} asked for this, and has nothing to hand over.`
  if (execution.askers.includes(idOf(to))) return `${nameOf(to)} asked for this, so somebody else has to judge it.`
  const before = delegatedBy(execution, stage, from)
  if (before) return `You handed it to ${nameOf(before.to)} already.`
  const other = delegatedTo(execution, stage, to)
  if (other) return `${nameOf(to)} has the right of ${nameOf(other.from)} already, and counts once.`
  const given = approvalsOf(execution.judgments, stage.id, digestOf(execution, stage))
  if (given.some(({ by }) => idOf(by) === idOf(from))) return 'You approved it already.'
  return null
}

/** Why a judgment does not fit what was handed over: who gave his right away has none, and nobody uses one that he was not given. */
export function wrongRight(execution: Execution, stage: Judging, by: Actor, from: Actor | undefined): string | null {
  const gone = delegatedBy(execution, stage, by)
  if (!from && gone) return `You handed the right to judge this to ${nameOf(gone.to)}.`
  if (!from) return null
  const given = delegatedTo(execution, stage, by)
  return given && idOf(given.from) === idOf(from) ? null : 'Nobody handed you the right to judge this.'
}
