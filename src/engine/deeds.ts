import { randomUUID } from 'node:crypto'
import { decide } from '../core/access.ts'
import { idOf } from '../core/actor.ts'
import type { Execution } from '../core/execution.ts'
import { isOver, stageOf } from '../core/execution.ts'
import { hasRunning } from '../core/failure.ts'
import { rolesText } from '../core/judgment.ts'
import type { Offer } from '../core/look.ts'
import type { Choice } from '../core/mend.ts'
import { nextSteps } from '../core/offer.ts'
import { wordOf } from '../core/status-word.ts'
import { approversOf, isImage, lookFirst } from '../core/target.ts'
import type { Asked } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { writeAsked } from './audit.ts'
import type { CrewParts } from './parts.ts'
import { existing, pressOf, refusing, tell } from './press.ts'
import { underOf } from './rights.ts'

/** Which stage of which execution, as it stood when the button was drawn. */
export type Pressed = { readonly execution: string; readonly stage: string; readonly attempt: number }

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
  // Who asked may by himself, whatever he holds.
  const under = !force && execution.askers.includes(idOf(actor)) ? {} : underOf(asked)
  const event = { type: 'cancel', by: actor, why: '', force, ...under } as const
  const done = await tell(parts, execution, event, { ...asked, what, request })
  if (!done.changed && done.refused) return refuse(done.refused)
  return done.execution
}

/**
 * `runs cancel`: one that stands at unknown can only be left as it is, by an approver who takes it on himself. Where something runs beside
 * that, it is stopped first.
 */
export async function cancelOrLeave(parts: CrewParts, execution: Execution, asked: Asked): Promise<string> {
  const request = `cancel:${asked.request ?? randomUUID()}`
  const runs = execution.status !== 'unknown' || (hasRunning(execution) && !execution.cancel)
  if (runs) return canceledText(await cancel(parts, execution.id, asked, { request }))
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
  const event = { type: 'left', by: actor, ...underOf(asked) } as const
  const done = await tell(parts, execution, event, { ...asked, what: 'leave', request })
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
    { type: 'chosen', choice: { ...choice, by: actor, ...underOf(asked) } },
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

/**
 * Ends a wait, or puts it off. To put it off needs the right to run the command, or to approve what it does; to skip it one of the roles that
 * its stage names, or without them the right to approve here or to cancel it.
 */
export async function moveWait(
  parts: CrewParts,
  press: { readonly execution: string; readonly stage: string; readonly attempt: number; readonly to: 'now' | 'later' },
  asked: Asked,
  request: string,
): Promise<Execution> {
  const execution = await existing(parts, press.execution)
  const { actor } = asked
  const what = press.to === 'now' ? 'skip the wait' : 'postpone'
  const refuse = refusing(parts, execution, { actor, what, request })
  const refusal =
    press.to === 'now'
      ? refusalToSkip(parts, execution, press.stage, asked)
      : refusalToChoose(parts, execution, asked, 'plan')
  if (refusal) return refuse(refusal)
  await writeAsked(parts.audit, { kind: 'asked', ...pressOf(execution, actor, what), stage: press.stage }, request)
  const { stage, attempt, to } = press
  const done = await tell(
    parts,
    execution,
    { type: 'wait.moved', stage, attempt, by: actor, to, ...underOf(asked) },
    { ...asked, what, request },
  )
  if (!done.changed && done.refused) return refuse(done.refused)
  return done.execution
}

function refusalToSkip(parts: CrewParts, execution: Execution, stage: string, asked: Asked): string | null {
  const { skip } = stageOf(execution, stage)?.input ?? {}
  const has = (roles: readonly string[]) =>
    roles.some((role) => asked.roles.includes(role) && Object.hasOwn(parts.site.roles, role))
  if (Array.isArray(skip)) {
    const named = skip.map(String)
    return has(named)
      ? null
      : `Only ${rolesText(named)} may skip this wait. You have ${asked.roles.length ? rolesText(asked.roles) : 'no role here'}.`
  }
  if (has(approversOf(parts.site, execution.environment))) return null
  return refusalToCancel(parts, execution, asked, false)
}

/** The line of a button that a stage proposed as the next step. Throws a `UserError` when there is none any more. */
export async function nextStepOf(parts: CrewParts, press: Pressed): Promise<string> {
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
