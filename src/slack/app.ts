import type { BlockAction } from '@slack/bolt'
import { App } from '@slack/bolt'
import type { Config } from '../config.ts'
import { need } from '../config.ts'
import { offers } from '../core/look.ts'
import { cancel, choose, moveWait, nextStepOf } from '../engine/deeds.ts'
import { extend } from '../engine/extend.ts'
import type { Homes } from '../engine/homes.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { listenToAlerts } from './app-alerts.ts'
import { listenToGlass } from './app-glass.ts'
import { listenToJudgments } from './app-judgments.ts'
import { listenToLines } from './app-lines.ts'
import { boltLogger } from './bolt-logger.ts'
import { actorOf, answered, onClicks, personOf, privately } from './clicks.ts'
import type { Called } from './clients.ts'
import { counted } from './clients.ts'
import type { Desk } from './desk.ts'
import { inTime, once } from './desk.ts'
import { awayView, homeView, readHomeData } from './home.ts'
import type { HomeWatch } from './homes.ts'
import { createHomeWatch } from './homes.ts'
import { answerMessage, readButtonValue, refusalMessage } from './messages.ts'
import type { Reached } from './receiver.ts'
import { createHttpReceiver, createSocketReceiver } from './receiver.ts'
import type { Delivery } from './requests.ts'
import { submitted, typed } from './requests.ts'

/** Bolt, and what each thing that Slack sends is answered with. Every one of them is: nothing stays silent. */
export function createSlackApp(config: Config, desk: Desk, homes: Homes, log: Log, called: Called = () => {}) {
  const { settings } = config
  const { SLACK_API_URL: slackApiUrl } = settings
  const socket =
    settings.SLACK_MODE === 'socket'
      ? createSocketReceiver({ appToken: need(config, 'SLACK_APP_TOKEN'), slackApiUrl, log, now: desk.parts.now })
      : null
  const app = new App({
    token: need(config, 'SLACK_BOT_TOKEN'),
    clientOptions: { slackApiUrl, timeout: 10_000, retryConfig: { retries: 1 }, fetch: counted(called) },
    ...(socket
      ? { socketMode: true, receiver: socket.receiver, appToken: need(config, 'SLACK_APP_TOKEN') }
      : { receiver: createHttpReceiver(need(config, 'SLACK_SIGNING_SECRET'), desk.parts.now) }),
    logger: boltLogger(log),
    ignoreSelf: true,
  })
  app.error(async (error) => log.error({ err: error }, 'slack listener failed'))
  listenToCommands(app, desk)
  listenToButtons(app, desk)
  listenToForms(app, desk)
  listenToAlerts(app, desk)
  listenToLines(app, desk)
  listenToGlass(app, desk)
  const homeWatch = createHomeWatch({
    ...{ desk, homes },
    publish: async (user, view) => void (await app.client.views.publish({ user_id: user, view })),
  })
  listenToHome(app, desk, homeWatch)
  const begun = desk.parts.now()
  /** Over HTTP Slack comes to us: that we listen is all there is to know. */
  const listening = (): Reached => ({ ready: true, state: 'listening', since: begun })
  return Object.assign(app, { reached: socket?.reached ?? listening, homes: homeWatch })
}

function listenToCommands(app: App, desk: Desk): void {
  app.command(/^\/.+$/, async ({ command, ack }) => {
    const { team_id, user_id, channel_id, trigger_id } = command
    const root = command.command === '/crew' ? '' : `${command.command.slice(1)} `
    const person = { team: team_id, user: user_id, channel: channel_id, trigger: trigger_id }
    const line = `${root}${command.text}`
    const request = `command:${trigger_id}`
    const message = await answered(desk, (until) => typed(desk, line, person, { request, until }))
    await ack(message ? privately(message) : undefined)
  })

  app.event('app_mention', async ({ event, body, context }) => {
    const { user, channel, text } = event
    if (!user) return
    const person = { team: body.team_id, user, channel, trigger: null }
    const line = afterMention(text, context.botUserId)
    const request = `event:${body.event_id}`
    const message = await answered(desk, (until) => typed(desk, line, person, { request, until }))
    if (message && (await once(desk, request)))
      await app.client.chat.postEphemeral({
        channel,
        user,
        ...message,
        ...(event.thread_ts ? { thread_ts: event.thread_ts } : {}),
      })
  })
}

