import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../examples/demo/parts.ts'
import { channels, people, signingSecret, team } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let port: number

beforeAll(async () => {
  port = await freePort()
  world = await startWorld({ environments: { near: {}, far: {} }, httpPort: port })
})
afterAll(() => world.stop())

const sign = (secret: string, timestamp: string, body: string) =>
  `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`

/** A slash command as Slack sends it over HTTP. */
async function send(text: string, trigger: string, { secret = signingSecret, ahead = 0 } = {}) {
  const body = new URLSearchParams({
    command: '/crew',
    text,
    team_id: team,
    user_id: people.alice,
    channel_id: channels[1] ?? '',
    trigger_id: trigger,
    response_url: `${world.slack.url}/_hooks/response/none`,
  }).toString()
  const timestamp = String(Math.floor(Date.now() / 1000) + ahead)
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': sign(secret, timestamp, body),
  }
  return fetch(`http://127.0.0.1:${port}/slack/events`, { method: 'POST', headers, body })
}

test('the main job works over signed HTTP requests as it does over Socket Mode', async () => {
  const talk = talkIn(world, channels[0] ?? '')
  const run = await talk.begin('alice', 'tiny up near small')
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  await talk.sees(run, /^✅ \*succeeded\*/)
})

test('a request that Slack did not sign is refused, and nothing is stored', async () => {
  expect((await send('tiny up far small', 'forged', { secret: 'another-secret' })).status).toBe(401)
  const { text } = (await (await send('runs list', 'list-1')).json()) as { text: string }
  expect(text).not.toContain('tiny up far small')
})

test('a signed request with a time stamp long past or still to come is refused', async () => {
  expect((await send('runs list', 'old', { ahead: -360 })).status).toBe(401)
  expect((await send('runs list', 'early', { ahead: 360 })).status).toBe(401)
  expect((await send('runs list', 'now', { ahead: 60 })).status).toBe(200)
})

test('a signed request that is replayed starts nothing a second time, and is answered as before', async () => {
  const answers = await Promise.all([send('tiny up far small', 'once'), send('tiny up far small', 'once')])
  const again = await send('tiny up far small', 'once')
  const ids = await Promise.all(
    [...answers, again].map(async (answer) => /stored as `(\w+)`/.exec(await answer.text())?.[1]),
  )
  expect(ids[0]).toBeDefined()
  expect(new Set(ids).size).toBe(1)
})
