// The baseline: the least that a bot on Bolt can do. It acknowledges, then posts one message, and keeps nothing.

import { App } from '@slack/bolt'

const { SLACK_BOT_TOKEN = '', SLACK_APP_TOKEN = '', SLACK_API_URL = '' } = process.env

const app = new App({
  token: SLACK_BOT_TOKEN,
  appToken: SLACK_APP_TOKEN,
  socketMode: true,
  clientOptions: { slackApiUrl: SLACK_API_URL },
})

app.command(/^\/.+$/, async ({ command, ack, client }) => {
  await ack()
  await client.chat.postMessage({ channel: command.channel_id, text: `queued: ${command.text}` })
})

await app.start()
process.stdout.write('bare Bolt ready\n')
