import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { App } from '@slack/bolt'
import type { ModalView } from '@slack/types'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loadCommands } from '../../src/commands.ts'
import { readConfig } from '../../src/config.ts'
import { createCatalog } from '../../src/core/command.ts'
import { siteSchema } from '../../src/core/site.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { createAudit } from '../../src/engine/audit.ts'
import { createCrew } from '../../src/engine/crew.ts'
import { createHomes } from '../../src/engine/homes.ts'
import { FieldRefusal } from '../../src/errors.ts'
import { timeOf } from '../../src/slack/alert-modal.ts'
import { createSlackApp } from '../../src/slack/app.ts'
import type { Message } from '../../src/slack/limits.ts'
import { alertMessage, alertValue, escalationMessage } from '../../src/slack/messages/alerts.ts'
import { executionMessage } from '../../src/slack/messages.ts'
import { stageKinds } from '../../src/stages/index.ts'
import { written } from '../core/sample-site.ts'
import { silent, useRedis } from '../engine/redis.ts'
import { at, behaviour, group, shown, states } from './alert-groups.ts'
import { actionsOf } from './reading.ts'
import { scenes } from './scenes.ts'

/** Real Bolt, real crew, real Redis; Slack's own side is a small server, and what a command would do is only noted. */
const here = useRedis()
const site = siteSchema.parse({
  ...written,
  alerts: { channel: 'ops', rules: [{ name: 'web' }] },
  roles: { ...written.roles, engineers: { members: ['U01ALICE'], may: [{ commands: ['alerts *'] }] } },
})
const done: { name: string; args: unknown }[] = []
let refuse: Error | null = null
const commands = (await loadCommands(['commands'])).map(({ name, command }) => {
  const answer = async (args: unknown) => {
    if (refuse) throw refuse
    done.push({ name, args })
    return { text: `did ${name}` }
  }
  return { name, command: (name.startsWith('alerts ') ? { ...command, answer } : command) as typeof command }
})
const catalog = createCatalog(commands, site)