function listenToButtons(app: App, desk: Desk): void {
  const onClick = onClicks(app, desk, { read: readButtonValue, notMine: NOT_MINE })

  const askedBy = async (body: BlockAction, delivery: Delivery) => ({
    ...(await desk.asked(actorOf(body))),
    ...delivery,
  })

  listenToJudgments(app, desk, onClick)
  onClick('execution.cancel', async (body, press, delivery) => {
    await cancel(desk.parts, press.execution, await askedBy(body, delivery), { request: delivery.request })
    return null
  })
  onClick('execution.force', async (body, press, delivery) => {
    const { request } = delivery
    await cancel(desk.parts, press.execution, await askedBy(body, delivery), { request, force: true })
    return null
  })
  onClick('unknown.', async (body, press, delivery) => {
    const offer = offers.find((each) => `unknown.${each}` === body.actions[0]?.action_id)
    if (!offer) return refusalMessage(NOT_MINE)
    const choice = { offer, attempt: press.attempt }
    await choose(desk.parts, press.execution, choice, await askedBy(body, delivery), delivery.request)
    return null
  })
  onClick('wait.', async (body, press, delivery) => {
    const to = body.actions[0]?.action_id === 'wait.now' ? 'now' : 'later'
    await moveWait(desk.parts, { ...press, to }, await askedBy(body, delivery), delivery.request)
    return null
  })
  onClick('command.run', async (body, press, { until }) => {
    const line = await nextStepOf(desk.parts, press)
    const person = { ...personOf(body), channel: body.channel?.id ?? '', trigger: body.trigger_id }
    return typed(desk, line, person, { request: `step:${press.execution}:${press.stage}:${press.attempt}`, until })
  })
  onClick('execution.extend', async (body, press, delivery) => {
    const text = await extend(desk.parts, press.stage, press.execution, await askedBy(body, delivery))
    return answerMessage({ text })
  })
}

function listenToForms(app: App, desk: Desk): void {
  app.view('command.arguments', async ({ body, view, ack }) => {
    const person = { team: body.user.team_id ?? body.team?.id ?? '', user: body.user.id }
    const result = await submitted(desk, view, person)
    await (result.errors ? ack({ response_action: 'errors', errors: result.errors }) : ack())
    const { channel, message } = result
    if (message && channel && (await once(desk, `view:${view.id}`)))
      await app.client.chat.postEphemeral({ channel, user: person.user, ...message })
  })
}

function listenToHome(app: App, desk: Desk, homes: HomeWatch): void {
  app.event('app_home_opened', async ({ event, body }) => {
    const actor = { kind: 'slack', team: (body as { team_id: string }).team_id, user: event.user } as const
    const view = await inTime(desk, async () => homeView(desk, actor, await readHomeData(desk)), awayView)
    await app.client.views.publish({ user_id: event.user, view })
    await homes.opened(actor).catch((error: unknown) => desk.log.warn({ error: messageOf(error) }, 'home not kept'))
  })
}

/** What is said to the bot, as with Hubot's `respond`: after its name and a colon or comma, wherever in the message that stands. */
function afterMention(text: string, bot: string | undefined): string {
  const [before = '', ...after] = text.split(new RegExp(`<@${bot}(?:\\|[^>]*)?>`))
  const said = after
    .join(' ')
    .replace(/^\s*[:,]/, '')
    .trim()
  return said || before.trim()
}

const NOT_MINE = 'This button is none of mine. Look at the newest message of this execution.'
