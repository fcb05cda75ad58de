import type { Actor } from '../core/actor.ts'
import { idOf, nameOf } from '../core/actor.ts'
import { type RolesOf, refusalToJudgeWith, rolesToJudge } from '../core/break-glass/judging.ts'
import type { Execution, StageRun } from '../core/execution.ts'
import { stageOf } from '../core/execution.ts'
import { delegatedBy, delegatedTo } from '../core/judgment/delegate.ts'
import { ownersOf, refusalOfOwner } from '../core/judgment/owners.ts'
import { approversIn, choicesOf } from '../core/judgment/settings.ts'
import type { Judgment } from '../core/judgment.ts'
import { clock, judgmentText, refusalToJudge } from '../core/judgment.ts'
import { digestOf } from '../core/settle.ts'
import type { Deadline } from '../core/workflow.ts'
import { writeAsked } from './audit.ts'
import type { Pressed } from './deeds.ts'
import type { CrewParts } from './parts.ts'
import { existing, pressOf, refusing, tell } from './press.ts'
import { rightsOf } from './rights.ts'

/** A judgment as a click gives it. `choice` is the place of one in what the stage offers, where it offers choices. */
export type Verdict = Pressed & {
  readonly decision: 'approved' | 'rejected'
  readonly choice?: number | undefined
  readonly reason?: string
}

/**
 * Stores a judgment, after checking who gives it against what is stored now. Throws a `UserError` that says to the person why it was
 * not taken: the wrong person, too late, somebody else was first, or the plan was made anew since.
 */
export async function judge(
  parts: CrewParts,
  verdict: Verdict,
  actor: Actor,
  request: string,
  until?: Deadline,
): Promise<Execution> {
  const execution = await existing(parts, verdict.execution)
  const { decision, reason } = verdict
  const what = decision === 'approved' ? 'approve' : 'reject'
  const refuse = refusing(parts, execution, { actor, what, request })
  const stage = stageOf(execution, verdict.stage)
  if (stage?.kind !== 'judgment') return refuse('There is no such judgment in this execution.')
  const { roles, refusal, from, glass } = await rightOf(parts, execution, stage, actor)
  if (refusal) return refuse(`${refusal}${decided(execution, stage)}`)
  if (stage.attempt !== verdict.attempt)
    return refuse('The plan was made anew since this button was drawn. Look at the new one, then judge.')
  const choice = choiceOf(stage, verdict.choice)
  if (choice === null) return refuse('There is no such choice here any more. Look at the newest message.')
  const rule = `approvers: ${roles.join(', ')}${from ? `, handed over by ${idOf(from)}` : ''}`
  const about = { ...pressOf(execution, actor, what), stage: stage.id, rule, ...choice }
  await writeAsked(parts.audit, { kind: 'asked', ...about }, request)
  const judgment: Judgment = {
    ...{ stage: stage.id, decision, by: actor, at: parts.now(), digest: digestOf(execution, stage), roles },
    ...choice,
    ...(from ? { from } : {}),
    ...(glass.length > 0 ? { glass } : {}),
    ...(reason ? { reason } : {}),
  }
  const done = await tell(parts, execution, { type: 'judged', judgment }, { actor, what, request, until })
  if (!done.changed && done.refused) return refuse(done.refused)
  return done.execution
}

/** Why a reject form is not worth opening, or null: the same checks as `judge` makes later. */
export async function mayStillJudge(parts: CrewParts, pressed: Pressed, actor: Actor): Promise<Execution> {
  const execution = await existing(parts, pressed.execution)
  const stage = stageOf(execution, pressed.stage)
  const refuse = refusing(parts, execution, { actor, what: 'reject' })
  if (stage?.kind !== 'judgment') return refuse('There is no such judgment in this execution.')
  const { refusal } = await rightOf(parts, execution, stage, actor)
  if (refusal) return refuse(`${refusal}${decided(execution, stage)}`)
  if (stage.state === 'waiting' && stage.attempt === pressed.attempt) return execution
  return refuse(decided(execution, stage).trim() || 'Nobody is asked to judge this now.')
}

/** The approving roles by which somebody judges here (his own, or those of who handed him his right), or why he may not. */
export async function rightOf(parts: CrewParts, execution: Execution, stage: StageRun, actor: Actor): Promise<Right> {
  const approvers = approversIn(stage.input).filter((role) => Object.hasOwn(parts.site.roles, role))
  const gate = { askers: execution.askers, approvers, glass: execution.glass ?? [] }
  const refusalFor = (who: Actor, rights: RolesOf) =>
    refusalToJudgeWith(gate, who, rights) ?? refusalOfOwner(execution, stage, who, rolesToJudge(gate, rights))
  const rights = await rightsOf(parts, actor)
  const { glass } = rights
  const own = { roles: rolesToJudge(gate, rights), refusal: refusalFor(actor, rights) }
  const owners = ownersOf(execution, stage)
  const counting = [...approvers, ...(owners && typeof owners !== 'string' ? owners.roles : [])]
  const approving = (roles: readonly string[]) => roles.filter((role) => counting.includes(role))
  const gone = delegatedBy(execution, stage, actor)
  const given = delegatedTo(execution, stage, actor)
  if (given && (own.refusal || gone)) {
    const { from } = given
    // What somebody has by break glass is not his to hand over.
    const { own: roles } = await rightsOf(parts, from)
    const refusal = refusalFor(from, { roles, own: roles }) ?? refusalToJudge(gate, actor, roles)
    return { roles: approving(roles), refusal, from, glass: [] }
  }
  if (gone && !own.refusal) {
    return { roles: [], refusal: `You handed the right to judge this to ${nameOf(gone.to)}.`, glass }
  }
  return { roles: approving(own.roles), refusal: own.refusal, glass }
}

type Right = {
  readonly roles: string[]
  readonly refusal: string | null
  readonly from?: Actor
  /** The break glasses that he holds just now. */
  readonly glass: readonly string[]
}

function choiceOf({ input }: StageRun, at: number | undefined): { choice?: string } | null {
  if (at === undefined) return {}
  const found = choicesOf(input)[at]
  return found ? { choice: found.value } : null
}

function decided(execution: Execution, { id, state }: StageRun): string {
  const judgment = execution.judgments.findLast((each) => each.stage === id && !each.fell)
  if (judgment && state !== 'waiting') return ` It is decided already: ${judgmentText(judgment)}.`
  if (execution.ending === 'expired' && execution.endedAt) return ` It expired at ${clock(execution.endedAt)}.`
  return execution.endedAt ? ` It is over since ${clock(execution.endedAt)}, asked by ${nameOf(execution.actor)}.` : ''
}
