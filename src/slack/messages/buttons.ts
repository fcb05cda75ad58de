import type { Button, ConfirmationDialog } from '@slack/types'
import type { Lifetime } from '../../core/environment.ts'
import type { Execution, StageRun } from '../../core/execution.ts'
import { isOver } from '../../core/execution.ts'
import { hasRunning } from '../../core/failure.ts'
import { nextSteps } from '../../core/offer.ts'
import { currentStage } from '../../core/status-word.ts'
import { isImage, isKv } from '../../core/target.ts'

/** What a button is about. For **Extend** `stage` is the lifetime's id, so that a second click finds another one. */
export type Press = {
  readonly execution: string
  readonly stage: string
  readonly attempt: number
  /** Which of the choices of a judgment. */
  readonly choice?: number | undefined
}

/** The opaque value of a button: it names what was shown, never what may be done. */
export function buttonValue({ execution, stage, attempt, choice }: Press): string {
  return `${execution}|${stage}|${attempt}${choice === undefined ? '' : `|${choice}`}`
}

/** The same read back from a click, where anything may stand; null for what is none of ours. */
export function readButtonValue(value: unknown): Press | null {
  const form = /^([\w.-]{1,200})\|([\w.-]{0,200})\|(\d{1,9})(?:\|(\d{1,3}))?$/
  const [, execution, stage, attempt, choice] = form.exec(String(value)) ?? []
  if (!execution || stage === undefined) return null
  return { execution, stage, attempt: Number(attempt), ...(choice === undefined ? {} : { choice: Number(choice) }) }
}

/** **Cancel** while it goes on, also where one of its stages stands at unknown and others run; once that was asked and something still runs, **Force stop**. */
export function controlButtons(execution: Execution): Button[] {
  if (isOver(execution) || (execution.status === 'unknown' && !hasRunning(execution))) return []
  const stage = currentStage(execution)
  const value = buttonValue({ execution: execution.id, stage: stage?.id ?? '', attempt: stage?.attempt ?? 0 })
  const running = execution.stages.filter(({ state }) => state === 'running')
  const about = execution.line
  if (!execution.cancel) {
    const confirm = running.some(({ kind }) => kind === 'terraform.apply') ? CANCEL : undefined
    return [{ ...button('Cancel', 'execution.cancel', { value, about }), ...(confirm && { confirm }) }]
  }
  // Between two batches it ends by itself, and there is no program to kill.
  if (execution.cancel.force || running.length === 0 || isKv(execution.environment)) return []
  return [
    {
      ...button('Force stop', 'execution.force', { value, about }),
      style: 'danger',
      confirm: isImage(execution.environment) ? FORCE_BAKE : FORCE,
    },
  ]
}

/** **Skip wait**, and **Postpone** where the wait may be put off. */
export function waitButtons(execution: Execution, stage: StageRun): Button[] {
  const value = buttonValue({ execution: execution.id, stage: stage.id, attempt: stage.attempt })
  const about = execution.line
  const { postpone } = stage.input
  const later = typeof postpone === 'string' ? [button(`Postpone ${postpone}`, 'wait.later', { value, about })] : []
  return [...later, button('Skip wait', 'wait.now', { value, about })]
}

/** What the stages propose as the next step, once nothing moves any more. */
export function stepButtons(execution: Execution): Button[] {
  if (!isOver(execution)) return []
  return nextSteps(execution)
    .slice(0, MOST_STEPS)
    .map(({ label, line, stage, index }) =>
      button(label, `command.run.${stage}.${index}`, {
        value: buttonValue({ execution: execution.id, stage, attempt: index }),
        about: line,
      }),
    )
}

/** More of them would hide what matters. */
const MOST_STEPS = 5

export function extendButton(lifetime: Lifetime, environment: string): Button {
  const { execution, id, extendedBy } = lifetime
  const value = buttonValue({ execution, stage: id, attempt: extendedBy.length })
  return button('Extend', 'execution.extend', { value, about: `the time of ${environment}` })
}

type Answers = { readonly confirm: string; readonly deny: string; readonly style: 'danger' | 'primary' }

/** The question that Slack asks before a click counts. */
export function dialog(title: string, text: string, { confirm, deny, style }: Answers): ConfirmationDialog {
  return {
    title: { type: 'plain_text', text: title },
    text: { type: 'mrkdwn', text, verbatim: true },
    confirm: { type: 'plain_text', text: confirm },
    deny: { type: 'plain_text', text: deny },
    style,
  }
}

const CANCEL = dialog(
  'Cancel the apply?',
  'Terraform is asked once to stop and gets time to save its state. What it has done until then stays.',
  { confirm: 'Cancel it', deny: 'Let it run', style: 'danger' },
)

const FORCE = dialog(
  'Stop it by force?',
  'The process is killed at once. State may be lost, what it was making may run on unseen, and the state lock may stay. Only for something that does not end.',
  { confirm: 'Force stop', deny: 'Wait', style: 'danger' },
)

const FORCE_BAKE = dialog(
  'Stop it by force?',
  'Packer is killed at once and cleans up nothing: the instances, disks and keys that it made stay until somebody takes them away. Only for something that does not end.',
  { confirm: 'Force stop', deny: 'Wait', style: 'danger' },
)

export function button(label: string, action: string, { value, about }: { value: string; about: string }): Button {
  return {
    type: 'button',
    text: { type: 'plain_text', text: label },
    action_id: action,
    value,
    accessibility_label: `${label} ${about}`,
  }
}
