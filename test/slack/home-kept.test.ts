import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { loadCommands } from '../../src/commands.ts'
import { readConfig } from '../../src/config.ts'
import { createCatalog } from '../../src/core/command.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { createAudit } from '../../src/engine/audit.ts'
import { createCrew } from '../../src/engine/crew.ts'
import { createHomes } from '../../src/engine/homes.ts'
import { createSlackApp } from '../../src/slack/app.ts'
import { createHomeWatch } from '../../src/slack/homes.ts'
import { stageKinds } from '../../src/stages/index.ts'
import { site } from '../core/sample-site.ts'
import { bob, judgmentStage, wanted } from '../core/world.ts'
import { silent } from '../engine/quiet.ts'
import { until, useRedis } from '../engine/redis.ts'

const here = useRedis()
const catalog = createCatalog(await loadCommands(['commands']), site)

function deskOf() {
  const audit = createAudit({ ...here, log: silent, host: 'here', mask: (text) => text, show: [] })
  const parts = {
    ...{ store: here.store, site, kinds: stageKinds, now: here.now, audit, catalog, kick: () => {} },
    groups: async () => new Map(),
    artifacts: createArtifacts(here.redis, here.keys, '0'.repeat(64)),
    consul: { address: '127.0.0.1:1' },
  }
  const crew = createCrew(parts)
  const asked = async (actor: Parameters<typeof crew.rolesFor>[0]) => ({
    actor,
    roles: await crew.rolesFor(actor),
    channel: null,
  })
  return { crew, parts, log: silent, openForm: async () => {}, asked }
}

const waits = {
  id: 'r1',
  environment: null,
  stages: [{ ...judgmentStage(), after: [], input: { within: '1h', approvers: ['approvers'] } }],
}

test('a home is sent when something of it changed, by one bot of two, and not for its age alone', async () => {
  const shown: string[] = []
  const homes = createHomes(here.redis, here.keys, here.now)
  const publish = async (user: string, view: object) => void shown.push(`${user} ${JSON.stringify(view)}`)
  const bots = [1, 2].map(() => createHomeWatch({ desk: deskOf(), homes, publish }))
  await bots[0]?.opened(bob)
  await here.store.request(wanted(waits), 'one')
  for (const bot of bots) bot.kick()
  await until(() => shown.length > 0)
  await sleep(300)
  expect(shown).toHaveLength(1)
  expect(shown[0]).toMatch(/^U02BOB .*judgment\.approve/)
  here.clock.now += 30_000
  for (const bot of bots) bot.kick()
  await sleep(2_000)
  expect(shown).toHaveLength(1)
  await here.store.tell('r1', { type: 'cancel', by: bob, why: '', force: false })
  for (const bot of bots) bot.kick()
  await until(() => shown.length > 1)
  expect(shown[1]).toContain('Nothing waits for you')
  await Promise.all(bots.map((bot) => bot.stop()))
})

test('a home that could not be sent is sent with the next change', async () => {
  let fails = true
  const shown: string[] = []
  const homes = createHomes(here.redis, here.keys, here.now)
  const publish = async (user: string) => {
    if (fails) throw new Error('Slack is away')
    shown.push(user)
  }
  const watch = createHomeWatch({ desk: deskOf(), homes, publish })
  await watch.opened(bob)
  await here.store.request(wanted(waits), 'one')
  watch.kick()
  await until(async () => (await here.redis.get(here.keys.home('U02BOB'))) === null)
  fails = false
  watch.kick()
  await until(() => shown.length > 0)
  await watch.stop()
})

test('a click in a home, which has no channel, is answered in a window', async () => {
  const calls: { path: string; body: string }[] = []
  const slack = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      calls.push({ path: request.url ?? '', body: decodeURIComponent(body.replaceAll('+', ' ')) })
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({ ok: true, user_id: 'U0BOT', bot_id: 'B0BOT', team_id: 'T01TEAM', url: 'http://x/' }),
      )
    })
  })
  await new Promise<void>((resolve) => slack.listen(0, '127.0.0.1', resolve))
  const config = readConfig({
    ...{ SLACK_MODE: 'http', SLACK_BOT_TOKEN: 'xoxb-test', SLACK_SIGNING_SECRET: 'secret' },
    SLACK_API_URL: `http://127.0.0.1:${(slack.address() as AddressInfo).port}/api/`,
  })
  const app = createSlackApp(config, deskOf(), createHomes(here.redis, here.keys, here.now), silent)
  await here.store.request(wanted(waits), 'one')
  const body = {
    ...{
      type: 'block_actions',
      team: { id: 'T01TEAM' },
      user: { id: 'U01ALICE', team_id: 'T01TEAM' },
      trigger_id: 't1',
    },
    view: { type: 'home', id: 'V1' },
    actions: [
      {
        type: 'button',
        action_id: 'judgment.approve',
        block_id: 'b',
        value: 'r1|judgment|1',
        text: { type: 'plain_text', text: 'x' },
        action_ts: '1',
      },
    ],
  }
  await app.processEvent({ body, ack: async () => {} })
  const opened = calls.find(({ path }) => path.endsWith('/views.open'))?.body ?? ''
  expect(opened).toContain('"type":"modal"')
  expect(opened).toContain('asked for this')
  await new Promise((resolve) => slack.close(resolve))
})