type Call = { readonly path: string; readonly body: Record<string, unknown> }
const calls: Call[] = []
const slack = createServer((request, response) => {
  let text = ''
  request.on('data', (chunk) => (text += chunk))
  request.on('end', () => {
    const json = request.headers['content-type']?.includes('json')
    const body = json ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text))
    calls.push({ path: request.url ?? '', body })
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ ok: true, user_id: 'U0BOT', bot_id: 'B0BOT', team_id: 'T01TEAM', url: 'http://x/' }))
  })
})
const views: { trigger: string; view: ModalView }[] = []
let app: App
let url = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => slack.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(slack.address() as AddressInfo).port}`
})
afterAll(() => new Promise((resolve) => slack.close(resolve)))

beforeEach(async () => {
  for (const list of [done, calls, views]) list.length = 0
  refuse = null
  const audit = createAudit({ ...here, log: silent, host: 'here', mask: (text) => text, show: [] })
  const parts = {
    ...{ store: here.store, site, kinds: stageKinds, now: here.now, audit, catalog, kick: () => {} },
    groups: async () => new Map(),
    artifacts: createArtifacts(here.redis, here.keys, '0'.repeat(64)),
    consul: { address: '127.0.0.1:1' },
  }
  const crew = createCrew(parts)
  const config = readConfig({
    ...{ SLACK_MODE: 'http', SLACK_BOT_TOKEN: 'xoxb-test', SLACK_SIGNING_SECRET: 'secret' },
    ...{ SLACK_API_URL: `${url}/api/`, LOG_LEVEL: 'silent' },
  })
  const desk = {
    ...{ crew, parts, log: silent },
    openForm: async (trigger: string, view: object) => {
      views.push({ trigger, view: view as ModalView })
    },
    asked: async (actor: Parameters<typeof crew.rolesFor>[0]) => ({
      actor,
      roles: await crew.rolesFor(actor),
      channel: null,
    }),
  }
  app = createSlackApp(config, desk, createHomes(here.redis, here.keys, here.now), pino({ level: 'silent' }))
  await here.store.alerts.commit({ alerts: [{ ...group(), version: 0 }] })
})

let clicks = 0
const ALICE = 'U01ALICE'
const STRANGER = 'U04EVE'
const VALUE = alertValue('k3f9x2ab')

/** What a click is answered with: acknowledged or not, and what its presser alone sees. */
async function press(action_id: string, { user = ALICE, value = VALUE, trigger = `t${clicks++}` } = {}) {
  let acknowledged = 0
  const body = {
    ...{ type: 'block_actions', team: { id: 'T01TEAM' }, user: { id: user, team_id: 'T01TEAM' } },
    ...{ channel: { id: 'C01OPS' }, trigger_id: trigger, response_url: `${url}/respond` },
    actions: [
      { type: 'button', action_id, block_id: 'b', value, text: { type: 'plain_text', text: 'x' }, action_ts: '1' },
    ],
  }
  const before = calls.length
  const ack = async () => {
    acknowledged++
  }
  await app.processEvent({ body, ack })
  const said = calls.slice(before).filter(({ path }) => path === '/respond')
  return { acknowledged, said: said.map((call) => call.body as { text: string; response_type: string }) }
}

type Values = Record<string, string | null>

/** What Slack is answered when a form is sent. Fields hold text, those of lists what was chosen. */
async function submit(callback_id: string, fields: Values, { user = ALICE, id = `v${clicks++}` } = {}) {
  const values = Object.fromEntries(
    Object.entries(fields).map(([block, value]) => {
      const chosen = { type: 'static_select', selected_option: value === null ? null : { value } }
      return [block, { value: block === 'for' ? chosen : { type: 'plain_text_input', value } }]
    }),
  )
  const answers: unknown[] = []
  const body = {
    ...{ type: 'view_submission', team: { id: 'T01TEAM' }, user: { id: user, team_id: 'T01TEAM' } },
    view: { id, callback_id, private_metadata: views.at(-1)?.view.private_metadata ?? '{}', state: { values } },
  }
  await app.processEvent({
    body,
    ack: async (answer) => {
      answers.push(answer ?? null)
    },
  })
  return answers[0] as { errors: Values } | null | undefined
}

const told = () => calls.filter(({ path }) => path.endsWith('chat.postEphemeral')).map(({ body }) => body)

describe('every button', () => {
  const escalated = { step: 1, rung: 0, since: at(4), at: at(19), channel: 'ops' }
  const all: Message[] = [
    ...Object.values(states).map((each) => alertMessage(shown({ group: each }))),
    ...Object.values(states).map((each) => escalationMessage({ group: each, behaviour, escalated })),
    ...Object.values(scenes()).map(executionMessage),
  ]

  test.each([...new Set(all.flatMap(actionsOf))])(
    '%s is known, and answered even where its value is none of ours',
    async (id) => {
      const { acknowledged } = await press(id, { value: 'no value of ours' })
      expect(acknowledged).toBe(1)
      expect(done).toEqual([])
    },
  )

  test('but one that nobody draws is not', async () => {
    expect((await press('alert.unheard-of')).acknowledged).toBe(0)
  })
})

describe('Acknowledge and Show', () => {
  test.each([
    ['alert.ack', 'alerts ack'],
    ['alert.show', 'alerts show'],
  ])('%s runs its line and answers its presser alone', async (action, name) => {
    const { said } = await press(action)
    expect(done).toMatchObject([{ name, args: { alert: 'k3f9x2ab' } }])
    expect(said).toMatchObject([{ text: `did ${name}`, response_type: 'ephemeral', replace_original: false }])
  })

  test('whoever may not is told so, and nothing is done', async () => {
    for (const action of ['alert.ack', 'alert.show', 'alert.silence', 'alert.close']) {
      const { said } = await press(action, { user: STRANGER })
      expect(said.map(({ text }) => text).join()).toMatch(/You may not run/)
    }
    expect([done, views]).toEqual([[], []])
  })
})

test('Runbook is only acknowledged: the browser has opened its page', async () => {
  expect(await press('alert.runbook')).toEqual({ acknowledged: 1, said: [] })
  expect(done).toEqual([])
})

describe('Silence', () => {
  const field = (view: ModalView | undefined, id: string) => view?.blocks.find(({ block_id }) => block_id === id)

  test('asks for how long and why, about this group; a second delivery opens no second form', async () => {
    await press('alert.silence', { trigger: 'one' })
    await press('alert.silence', { trigger: 'one' })
    expect(views).toHaveLength(1)
    const [{ view } = { view: undefined }] = views
    expect(JSON.stringify(view?.blocks[0])).toContain('critical `web` in `dc1`')
    expect(JSON.stringify(field(view, 'for'))).toMatch(/"1h"[\s\S]*"4h"[\s\S]*"1d"[\s\S]*"other"/)
    expect(field(view, 'why')).toMatchObject({ optional: false })
    expect(field(view, 'other')).toMatchObject({ optional: true })
  })

  test.each([
    ['what was chosen', { for: '4h', other: null }, '4h'],
    ['what the list shows, where it was left alone', { for: null, other: null }, '1h'],
    ['what was typed, whatever the list says', { for: '4h', other: ' 90m ' }, '90m'],
    ['what was typed', { for: 'other', other: '2d' }, '2d'],
  ])('holds for %s', async (_, fields, time) => {
    await press('alert.silence')
    expect(await submit('alert.silence', { ...fields, why: 'new rack' })).toBeNull()
    expect(done).toMatchObject([{ name: 'alerts silence', args: { alert: 'k3f9x2ab', for: time, why: 'new rack' } }])
    expect(told()).toMatchObject([{ channel: 'C01OPS', user: ALICE, text: 'did alerts silence' }])
  })

  test.each([
    ['a time that is none', { for: '1h', other: 'soon', why: 'x' }, { other: /soon/ }],
    ['another time that is not said', { for: 'other', other: null, why: 'x' }, { other: /how long/ }],
    ['no reason', { for: '1h', other: null, why: null }, { why: /why/ }],
    ['a reason of nothing', { for: '1h', other: null, why: '  ' }, { why: /why/ }],
    ['neither', { for: 'other', other: '', why: '' }, { other: /how long/, why: /why/ }],
  ])('%s is refused beside its field', async (_, fields, errors) => {
    await press('alert.silence')
    const answer = await submit('alert.silence', fields)
    expect(Object.keys(answer?.errors ?? {}).toSorted()).toEqual(Object.keys(errors).toSorted())
    for (const [name, words] of Object.entries(errors)) expect(answer?.errors[name]).toMatch(words)
    expect(done).toEqual([])
  })

  test.each([
    [{ for: '1h', other: '31d' }, 'other'],
    [{ for: '31d', other: null }, 'for'],
  ])('a time that is too long, as the engine says, is refused beside the time: %j', async (fields, beside) => {
    refuse = new FieldRefusal('for', 'A silence lasts at most 30d here.')
    await press('alert.silence')
    const answer = await submit('alert.silence', { ...fields, why: 'x' })
    expect(answer?.errors).toEqual({ [beside]: 'A silence lasts at most 30d here.' })
  })

  test('whoever lost the right meanwhile is told beside the reason', async () => {
    await press('alert.silence')
    const answer = await submit('alert.silence', { for: '1h', other: null, why: 'x' }, { user: STRANGER })
    expect(answer?.errors.why).toMatch(/You may not run/)
    expect(done).toEqual([])
  })

  test('a form whose note is none of ours does nothing', async () => {
    expect((await submit('alert.silence', { for: '1h', other: null, why: 'x' }))?.errors.why).toMatch(/none of mine/)
    expect(done).toEqual([])
  })

  test('of a group that is over, or that never was, is refused before anybody fills in a form', async () => {
    await here.store.alerts.commit({ alerts: [{ ...group({ state: 'resolved', closedAt: at(30) }), version: 1 }] })
    expect((await press('alert.silence')).said[0]?.text).toMatch(/is resolved and over/)
    expect((await press('alert.silence', { value: alertValue('nobody') })).said[0]?.text).toMatch(/no alert `nobody`/)
    expect(views).toEqual([])
  })
})

test('Close asks why, and does it', async () => {
  await press('alert.close')
  expect(views[0]?.view.callback_id).toBe('alert.close')
  expect((await submit('alert.close', { why: null }))?.errors.why).toMatch(/why/)
  expect(await submit('alert.close', { why: 'taken away' })).toBeNull()
  expect(done).toMatchObject([{ name: 'alerts close', args: { alert: 'k3f9x2ab', why: 'taken away' } }])
})

describe('the home page', () => {
  async function opened(user: string): Promise<string> {
    const event = { type: 'app_home_opened', user, tab: 'home', channel: 'D1', event_ts: '1' }
    await app.processEvent({ body: { type: 'event_callback', team_id: 'T01TEAM', event }, ack: async () => {} })
    return String(calls.find(({ path }) => path.endsWith('views.publish'))?.body.view)
  }

  test('lists what is open to whoever may list it', async () => {
    await here.store.alerts.commit({
      alerts: [
        { ...group({ id: 'over', endedAt: at(9) }), version: 0 },
        { ...group({ id: 'muted', shownAt: null }), version: 0 },
      ],
    })
    const view = await opened(ALICE)
    expect(view).toMatch(/\*Alerts\*.*firing.*critical `web` in `dc1`, 1 firing \(`k3f9x2ab`\)/)
    expect(view).not.toMatch(/`over`|`muted`/)
  })

  test('says nothing of alerts to whoever may not', async () => {
    expect(await opened(STRANGER)).not.toContain('Alerts')
  })
})

test('a time is read without a form, too', () => {
  expect(timeOf({})).toEqual({ for: '1h' })
})
