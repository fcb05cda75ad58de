import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App } from '@slack/bolt'
import { Redis } from 'ioredis'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { isFree } from '../examples/demo/parts/port.ts'
import {
  findProgram,
  freePort,
  type Part,
  startConsul,
  startRedis,
  startSlack,
  waitFor,
} from '../examples/demo/parts.ts'
import { actionsOf, slackControl } from '../examples/demo/slack-control.ts'
import { listening } from './listening.ts'

const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-parts-'))
const folder = () => mkdtempSync(join(scratch, 'part-'))
const config = {
  workspace: { teamId: 'T01TEST' },
  apps: [{ appId: 'A01CREW', botUserId: 'U01CREW', botName: 'groundcrew' }],
  users: [{ id: 'U01ALICE', name: 'alice' }],
  channels: [{ id: 'C01OPS', name: 'ops', members: ['U01CREW', 'U01ALICE'] }],
}
const starters: [string, (dir: string) => Promise<Part>][] = [
  ['redis', (dir) => startRedis({ dir })],
  ['consul', (dir) => startConsul({ dir })],
  ['consul in dev mode', (dir) => startConsul({ dir, dev: true })],
  ['local-slack', (dir) => startSlack({ dir, config })],
]

const running: Part[] = []
const started = async <T extends Part>(part: Promise<T>): Promise<T> => {
  running.push(await part)
  return part
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((part) => part.stop()))
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe.each(starters)('%s', (_name, start) => {
  test('listens on loopback only, and after its stop neither process nor port is left', async () => {
    const part = await started(start(folder()))
    const { pid } = part
    const addresses = listening(pid)
    expect(addresses).toContain(part.address)
    expect(addresses.filter((address) => !address.startsWith('127.0.0.1:'))).toEqual([])
    await part.stop()
    expect(isAlive(pid)).toBe(false)
    expect(await isFree(part.port)).toBe(true)
    await part.stop()
  })
})

test('redis runs as production must, and keeps its data over a kill -9 and a restart on the same port', async () => {
  const part = await started(startRedis({ dir: folder() }))
  const redis = new Redis(part.url)
  redis.on('error', () => {})
  try {
    expect(await redis.config('GET', 'maxmemory-policy')).toContain('noeviction')
    expect(await redis.config('GET', 'appendfsync')).toContain('always')
    await redis.set('kept', 'yes')
    const { pid } = part
    await part.kill9()
    await part.restart()
    expect(part.pid).not.toBe(pid)
    expect(await redis.get('kept')).toBe('yes')
  } finally {
    redis.disconnect()
  }
})

test('consul keeps its keys over a kill -9 and a restart', async () => {
  const part = await started(startConsul({ dir: folder() }))
  await fetch(`${part.url}/v1/kv/kept`, { method: 'PUT', body: 'yes' })
  await part.kill9()
  await part.restart()
  const answer = await fetch(`${part.url}/v1/kv/kept?raw`)
  expect(await answer.text()).toBe('yes')
})

test('a program that ends at its start is an error with the end of its log', async () => {
  const wrong = { ...config, apps: [{ appId: 'A1', mode: 'events' as const }] }
  await expect(startSlack({ dir: folder(), config: wrong })).rejects.toThrow(
    /local-slack ended at its start.*requestUrl/s,
  )
})

test('a port that is taken is an error that names it, before anything is started', async () => {
  const port = await freePort()
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  await expect(startRedis({ dir: folder(), port })).rejects.toThrow(`Port ${port} on 127.0.0.1`)
  server.close()
})

test('a missing program is an error that says what to run', () => {
  expect(() => findProgram('no-such-program', '/nonexistent')).toThrow(
    'no-such-program is not on the PATH: run script/bootstrap.',
  )
})

test('a wait that ends in vain says what it waited for and what went wrong last', async () => {
  const refused = () => Promise.reject(new Error('refused'))
  await expect(waitFor(refused, { what: 'the door', within: '1s' })).rejects.toThrow(
    'Waited 1s for the door, in vain (refused).',
  )
})

test('a Bolt app in Socket Mode answers a slash command, a button, a modal and a home', async () => {
  const slack = await started(startSlack({ dir: folder(), config }))
  const control = slackControl(slack.url)
  const app = boltApp(slack.apiUrl)
  await app.start()
  try {
    await control.connected()
    const seen: string[] = []
    await control.onMessage((message, event) => seen.push(`${event} ${message.text}`))
    await control.command({ user: 'U01ALICE', channel: 'C01OPS', command: '/crew', text: 'hello' })
    const asked = await control.waitForMessage('C01OPS', (message) => message.text === 'You said hello')
    const [action] = actionsOf(asked)
    await control.press({
      user: 'U01ALICE',
      channel: 'C01OPS',
      messageTs: asked.ts,
      action: action ?? { action_id: '' },
    })
    await waitFor(async () => (await control.modals()).length > 0, { what: 'the modal' })
    const values = (value: string) => ({ why: { text: { type: 'plain_text_input', value } } })
    const refused = await control.submitView({ user: 'U01ALICE', values: values('') })
    expect(refused.errors).toEqual({ why: 'Say why.' })
    expect(await control.submitView({ user: 'U01ALICE', values: values('because') })).toEqual({ errors: {}, open: [] })
    await control.waitForMessage('C01OPS', (message) => message.text === 'because')
    await control.openHome({ user: 'U01ALICE' })
    expect(await waitFor(() => control.home('U01ALICE'), { what: 'the home view' })).toMatchObject({ type: 'home' })
    expect(seen).toEqual(['message You said hello', 'message because'])
    expect((await control.log()).map((entry) => entry.summary)).toContain('views.open')
  } finally {
    await control.close()
    await app.stop()
  }
})

function boltApp(slackApiUrl: string): App {
  const tokens = { token: 'xoxb-test-token', appToken: 'xapp-test-token' }
  const app = new App({ ...tokens, socketMode: true, clientOptions: { slackApiUrl } })
  const text = { type: 'plain_text' as const, text: 'Why' }
  app.command('/crew', async ({ ack, client, command }) => {
    await ack()
    const button = { type: 'button' as const, action_id: 'ask', value: '1', text }
    const blocks = [{ type: 'actions' as const, elements: [button] }]
    await client.chat.postMessage({ channel: command.channel_id, text: `You said ${command.text}`, blocks })
  })
  app.action('ask', async ({ ack, body, client }) => {
    await ack()
    const element = { type: 'plain_text_input' as const, action_id: 'text' }
    const blocks = [{ type: 'input' as const, block_id: 'why', label: text, element }]
    const view = { type: 'modal' as const, callback_id: 'why', title: text, submit: text, blocks }
    await client.views.open({ trigger_id: 'trigger_id' in body ? body.trigger_id : '', view })
  })
  app.view('why', async ({ ack, client, view }) => {
    const why = view.state.values.why?.text?.value
    if (!why) return ack({ response_action: 'errors', errors: { why: 'Say why.' } })
    await ack()
    await client.chat.postMessage({ channel: 'C01OPS', text: why })
  })
  app.event('app_home_opened', async ({ client, event }) => {
    await client.views.publish({ user_id: event.user, view: { type: 'home', blocks: [] } })
  })
  return app
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
