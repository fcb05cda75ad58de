import type { App } from '@slack/bolt'
import { z } from 'zod'
import { delegate, mayDelegate } from '../engine/delegate.ts'
import { judge, mayStillJudge } from '../engine/judge.ts'
import { withdraw } from '../engine/withdraw.ts'
import type { onClicks } from './clicks.ts'
import { actorOf, answered } from './clicks.ts'
import type { Desk } from './desk.ts'
import { once, said } from './desk.ts'
import { delegateModal } from './judgment-modal.ts'
import type { Press } from './messages.ts'
import { fieldsOf, rejectModal } from './modal.ts'

/** The buttons of a judgment: approve (each choice, too), reject, withdraw, hand over. */
export function listenToJudgments(app: App, desk: Desk, onClick: ReturnType<typeof onClicks<Press>>): void {
  onClick('judgment.approve', async (body, press, { request, until }) => {
    await judge(desk.parts, { ...press, decision: 'approved' }, actorOf(body), request, until)
    return null
  })
  onClick('judgment.reject', async (body, press) => {
    const execution = await mayStillJudge(desk.parts, press, actorOf(body))
    if (!(await once(desk, `form:${body.trigger_id}`))) return null
    const view = rejectModal({
      privateMetadata: JSON.stringify({ press, channel: body.channel?.id ?? null }),
      line: execution.line,
    })
    await app.client.views.open({ trigger_id: body.trigger_id, view })
    return null
  })
  onClick('judgment.withdraw', async (body, press, { request, until }) => {
    await withdraw(desk.parts, press, actorOf(body), request, until)
    return null
  })
  onClick('judgment.delegate', async (body, press) => {
    const execution = await mayDelegate(desk.parts, press, actorOf(body))
    if (!(await once(desk, `form:${body.trigger_id}`))) return null
    const view = delegateModal({ privateMetadata: JSON.stringify({ press }), line: execution.line })
    await app.client.views.open({ trigger_id: body.trigger_id, view })
    return null
  })
  listenToForms(app, desk)
}

const slackUser = z.string().regex(/^[UW][A-Z0-9]{2,20}$/)

function listenToForms(app: App, desk: Desk): void {
  app.view('judgment.reject', async ({ body, view, ack }) => {
    const { press } = JSON.parse(view.private_metadata) as { press: Press }
    const reason = fieldsOf(view.state.values).reason?.trim() ?? ''
    if (!reason) return ack({ response_action: 'errors', errors: { reason: 'Say why in a few words.' } })
    const actor = { kind: 'slack', team: body.user.team_id ?? body.team?.id ?? '', user: body.user.id } as const
    const refused = await answered(desk, async (until) => {
      await judge(desk.parts, { ...press, decision: 'rejected', reason }, actor, `view:${view.id}`, until)
      return null
    })
    await (refused ? ack({ response_action: 'errors', errors: { reason: said(refused) } }) : ack())
  })

  app.view('judgment.delegate', async ({ body, view, ack }) => {
    const { press } = JSON.parse(view.private_metadata) as { press: Press }
    const user = slackUser.safeParse(fieldsOf(view.state.values).to).data
    if (!user) return ack({ response_action: 'errors', errors: { to: 'Choose a person.' } })
    const team = body.user.team_id ?? body.team?.id ?? ''
    const from = { kind: 'slack', team, user: body.user.id } as const
    const to = { kind: 'slack', team, user } as const
    const refused = await answered(desk, async (until) => {
      // Somebody else chosen in the same form is another request.
      await delegate(desk.parts, { ...press, to }, from, `view:${view.id}:${user}`, until)
      return null
    })
    await (refused ? ack({ response_action: 'errors', errors: { to: said(refused) } }) : ack())
  })
}
