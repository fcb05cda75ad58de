import type { InputBlock, ModalView } from '@slack/types'
import { SLACK } from './limits.ts'
import { code } from './messages/text.ts'
import { ACTION, note, text, view } from './modal.ts'

/** Asks to whom an approver hands his right for one judgment. */
export function delegateModal({ privateMetadata, line }: { privateMetadata: string; line: string }): ModalView {
  const to: InputBlock = {
    type: 'input',
    block_id: 'to',
    label: text('Who judges it in your place?', SLACK.label),
    hint: text('For this one judgment only. You cannot judge it any more then; everybody can read it.', SLACK.label),
    optional: false,
    element: { type: 'users_select', action_id: ACTION, placeholder: text('Choose a person', SLACK.placeholder) },
  }
  const blocks = [note(`You hand over the judgment of ${code(line)}.`), to]
  return view({ callback: 'judgment.delegate', title: 'Hand over', submit: 'Hand over', privateMetadata, blocks })
}
