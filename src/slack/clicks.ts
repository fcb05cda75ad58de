import type { App, BlockAction, ButtonAction, StaticSelectAction } from '@slack/bolt'
import type { ModalView } from '@slack/types'
import type { Deadline } from '../core/workflow.ts'
import type { Desk } from './desk.ts'
import { inTime, once } from './desk.ts'
import type { Message } from './limits.ts'
import { refusalMessage } from './messages.ts'
import type { Delivery } from './requests.ts'

/** What a button of one kind does with what its value says. Null: the message itself says what became of it. */
export type Deed<Target> = (body: BlockAction, target: Target, delivery: Delivery) => Promise<Message | null>

/**
 * Listens to the buttons whose action id begins so. `read` reads a value, where anything may stand; null for what is none of ours,
 * which is answered with `notMine`.
 */
export function onClicks<Target>(
  app: App,
  desk: Desk,
  { read, notMine }: { readonly read: (value: unknown) => Target | null; readonly notMine: string },
): (prefix: string, deed: Deed<Target>) => void {
  return (prefix, deed) => {
    const action_id = new RegExp(`^${prefix.replace('.', '\\.')}`)
    app.action<BlockAction<ButtonAction | StaticSelectAction>>(
      { type: 'block_actions', action_id },
      async ({ body, action, ack, respond }) => {
        const target = read(action.type === 'static_select' ? action.selected_option?.value : action.value)
        const request = `click:${body.trigger_id}`
        const answer = await answered(desk, async (until) =>
          target === null ? refusalMessage(notMine) : deed(body, target, { request, until }),
        )
        await ack()
        if (!answer || !(await once(desk, request))) return
        if (body.response_url) await respond({ ...privately(answer), replace_original: false })
        else await app.client.views.open({ trigger_id: body.trigger_id, view: saidModal(answer) })
      },
    )
  }
}

/** A click in somebody's home has no channel to answer in. */
function saidModal({ blocks }: Message): ModalView {
  const text = (value: string) => ({ type: 'plain_text' as const, text: value })
  return { type: 'modal', title: text('Groundcrew'), close: text('Close'), blocks }
}

/** Null where there is nothing to say. */
export function answered(desk: Desk, work: (until: Deadline) => Promise<Message | null>): Promise<Message | null> {
  return inTime<Message | null>(desk, work, (message) => message)
}

/** The person of a click: the id from the signed payload, never a name. */
export function actorOf(body: BlockAction): { kind: 'slack'; team: string; user: string } {
  return { kind: 'slack', ...personOf(body) }
}

export function personOf(body: BlockAction): { team: string; user: string } {
  return { team: body.user.team_id ?? body.team?.id ?? '', user: body.user.id }
}

/** Slack's default is already private; local-slack's is not, and saying it costs nothing. */
export function privately(message: Message) {
  return { response_type: 'ephemeral' as const, ...message }
}
