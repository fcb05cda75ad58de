import type { Actor } from './actor.ts'
import { idOf, nameOf, nameOfId } from './actor.ts'

/** Approve or reject: by whom, when, why, and of exactly what. `fell` says why it no longer counts (the plan was made anew). */
export type Judgment = {
  readonly stage: string
  readonly decision: 'approved' | 'rejected'
  readonly by: Actor
  /** The approver whose right was handed to `by`. */
  readonly from?: Actor
  readonly at: number
  readonly reason?: string
  /** Digest of everything the approver was shown: plan, stack, variables, target, versions. */
  readonly digest: string
  /** The choice that was approved, or with which it was rejected. */
  readonly choice?: string
  /** The approving roles that the person had then; absent in records of before they were kept. */
  readonly roles?: readonly string[]
  readonly fell?: string
  /** Break glasses that he who gave it held then, as the store saw when it took it. */
  readonly glass?: readonly string[]
}

export type Gate = { readonly askers: readonly string[]; readonly approvers: readonly string[] }

/**
 * Why this person may not judge, or null when they may. Who asked never may, whatever roles they have; nobody
 * approves from a shell. `approvers` are the roles fixed when the execution was planned.
 */
export function refusalToJudge(gate: Gate, actor: Actor, roles: readonly string[]): string | null {
  if (gate.askers.includes(idOf(actor))) {
    return `${nameOf(actor)} asked for this, so somebody else has to judge it: one of ${rolesText(gate.approvers)}.`
  }
  if (actor.kind !== 'slack') return 'Judgments are made by people in Slack, never from a shell or by a schedule.'
  if (gate.approvers.some((role) => roles.includes(role))) return null
  return `Only ${rolesText(gate.approvers)} may judge this. ${nameOf(actor)} has ${roles.length ? rolesText(roles) : 'no role'}.`
}

/** `Approved by @U02BOB at 17:42 UTC`, with the choice and the reason when one was given. */
export function judgmentText(judgment: Judgment): string {
  const who =
    judgment.by.kind === 'lifetime'
      ? `with --for`
      : `by ${nameOf(judgment.by)}${judgment.from ? ` for ${nameOf(judgment.from)}` : ''}`
  const { choice } = judgment
  const word = `${judgment.decision === 'approved' ? 'Approved' : 'Rejected'}${choice ? ` (\`${choice}\`)` : ''}`
  const fell = judgment.fell ? ` (no longer counts: ${judgment.fell})` : ''
  const under = judgment.glass?.length ? ` under break glass ${rolesText(judgment.glass)}` : ''
  return `${word} ${who} at ${clock(judgment.at)}${under}${judgment.reason ? `: ${judgment.reason}` : ''}${fell}`
}

/** `17:42 UTC`; one zone for everybody, since a message is read in many. */
export function clock(at: number): string {
  return `${new Date(at).toISOString().slice(11, 16)} UTC`
}

/** The same with the day, where the reader may be on another one. */
export function dayAndClock(at: number): string {
  return `${new Date(at).toISOString().slice(0, 10)} ${clock(at)}`
}

export function rolesText(roles: readonly string[]): string {
  return roles.map((role) => `\`${role}\``).join(', ')
}

export function peopleText(ids: readonly string[]): string {
  return ids.map(nameOfId).join(', ')
}
