import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../examples/demo/parts.ts'
import { createClients } from '../../src/slack/clients.ts'
import { faultOf } from '../../src/slack/faults.ts'
import {
  broken,
  type Fault,
  limited,
  pass,
  refused,
  type SlackProxy,
  startSlackProxy,
} from '../fixtures/slack-proxy.ts'

let proxy: SlackProxy
beforeAll(async () => {
  proxy = await startSlackProxy(() => 'http://127.0.0.1:9')
})
afterAll(() => proxy.stop())

const post = (url: string) =>
  createClients('xoxb-test', url, { posts: 300 }).posts.chat.postMessage({ channel: 'C1', text: 'x' }).catch(faultOf)

const cases: [string, Fault, object][] = [
  ['a 429', limited(7), { kind: 'limited', wait: 7000 }],
  ['a 429 that does not say how long', { do: 'answer', status: 429, body: {} }, { kind: 'limited', wait: 5_000 }],
  ['`ratelimited` with 200', { ...refused('ratelimited'), retryAfter: 3 } as Fault, { kind: 'limited', wait: 3000 }],
  ['a 500', broken(500), { kind: 'ambiguous' }],
  ['a 503', broken(503), { kind: 'ambiguous' }],
  ['a page instead of JSON', { do: 'answer', status: 200, body: '<html>' }, { kind: 'ambiguous' }],
  ['an answer that is cut off', { do: 'answer', status: 200, body: '{"ok":tr' }, { kind: 'ambiguous' }],
  ['a reset', { do: 'reset' }, { kind: 'ambiguous' }],
  ['no answer in time', { do: 'late', after: 600 }, { kind: 'ambiguous' }],
  ['an error within Slack', refused('internal_error'), { kind: 'ambiguous', code: 'internal_error' }],
  ['a 403 of some gateway', broken(403), { kind: 'refused' }],
  ['a channel that is not there', refused('channel_not_found'), { kind: 'refused', code: 'channel_not_found' }],
  ['blocks that do not fit', refused('msg_blocks_too_long'), { kind: 'unfit' }],
  ['a token that is none', refused('token_revoked'), { kind: 'auth' }],
]

test.each(cases)('%s is told for what it is', async (_, fault, kind) => {
  proxy.choose(() => fault)
  expect(await post(proxy.apiUrl)).toMatchObject(kind)
  proxy.choose(pass)
})

test('a call that nobody listened to is known as not sent', async () => {
  expect(await post(`http://127.0.0.1:${await freePort()}/api/`)).toMatchObject({ kind: 'unsent' })
})
