import { idOf, nameOf } from '../actor.ts'
import type { Next, StageEvent, World } from '../event.ts'
import type { Ending, StageRun } from '../execution.ts'
import { stageOf } from '../execution.ts'
import { changed, changeStage, go, refuse } from '../finish.ts'
import type { Judgment } from '../judgment.ts'
import { clock, judgmentText } from '../judgment.ts'
import { digestOf } from '../settle.ts'
import { onFailures } from '../stage/shape.ts'
import { wordOf } from '../status-word.ts'
import { isDue } from '../wait.ts'
import type { Outcome } from '../workflow.ts'
import type { Standing } from './count.ts'
import { approvalsOf, asApproval, standingOf, standingText } from './count.ts'
import { wrongRight } from './delegate.ts'
import { refusalOfOwner } from './owners.ts'
import { choicesOf, requirementOf } from './settings.ts'

/** An approval or a rejection. One of several approvals is kept, and nothing goes on before all of them are there. */
export function judged(world: World, judgment: Judgment, now: number): Next {
  const stage = stageOf(world.execution, judgment.stage)
  if (stage?.state !== 'waiting' || stage.kind !== 'judgment' || stage.held) {
    const before = world.execution.judgments.findLast((given) => given.stage === judgment.stage && !given.fell)
    const open = `Nobody is asked to judge this now: it is ${wordOf(world.execution)}.`
    return refuse(world, before ? `Already decided. ${judgmentText(before)}.` : open)
  }
  const refusal = refusalOf(world, stage, judgment, now)
  if (refusal) return refuse(world, refusal)
  return judgment.decision === 'rejected'
    ? rejected(world, stage, judgment, now)
    : approved(world, stage, judgment, now)
}

/** Whoever judges was checked before; what may have changed since, and what must never be, is checked once more. */
function refusalOf({ execution }: World, stage: StageRun, judgment: Judgment, now: number): string | null {
  const { by, digest, choice, decision } = judgment
  if (stage.dueAt !== null && now >= stage.dueAt) return `The time to judge ended at ${clock(stage.dueAt)}.`
  if (execution.askers.includes(idOf(by))) return `${nameOf(by)} asked for this, so somebody else has to judge it.`
  const wrong = wrongRight(execution, stage, by, judgment.from)
  if (wrong) return wrong
  const { from = by, roles = [] } = judgment
  const stranger = refusalOfOwner(execution, stage, from, roles)
  if (stranger) return stranger
  if (digest !== digestOf(execution, stage)) return 'The plan was made anew since. Look at the new one, then judge.'
  const choices = choicesOf(stage.input)
  if (choice === undefined) return choices.length === 0 || decision === 'rejected' ? null : `${askFor(stage)}.`
  const found = choices.find((each) => each.value === choice)
  if (!found) return `There is no choice \`${choice}\` here. ${askFor(stage)}.`
  return (found.rejects === true) === (decision === 'rejected') ? null : `${askFor(stage)}.`
}

function askFor({ input }: StageRun): string {
  const values = choicesOf(input).map(({ value }) => `\`${value}\``)
  return values.length > 0 ? `Choose one of ${values.join(', ')}` : 'Only approving and rejecting are possible'
}

function approved(world: World, stage: StageRun, judgment: Judgment, now: number): Next {
  const { execution } = world
  const { choice } = judgment
  const who = idOf(judgment.by)
  const mine = approvalsOf(execution.judgments, stage.id, judgment.digest).find((each) => idOf(each.by) === who)
  if (mine && mine.choice === choice)
    return refuse(world, `You approved this already. ${standingText(standing(world, stage, judgment))}.`)
  // Who chooses something else takes back what he had chosen: nobody counts for two choices.
  const before = execution.judgments.map((each) => (each === mine ? { ...each, fell: 'chosen anew' } : each))
  const next = { ...world, execution: { ...execution, judgments: [...before, judgment] } }
  const approvals = approvalsOf(next.execution.judgments, stage.id, judgment.digest).filter(
    (each) => each.choice === choice,
  )
  if (!standing(next, stage, judgment).done) return changed(next, [])
  const people = approvals.map(({ by }) => nameOf(by))
  const output = {
    by: people.join(', '),
    approvers: people,
    digest: judgment.digest,
    ...(choice === undefined ? {} : { choice }),
  }
  return decided(next, stage, { kind: 'succeeded', output }, now)
}

/** Approvals of the same choice belong together. */
function standing({ execution }: World, stage: StageRun, { digest, choice }: Judgment): Standing {
  const same = approvalsOf(execution.judgments, stage.id, digest).filter((each) => each.choice === choice)
  return standingOf(requirementOf(stage.input), same.map(asApproval))
}

/** One approver is enough to say no. */
function rejected(world: World, stage: StageRun, judgment: Judgment, now: number): Next {
  const ending: Ending | null = stage.onFailure === 'halt' ? 'rejected' : world.execution.ending
  const mine = approvalsOf(world.execution.judgments, stage.id, judgment.digest).find(
    ({ by }) => idOf(by) === idOf(judgment.by),
  )
  const before = world.execution.judgments.map((each) => (each === mine ? { ...each, fell: 'rejected instead' } : each))
  const judgments = [...before, judgment]
  const next = { ...world, execution: { ...world.execution, judgments, ending } }
  const { choice } = judgment
  const output = choice === undefined ? {} : { output: { choice } }
  return decided(next, stage, { kind: 'failed', error: judgmentText(judgment), ...output }, now)
}

function decided(world: World, stage: StageRun, outcome: Outcome & { kind: 'succeeded' | 'failed' }, now: number) {
  const event = { stage: stage.id, attempt: stage.attempt }
  return go(
    changeStage(world, event, ['waiting'], () => ({ state: outcome.kind, outcome, endedAt: now })),
    now,
  )
}

/** Nobody judged it in time. That is no rejection, and never an approval. */
export function expired(world: World, event: StageEvent, now: number): Next {
  const stage = stageOf(world.execution, event.stage)
  if (stage?.kind !== 'judgment' || !isDue(stage, event, now)) return refuse(world, null)
  const { approvals, missing } = lastly(world, stage)
  const so = approvals ? `It had ${missing}.` : 'Nobody judged it'
  const error = approvals
    ? `Not enough approvals came until ${clock(stage.dueAt ?? now)}. ${so} That is not a rejection: ask again.`
    : `${so} until ${clock(stage.dueAt ?? now)}. That is not a rejection: ask again.`
  const onFailure = onFailures.find((each) => each === stage.input.onExpiry && each !== 'continue') ?? stage.onFailure
  // Asked again it is asked as it was written: only its expiry means something else.
  const means = onFailure === stage.onFailure ? {} : { onFailure, declared: stage.onFailure }
  const ending: Ending | null = onFailure === 'halt' ? 'expired' : world.execution.ending
  const next = { ...world, execution: { ...world.execution, ending } }
  const outcome: Outcome = { kind: 'failed', error, output: { expired: true } }
  return go(
    changeStage(next, event, ['waiting'], () => ({ state: 'failed', outcome, ...means, endedAt: now })),
    now,
  )
}

function lastly({ execution }: World, stage: StageRun) {
  const given = approvalsOf(execution.judgments, stage.id, digestOf(execution, stage))
  const counted = standingOf(requirementOf(stage.input), given.map(asApproval))
  return { approvals: given.length > 0, missing: standingText(counted) || `${given.length} for different choices` }
}
