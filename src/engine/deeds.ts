import { randomUUID } from 'node:crypto'
import { decide } from '../core/access.ts'
import type { Actor } from '../core/actor.ts'
import { idOf, nameOf } from '../core/actor.ts'
import { refusalToJudgeWith, rolesToJudge } from '../core/break-glass/judging.ts'
import type { Execution } from '../core/execution.ts'
import { isOver, stageOf, wordOf } from '../core/execution.ts'
import { clock, judgmentText, rolesText } from '../core/judgment.ts'
import type { Offer } from '../core/look.ts'
import type { Choice } from '../core/mend.ts'
import { nextSteps } from '../core/offer.ts'
import { digestOf } from '../core/settle.ts'
import { approversOf, isImage, lookFirst } from '../core/target.ts'
import type { Asked, Deadline } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { writeAsked } from './audit.ts'
import type { CrewParts } from './parts.ts'
import { existing, pressOf, refusing, tell } from './press.ts'
import { rightsOf } from './rights.ts'

/** A judgment as a click gives it: which stage of which execution, as it stood when the button was drawn. */
export type Verdict = {
  readonly execution: string
  readonly stage: string
  readonly attempt: number
  readonly decision: 'approved' | 'rejected'
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
  const rights = await rightsOf(parts, actor)
  const gate = {
    askers: execution.askers,
    glass: execution.glass ?? [],
    approvers: (stage.input.approvers as string[]).filter((role) => role in parts.site.roles),
  }
  const wrongPerson = refusalToJudgeWith(gate, actor, rights)
  if (wrongPerson) return refuse(`${wrongPerson}${decided(execution, stage.id)}`)
  if (stage.attempt !== verdict.attempt)
    return refuse('The plan was made anew since this button was drawn. Look at the new one, then judge.')
  const roles = rolesToJudge(gate, rights)
  const rule = `approvers: ${gate.approvers.filter((role) => roles.includes(role)).join(', ')}`
  await writeAsked(parts.audit, { kind: 'asked', ...pressOf(execution, actor, what), stage: stage.id, rule }, request)
  const digest = digestOf(execution, stage)
  const under = rights.glass.length > 0 ? { glass: rights.glass } : {}
  const given = { decision, by: actor, at: parts.now(), ...(reason ? { reason } : {}), ...under }
  const judgment = { stage: stage.id, digest, ...given }
  const done = await tell(parts, execution, { type: 'judged', judgment }, { actor, what, request, until })
  if (!done.changed && done.refused) return refuse(done.refused)
  return done.execution
}

/** Why a reject form is not worth opening, or null: the same checks as `judge` makes later. */
export async function mayStillJudge(
  parts: CrewParts,
  verdict: Omit<Verdict, 'decision'>,
  actor: Actor,
): Promise<Execution> {
  const execution = await existing(parts, verdict.execution)
  const stage = stageOf(execution, verdict.stage)
  const rights = await rightsOf(parts, actor)
  const { askers, glass = [] } = execution
  const gate = { askers, glass, approvers: (stage?.input.approvers ?? []) as string[] }
  const wrongPerson = refusalToJudgeWith(gate, actor, rights)
  const refuse = refusing(parts, execution, { actor, what: 'reject' })
  if (wrongPerson) return refuse(`${wrongPerson}${decided(execution, verdict.stage)}`)
  if (stage?.state === 'waiting' && stage.attempt === verdict.attempt) return execution
  return refuse(decided(execution, verdict.stage).trim() || 'Nobody is asked to judge this now.')
}

/** Asks an execution to end: at once where nothing runs, else by one interrupt and patience. `force` is the second, unsafe step. */
export async function cancel(
  parts: CrewParts,
  id: string,
  asked: Asked,
  options: { force?: boolean; request: string },
): Promise<Execution> {
  const execution = await existing(parts, id)
  const { force = false, request } = options
  const [{ actor }, what] = [asked, force ? 'cancel by force' : 'cancel']
  const refuse = refusing(parts, execution, { actor, what, request })
  const refusal = refusalToCancel(parts, execution, asked, force)
  if (refusal) return refuse(refusal)
  // A full disk must not keep anybody from stopping what runs: in Redis it has to be, and in the file it will be.
  await parts.audit.keep({ kind: 'asked', ...pressOf(execution, actor, what) }, `asked:${request}`)
  const done = await tell(parts, execution, { type: 'cancel', by: actor, why: '', force }, { ...asked, what, request })
  if (!done.changed && done.refused) return refuse(done.refused)
  return done.execution
}

/** `runs cancel`: one that stands at unknown can only be left as it is, by an approver who takes it on himself. */
export async function cancelOrLeave(parts: CrewParts, execution: Execution, asked: Asked): Promise<string> {
  const request = `cancel:${asked.request ?? randomUUID()}`
  if (execution.status !== 'unknown') return canceledText(await cancel(parts, execution.id, asked, { request }))
  const approvers = approversOf(parts.site, execution.environment)
  const { actor } = asked
  const refuse = refusing(parts, execution, { actor, what: 'leave', request })
  const may = approvers.filter((role) => asked.roles.includes(role))
  if (may.length === 0)
    return refuse(
      `How it ended is unknown and its lock stays held. Only ${rolesText(approvers)} may leave it as it is.`,
    )
  const rule = `approvers: ${may.join(', ')}`
  await writeAsked(parts.audit, { kind: 'asked', ...pressOf(execution, actor, 'leave'), rule }, request)
  const done = await tell(parts, execution, { type: 'left', by: actor }, { ...asked, what: 'leave', request })
  if (!done.changed && done.refused) return refuse(done.refused)
  if (done.execution.ending !== 'left') return refuse('It changed meanwhile; look again.')
  return `\`${execution.id}\` is left as it is and its lock is free. ${lookFirst(execution.environment)}`
}

