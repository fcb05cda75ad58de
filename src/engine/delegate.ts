import type { Actor } from '../core/actor.ts'
import type { Execution } from '../core/execution.ts'
import { stageOf } from '../core/execution.ts'
import { refusalOfOwner } from '../core/judgment/owners.ts'
import { approversIn } from '../core/judgment/settings.ts'
import type { Deadline } from '../core/workflow.ts'
import { writeAsked } from './audit.ts'
import type { Pressed } from './deeds.ts'
import { rightOf } from './judge.ts'
import type { CrewParts } from './parts.ts'
import { existing, pressOf, refusing, tell } from './press.ts'
import { rightsOf } from './rights.ts'

const WHAT = 'hand over'

/** Whether somebody has a right of his own here that he may hand over; throws a `UserError` that says why not. */
export async function mayDelegate(parts: CrewParts, pressed: Pressed, from: Actor): Promise<Execution> {
  const execution = await existing(parts, pressed.execution)
  const stage = stageOf(execution, pressed.stage)
  const refuse = refusing(parts, execution, { actor: from, what: WHAT })
  if (stage?.kind !== 'judgment' || stage.state !== 'waiting' || stage.attempt !== pressed.attempt)
    return refuse('Nobody is asked to judge this now, so there is nothing to hand over.')
  if (stage.input.delegate !== true) return refuse('This judgment cannot be handed over: the site does not allow it.')
  const right = await rightOf(parts, execution, stage, from)
  if (right.refusal) return refuse(right.refusal)
  if (right.from) return refuse('What was handed to you cannot be handed on.')
  const { own } = await rightsOf(parts, from)
  const has = approversIn(stage.input).some((role) => own.includes(role))
  if (!has || refusalOfOwner(execution, stage, from, own))
    return refuse('What you have by break glass is not yours to hand over.')
  return execution
}

/** An approver hands his right for this one judgment to a person by name, who did not ask for it. Recorded. */
export async function delegate(
  parts: CrewParts,
  pressed: Pressed & { readonly to: Actor },
  from: Actor,
  request: string,
  until?: Deadline,
): Promise<Execution> {
  const execution = await mayDelegate(parts, pressed, from)
  const press = { actor: from, what: WHAT, request, until }
  const refuse = refusing(parts, execution, press)
  const { stage, attempt, to } = pressed
  await writeAsked(parts.audit, { kind: 'asked', ...pressOf(execution, from, WHAT), stage }, request)
  const delegation = { stage, attempt, from, to, at: parts.now() }
  const done = await tell(parts, execution, { type: 'delegated', delegation }, press)
  if (!done.changed && done.refused) return refuse(done.refused)
  return done.execution
}
