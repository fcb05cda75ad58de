import type { App, BlockAction } from '@slack/bolt'
import type { ModalView } from '@slack/types'
import type { AlertGroup } from '../core/alert.ts'
import { UserError } from '../errors.ts'
import { closeModal, FIELDS, readFormNote, silenceModal, timeOf } from './alert-modal.ts'
import { actorOf, onClicks, personOf } from './clicks.ts'
import type { Desk } from './desk.ts'
import { once } from './desk.ts'
import type { Message } from './limits.ts'
import { readAlertValue } from './messages/alerts.ts'
import { fieldsOf } from './modal.ts'
import type { Delivery } from './requests.ts'
import { submittedFields, typed } from './requests.ts'

const NOT_MINE = 'This button is none of mine. `alerts list` shows what is open.'

/** Buttons and forms of alerts: each is a line that could be typed as well, with the rights of whoever presses it. */
export function listenToAlerts(app: App, desk: Desk): void {
  const onClick = onClicks(app, desk, { read: readAlertValue, notMine: NOT_MINE })
  const line = (command: string) => (body: BlockAction, group: string, delivery: Delivery) =>
    typed(
      desk,
      `${command} ${group}`,
      { ...personOf(body), channel: channelOf(body), trigger: body.trigger_id },
      delivery,
    )
  onClick('alert.ack', (body, group, delivery) => line('alerts ack')(body, group, onceAsDrawn(body, delivery)))
  onClick('alert.show', line('alerts show'))
  // The browser opens the page; Slack tells of the click all the same, and wants it acknowledged.
  onClick('alert.runbook', async () => null)
  onClick('alert.silence', (body, group) => ask(desk, body, { group, command: 'alerts silence', form: silenceModal }))
  onClick('alert.close', (body, group) => ask(desk, body, { group, command: 'alerts close', form: closeModal }))
  listenToForms(app, desk)
}

const channelOf = (body: BlockAction) => body.channel?.id ?? ''

/** A second click on the same version of a message is the same wish: Slack sends both of a double click. */
function onceAsDrawn(body: BlockAction, delivery: Delivery): Delivery {
  const drawn = body.actions[0]?.block_id
  return drawn ? { ...delivery, request: `click:${drawn}:${body.user.id}` } : delivery
}

type Asking = {
  readonly group: string
  readonly command: string
  readonly form: (group: AlertGroup, channel: string) => ModalView
}

/** Opens a form, for whoever may do what it is for: nobody fills in one for nothing. */
async function ask(desk: Desk, body: BlockAction, { group: id, command, form }: Asking): Promise<Message | null> {
  await desk.crew.checkName(command, actorOf(body))
  const group = await desk.parts.store.alerts.group(id)
  if (!group) throw new UserError(`There is no alert \`${id}\` any more. \`alerts list\` shows what is open.`)
  if (group.closedAt !== null)
    throw new UserError(`\`${id}\` is ${group.state} and over. \`alerts list\` shows what is open.`)
  if (await once(desk, `form:${body.trigger_id}`)) await desk.openForm(body.trigger_id, form(group, channelOf(body)))
  return null
}

/** The arguments of the command, or what is wrong with the fields. */
type Read = { readonly fields: Record<string, string | null> } | { readonly errors: Record<string, string> }

function listenToForms(app: App, desk: Desk): void {
  onForm(app, desk, 'alert.silence', 'alerts silence', (entered) => {
    const time = timeOf(entered)
    if ('missing' in time) return { errors: { [FIELDS.other]: time.missing } }
    return { fields: { for: time.for } }
  })
  onForm(app, desk, 'alert.close', 'alerts close', () => ({ fields: {} }))
}

function onForm(
  app: App,
  desk: Desk,
  callback: string,
  name: string,
  read: (entered: Record<string, string | null>) => Read,
): void {
  app.view(callback, async ({ body, view, ack }) => {
    const entered = fieldsOf(view.state.values)
    const kept = readFormNote(view.private_metadata)
    const why = entered[FIELDS.why]?.trim() ?? ''
    const given = read(entered)
    const errors = {
      ...('errors' in given ? given.errors : {}),
      ...(why ? {} : { [FIELDS.why]: 'Say why in a few words.' }),
      ...(kept ? {} : { [FIELDS.why]: 'This form is none of mine. Press the button anew.' }),
    }
    if (!kept || 'errors' in given || Object.keys(errors).length > 0) return ack({ response_action: 'errors', errors })
    const who = { team: body.user.team_id ?? body.team?.id ?? '', user: body.user.id }
    const { group, channel } = kept
    const fields = { ...given.fields, alert: group, why }
    const result = await submittedFields(desk, { name, fields, channel, view: view.id, who })
    const refused = refusals(result, entered)
    await (refused ? ack({ response_action: 'errors', errors: refused }) : ack())
    if (result.message && !refused && channel && (await once(desk, `view:${view.id}`)))
      await app.client.chat.postEphemeral({ channel, user: who.user, ...result.message })
  })
}

/** Beside the field that it is about: of the two for a time the one that counted; what is about the whole stands beside the reason. */
function refusals(
  { errors, refused }: { readonly errors?: Record<string, string>; readonly refused?: string },
  entered: Record<string, string | null>,
): Record<string, string> | null {
  if (refused !== undefined) return { [FIELDS.why]: refused }
  if (!errors) return null
  const time = entered[FIELDS.other]?.trim() ? FIELDS.other : FIELDS.for
  const beside = (name: string) => (name === 'for' && FIELDS.for in entered ? time : FIELDS.why)
  return Object.fromEntries(Object.entries(errors).map(([name, error]) => [beside(name), error]))
}