/** From how it stands and not from what was changed: a second delivery of the same request is answered alike. */
function canceledText(execution: Execution): string {
  const { id, status } = execution
  if (status === 'canceled') return `\`${id}\` is canceled.`
  if (isOver(execution)) return `\`${id}\` is over: ${wordOf(execution)}. There is nothing to cancel.`
  return `\`${id}\` is asked to stop; its message says when it has.`
}

/**
 * Does what somebody chose about an end that nobody saw. Planning again needs the right to run the command (and makes an asker);
 * releasing a lock, pushing a state and leaving it as it is need an approver.
 */
export async function choose(
  parts: CrewParts,
  id: string,
  choice: Omit<Choice, 'by'>,
  asked: Asked,
  request: string,
): Promise<Execution> {
  const execution = await existing(parts, id)
  const [{ actor }, what] = [asked, `unknown: ${choice.offer}`]
  const refuse = refusing(parts, execution, { actor, what, request })
  const refusal = refusalToChoose(parts, execution, asked, choice.offer)
  if (refusal) return refuse(refusal)
  await writeAsked(parts.audit, { kind: 'asked', ...pressOf(execution, actor, what) }, request)
  const done = await tell(
    parts,
    execution,
    { type: 'chosen', choice: { ...choice, by: actor, ...(asked.glass?.length ? { glass: asked.glass } : {}) } },
    { ...asked, what, request },
  )
  if (!done.changed && done.refused) return refuse(done.refused)
  return done.execution
}

function refusalToChoose({ site }: CrewParts, execution: Execution, asked: Asked, offer: Offer): string | null {
  const { command, allow, args, environment } = execution
  const approvers = approversOf(site, environment)
  const approves = approvers.some((role) => asked.roles.includes(role))
  if (offer === 'unlock' || offer === 'push' || offer === 'leave') {
    return approves ? null : `Only ${rolesText(approvers)} may do that: nobody knows how it stands.`
  }
  const decision = decide(site, asked.roles, { command, allow, args, environment })
  return approves || decision.allowed ? null : decision.why
}

/** Ends a wait, or puts it off. It needs the right to run the command, or to approve what it does. */
export async function moveWait(
  parts: CrewParts,
  press: { readonly execution: string; readonly stage: string; readonly attempt: number; readonly to: 'now' | 'later' },
  asked: Asked,
  request: string,
): Promise<Execution> {
  const execution = await existing(parts, press.execution)
  const { actor } = asked
  const what = press.to === 'now' ? 'end the wait' : 'postpone'
  const refuse = refusing(parts, execution, { actor, what, request })
  const refusal = refusalToChoose(parts, execution, asked, 'plan')
  if (refusal) return refuse(refusal)
  await writeAsked(parts.audit, { kind: 'asked', ...pressOf(execution, actor, what), stage: press.stage }, request)
  const { stage, attempt, to } = press
  const done = await tell(
    parts,
    execution,
    { type: 'wait.moved', stage, attempt, by: actor, to },
    { ...asked, what, request },
  )
  if (!done.changed && done.refused) return refuse(done.refused)
  return done.execution
}

/** The line of a button that a stage proposed as the next step. Throws a `UserError` when there is none any more. */
export async function nextStepOf(parts: CrewParts, press: Omit<Verdict, 'decision' | 'reason'>): Promise<string> {
  const steps = nextSteps(await existing(parts, press.execution))
  const found = steps.find(({ stage, index }) => stage === press.stage && index === press.attempt)
  if (found) return found.line
  throw new UserError('This button is out of date. Look at the newest message of this execution.')
}

/** Who asked may always call it off; others need the right to cancel here. A forced stop needs an approver. */
function refusalToCancel(
  { site, catalog }: CrewParts,
  execution: Execution,
  asked: Asked,
  force: boolean,
): string | null {
  const approvers = approversOf(site, execution.environment)
  if (force) {
    if (approvers.some((role) => asked.roles.includes(role))) return null
    const harm = isImage(execution.environment)
      ? 'keeps Packer from cleaning up what it made'
      : "may lose Terraform's state and leave its lock"
    return `A forced stop ${harm}. Only ${rolesText(approvers)} may do that.`
  }
  if (execution.askers.includes(idOf(asked.actor))) return null
  const allow = catalog.entries.get('runs cancel')?.command.allow ?? []
  const decision = decide(site, asked.roles, { command: 'runs cancel', allow, args: {}, environment: null })
  return decision.allowed ? null : decision.why
}

function decided(execution: Execution, stage: string): string {
  const judgment = execution.judgments.findLast((each) => each.stage === stage && !each.fell)
  if (judgment) return ` It is decided already: ${judgmentText(judgment)}.`
  if (execution.ending === 'expired' && execution.endedAt) return ` It expired at ${clock(execution.endedAt)}.`
  return execution.endedAt ? ` It is over since ${clock(execution.endedAt)}, asked by ${nameOf(execution.actor)}.` : ''
}
