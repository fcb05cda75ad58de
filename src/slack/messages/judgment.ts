import type { Button, ConfirmationDialog, StaticSelect } from '@slack/types'
import type { Execution, StageRun } from '../../core/execution.ts'
import { outputOf } from '../../core/execution.ts'
import { openText } from '../../core/judgment/count.ts'
import { ownersOf, ownersText } from '../../core/judgment/owners.ts'
import { approversIn, choicesOf, MOST_BUTTONS } from '../../core/judgment/settings.ts'
import { mayWithdraw } from '../../core/judgment/withdraw.ts'
import { peopleText, rolesText } from '../../core/judgment.ts'
import { readPlanOutput } from '../../core/report.ts'
import { digestOf } from '../../core/settle.ts'
import { button, buttonValue, dialog } from './buttons.ts'
import { lifetimeAhead } from './lifetime.ts'
import { authorLines } from './promotion.ts'
import { followLines } from './release.ts'
import { code, people, plain, shorten } from './text.ts'
import type { ExecutionView } from './view.ts'
import { timeFrom } from './view.ts'

/** **Approve** and **Reject** for one waiting judgment; a button for each of its choices instead, or a list where there are many. */
export function judgmentButtons(execution: Execution, stage: StageRun): (Button | StaticSelect)[] {
  const confirm = approvalConfirm(execution, stage)
  const about = execution.line
  const asked = choicesOf(stage.input)
  const value = (choice?: number) =>
    buttonValue({ execution: execution.id, stage: stage.id, attempt: stage.attempt, choice })
  const approve = (label: string, action: string, choice?: number): Button => ({
    ...button(label, action, { value: value(choice), about }),
    ...(confirm && { confirm }),
  })
  const reject: Button = { ...button('Reject', 'judgment.reject', { value: value(), about }), style: 'danger' }
  const more = [
    ...(stage.input.delegate === true ? [button('Hand over', 'judgment.delegate', { value: value(), about })] : []),
    ...(mayWithdraw(execution) ? [button('Withdraw', 'judgment.withdraw', { value: value(), about })] : []),
  ]
  if (asked.length === 0) return [{ ...approve('Approve', 'judgment.approve'), style: 'primary' }, reject, ...more]
  if (asked.length > MOST_BUTTONS) return [choiceList(execution, stage), reject, ...more]
  const chosen = asked.map(({ label, style, rejects }, at): Button => {
    const drawn = rejects
      ? button(label, `judgment.reject.${at}`, { value: value(at), about })
      : approve(label, `judgment.approve.${at}`, at)
    return { ...drawn, ...(style ? { style } : {}) }
  })
  return [...chosen, ...(asked.some(({ rejects }) => rejects) ? [] : [reject]), ...more]
}

/** What rejects needs a reason, and so has a button; everything else is in the list, which asks once more. */
function choiceList(execution: Execution, stage: StageRun): StaticSelect {
  const options = choicesOf(stage.input).flatMap(({ label, rejects }, choice) => {
    const value = buttonValue({ execution: execution.id, stage: stage.id, attempt: stage.attempt, choice })
    return rejects ? [] : [{ text: { type: 'plain_text' as const, text: shorten(label, 75) }, value }]
  })
  const text = 'This approves what is shown, with what you chose.'
  return {
    type: 'static_select',
    action_id: 'judgment.approve.list',
    placeholder: { type: 'plain_text', text: 'Approve with …' },
    options,
    confirm: approvalConfirm(execution, stage) ?? dialog('Approve?', text, ANSWERS),
  }
}

const ANSWERS = { confirm: 'Approve', deny: 'Back', style: 'primary' } as const

/** Asks once more before anything is destroyed, replaced or dropped, or where nobody can say what happens. */
function approvalConfirm(execution: Execution, stage: StageRun): ConfirmationDialog | null {
  const { show } = stage.input
  if (typeof show !== 'string') return null
  const plan = readPlanOutput(outputOf(execution, show))
  const counts = plan?.counts
  if (plan && counts && !plan.destroy && plan.risky + counts.destroy + counts.replace + counts.forget === 0) return null
  const what = plan ? plain(plan.headline, 200) : 'What it does could not be read: see the plan in the thread.'
  return dialog('Approve this plan?', what, { confirm: 'Approve', deny: 'Back', style: 'danger' })
}

/** What is there of what it takes, where that is more than one person. */
export function openLines(execution: Execution, stage: StageRun): string[] {
  return openText(stage, execution.judgments, digestOf(execution, stage)).map((line) => `👥 ${people(line)}`)
}

function ownerLines(execution: Execution, stage: StageRun): string[] {
  const owners = ownersOf(execution, stage)
  if (!owners || typeof owners === 'string') return []
  return [`🗂️ Only owners of ${code(owners.path)} (CODEOWNERS): ${people(ownersText(owners))}`]
}

/** Who may approve until when, what they should look at, and what is there of what it takes. */
export function askLines(view: ExecutionView, stage: StageRun): string[] {
  const { execution } = view
  const roles = approversIn(stage.input)
  const { instructions } = stage.input
  const until = stage.dueAt === null ? '' : ` until ${timeFrom(stage.dueAt, stage.startedAt ?? stage.dueAt)}`
  const asked = execution.askers.filter((id) => !id.startsWith('lifetime:') && !id.startsWith('email:'))
  return [
    `✋ ${people(roles.length > 0 ? rolesText(roles) : 'an approver')} may approve${until}; after that it expires.`,
    ...(typeof instructions === 'string' ? [`📋 ${plain(instructions, 1000)}`] : []),
    ...ownerLines(execution, stage),
    ...openLines(execution, stage),
    ...(asked.length > 0 ? [people(`${peopleText(asked)} asked for it and cannot approve it.`)] : []),
    ...authorLines(execution),
    ...followLines(execution, stage),
    ...lifetimeAhead(view),
  ]
}
