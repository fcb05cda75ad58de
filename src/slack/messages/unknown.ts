import type { Button, ConfirmationDialog } from '@slack/types'
import type { Execution } from '../../core/execution.ts'
import { stageOf } from '../../core/execution.ts'
import type { LookOutput, Offer } from '../../core/look.ts'
import { LOOK, lookOf, offersOf } from '../../core/look.ts'
import { button, dialog } from './buttons.ts'
import { code } from './text.ts'

/** What was found out about an end that nobody saw. */
export function foundLines(execution: Execution): string[] {
  const look = stageOf(execution, LOOK)
  const found = lookOf(execution)
  if (found) return foundText(found)
  if (look?.outcome?.kind === 'failed') return [`It could not be looked at: ${code(look.outcome.error, 400)}`]
  return look ? ['Looking at its process, the state lock and a new plan …'] : []
}

const PROCESS: Record<LookOutput['process'], string> = {
  running: 'Its process *still runs*; wait for its end.',
  gone: 'Its process is *gone*.',
  elsewhere: 'Whether its process still runs can only be seen on the machine that ran it.',
}

function foundText({ process, lock, fresh, savedOn, problem }: LookOutput): string[] {
  const held =
    lock &&
    `🔒 Terraform's state is *locked*: ${code(lock.id)} by ${code(lock.who)}, ${code(lock.operation)}, since ${code(lock.created)}.${lock.ours ? '' : ' That is not the lock of this apply: somebody else works on this state.'}`
  return [
    PROCESS[process],
    held ?? (problem ? `A new plan could not be made: ${code(problem, 400)}` : "Terraform's state is *not locked*."),
    ...(savedOn ? ['💾 Its state could only be saved as `errored.tfstate`: push that before anything else.'] : []),
    ...(fresh === null ? [] : [`A new plan would now say: ${code(fresh, 400)}`]),
  ]
}

const LABELS: Record<Offer, string> = {
  plan: 'Plan again',
  unlock: 'Release lock',
  push: 'Push saved state',
  look: 'Look again',
  leave: 'Leave it',
}

/** One button for each thing that may be done now, drawn after this look: a later look makes them void. */
export function choiceButtons(execution: Execution): Button[] {
  const attempt = stageOf(execution, LOOK)?.attempt ?? 0
  return offersOf(execution).map((offer) => {
    const value = `${execution.id}|${LOOK}|${attempt}`
    const drawn = button(LABELS[offer], `unknown.${offer}`, { value, about: execution.line })
    const confirm = confirmOf(offer, lookOf(execution))
    return confirm ? { ...drawn, confirm, ...(offer === 'unlock' ? { style: 'danger' as const } : {}) } : drawn
  })
}

function confirmOf(offer: Offer, found: LookOutput | null): ConfirmationDialog | null {
  const sure = { confirm: LABELS[offer], deny: 'Back', style: 'danger' as const }
  const { lock } = found ?? {}
  if (offer === 'unlock' && lock) {
    return dialog(
      'Release the state lock?',
      `${lock.operation} by ${lock.who}, since ${lock.created}. Only if nothing works on this state any more.`,
      sure,
    )
  }
  if (offer === 'push') return dialog('Push the saved state?', 'It becomes the state that everybody plans with.', sure)
  if (offer === 'leave')
    return dialog('Leave it as it is?', 'How it ended stays unknown, and its lock is given back.', sure)
  return null
}
