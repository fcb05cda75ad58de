import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { actionsOf, type SlackMessage } from '../../examples/demo/slack-control.ts'
import { channels, type Person, people } from './site.ts'
import { talkIn, wordsOf } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World

const may = ['runs *', 'consul *']
const role = (...members: Person[]) => ({ members: members.map((name) => people[name]), may: [{ commands: may }] })

beforeAll(async () => {
  world = await startWorld({
    environments: { one: {} },
    sections: {
      roles: { engineers: role('alice', 'bob'), approvers: role('carol') },
      consul: { hide: ['hidden/*'] },
    },
  })
  await register('web', 'passing')
  await register('orders-db', 'passing')
})
afterAll(() => world.stop())

const talkNo = (at: number) => talkIn(world, channels[at] ?? '')

async function call(method: string, path: string, body?: unknown): Promise<void> {
  const sent = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
  const answer = await fetch(`${world.consul.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: sent as BodyInit }),
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
}

/** A service on a node of its own, straight in the catalog. */
const register = (name: string, status: string, output = '') =>
  call('PUT', '/v1/catalog/register', {
    ...{ Node: `node-of-${name}`, Address: '10.0.0.1' },
    Service: { ID: name, Service: name, Port: 80, Tags: ['blue'] },
    Check: {
      Node: `node-of-${name}`,
      CheckID: `${name}-http`,
      Name: 'http',
      Status: status,
      Output: output,
      ServiceID: name,
    },
  })
const put = (key: string, value: string | Uint8Array) => call('PUT', `/v1/kv/${key}`, value)

/** Presses a button of whatever message, in its channel. */
async function press(person: Person, message: SlackMessage, begin: string): Promise<void> {
  const action = actionsOf(message).find(({ action_id }) => action_id.startsWith(begin))
  if (!action) throw new Error(`There is no button ${begin}. Shown is:\n${wordsOf(message)}`)
  await world.control.press({ user: people[person], channel: message.channel, messageTs: message.ts, action })
}

describe('look-ups', () => {
  test('are typed as /consul, which alone lists what there is', async () => {
    const talk = talkNo(1)
    const list = await talk.type('alice', '', '/consul')
    for (const name of ['services', 'service', 'node', 'health', 'dc', 'kv get', 'kv ls', 'where', 'watch'])
      expect(list).toContain(`consul ${name}`)
    expect(await talk.type('alice', 'services', '/consul')).toMatch(/• `orders-db` in `dc1`, tags `blue`[\s\S]*• `web`/)
    expect(await talk.type('alice', 'service web', '/consul')).toContain('🟢 *passing* `10.0.0.1:80` on `node-of-web`')
    expect(await talk.type('alice', 'service wbe', '/consul')).toMatch(/no service `wbe`.*Did you mean `web`\?/)
    expect(await talk.type('alice', 'where ORDERS', '/consul')).toContain('service `orders-db`')
    expect(await talk.type('eve', 'services', '/consul')).toMatch(/You may not run/)
  })

  test('show what others wrote without letting it format or mention', async () => {
    const talk = talkNo(1)
    await register('evil', 'critical', '<!channel> `*bold*` &amp; <@U01ALICE>')
    const said = await talk.type('alice', 'service evil', '/consul')
    expect(said).not.toMatch(/<!channel>|<@U01ALICE>/)
    expect(said).toContain('&lt;!channel&gt;')
  })
})

describe('long answers', () => {
  test('have buttons for the next page and back, which anybody may press who may type them', async () => {
    for (let at = 0; at < 150; at++) await put(`many/${at}-${'x'.repeat(60)}`, '1')
    const talk = talkNo(2)
    const told = async (person: Person) => (await talk.all()).filter((each) => each.ephemeral_to === people[person])
    await talk.type('alice', 'kv ls many/', '/consul')
    const first = (await told('alice')).at(-1)
    if (!first) throw new Error('Nothing was answered.')
    expect(wordsOf(first)).toContain('[Next page]')
    const second = await talk.answered('alice', () => press('alice', first, 'answer.run'))
    expect(second).toMatch(/Page 2 of \d+/)
    expect(second).toContain('[Previous page]')
    expect(await talk.answered('eve', () => press('eve', first, 'answer.run'))).toMatch(/You may not run/)
  })

  test('come as a file to the asker alone, and never into the channel', async () => {
    const talk = talkNo(3)
    await put('config/long', 'one line\n'.repeat(2000))
    await put('config/logo', new Uint8Array([137, 80, 0, 255]))
    const said = await talk.type('bob', 'kv get config/long', '/consul')
    expect(said).toMatch(/All of it is in `long\.txt`, (which went|on its way) to you alone/)
    await talk.type('bob', 'kv get config/logo', '/consul')
    const files = await waitFor(
      async () => {
        const found = await directFiles('bob')
        return found.length === 2 ? found : undefined
      },
      { what: 'two files in a direct message', within: '20s' },
    )
    expect(files.map(({ name }) => name).toSorted()).toEqual(['logo-dc1.bin', 'long.txt'])
    const bytes = await download(files.find(({ name }) => name === 'logo-dc1.bin')?.url_private ?? '')
    expect([...bytes]).toEqual([137, 80, 0, 255])
    const text = await download(files.find(({ name }) => name === 'long.txt')?.url_private ?? '')
    expect(Buffer.from(text).toString()).toBe('one line\n'.repeat(2000))
    expect((await talk.all()).flatMap(({ files: shown = [] }) => shown)).toEqual([])
  })

  test('that are masked come in no form', async () => {
    const talk = talkNo(3)
    const before = (await directFiles('alice')).length
    await put('config/tls_private_key', 'BEGIN-SECRET\n'.repeat(2000))
    const said = await talk.type('alice', 'kv get config/tls_private_key', '/consul')
    expect(said).toContain('*masked*')
    expect(said).not.toContain('SECRET')
    expect((await directFiles('alice')).length).toBe(before)
  })
})

/** The files in the direct messages of a person with the bot. */
async function directFiles(person: Person) {
  const { channels: all, messages } = await world.control.snapshot()
  const direct = all.filter(({ is_im, members }) => is_im && members.includes(people[person]))
  return direct.flatMap(({ id }) => (messages[id] ?? []).flatMap(({ files = [] }) => files))
}

async function download(path: string): Promise<Uint8Array> {
  const answer = await fetch(new URL(path, world.slack.url), { headers: { authorization: 'Bearer xoxb-test' } })
  if (!answer.ok) throw new Error(`local-slack answered ${answer.status} for ${path}.`)
  return new Uint8Array(await answer.arrayBuffer())
}

test('a form for what is missing offers the names that Consul has now', async () => {
  const talk = talkNo(4)
  await world.control.command({ user: people.carol, channel: talk.channel, command: '/consul', text: 'service' })
  const [view] = await waitFor(
    async () => {
      const open = await world.control.modals()
      return open.length > 0 ? open : undefined
    },
    { what: 'a form', within: '20s' },
  )
  const field = view?.blocks.find(({ block_id }) => block_id === 'service')
  expect(JSON.stringify(field)).toContain('"type":"static_select"')
  for (const name of ['web', 'orders-db', 'consul']) expect(JSON.stringify(field)).toContain(`"value":"${name}"`)
  expect(JSON.stringify(view?.blocks.find(({ block_id }) => block_id === 'dc'))).toContain('"value":"dc1"')
  const said = await talk.answered('carol', () =>
    world.control.submitView({
      user: people.carol,
      values: { service: { value: { type: 'static_select', selected_option: { value: 'orders-db' } } } },
    }),
  )
  expect(said).toContain('*orders-db*: 1 instance')
})

describe('a watch', () => {
  const messagesOf = async (talk: ReturnType<typeof talkNo>, id: string) => {
    const all = await talk.all()
    const main = all.find(({ blocks = [] }) => blocks[0]?.block_id?.startsWith(`consul-watch-${id}-v`))
    const thread = main ? all.filter(({ thread_ts, ts }) => thread_ts === main.ts && ts !== main.ts) : []
    return { main, thread: thread.map(wordsOf) }
  }
  const shows = (talk: ReturnType<typeof talkNo>, id: string, wanted: RegExp) =>
    waitFor(
      async () => {
        const { main } = await messagesOf(talk, id)
        return main && wanted.test(wordsOf(main)) ? main : undefined
      },
      { what: `${wanted} of ${id}`, within: '40s' },
    )
  const tells = (talk: ReturnType<typeof talkNo>, id: string, wanted: RegExp) =>
    waitFor(async () => (await messagesOf(talk, id)).thread.some((text) => wanted.test(text)), {
      what: `${wanted} in the thread of ${id}`,
      within: '40s',
    })

  test('is one message that stays true, with a reply for each change, until somebody stops it; a bot that is killed changes nothing of that', async () => {
    const talk = talkNo(5)
    const id = /as `(\w+)`/.exec(await talk.type('alice', 'watch web --for 1h', '/consul'))?.[1] ?? ''
    await shows(talk, id, /\*Watching\* `web`[\s\S]*🟢 1 passing of 1[\s\S]*\[Stop\]/)
    await register('web', 'critical', 'connection refused')
    await tells(
      talk,
      id,
      /`10\.0\.0\.1:80` \(`web`\) on `node-of-web` in `dc1` is \*critical\*, it was passing: .*connection refused/,
    )
    await shows(talk, id, /🔴 1 critical of 1[\s\S]*connection refused/)

    await Promise.all(world.bots.map((bot) => bot.kill9()))
    await register('web', 'warning', 'slow')
    await world.startBot()
    await tells(talk, id, /Nobody looked for a while[\s\S]*is \*warning\*, it was critical/)
    await shows(talk, id, /🟠 1 warning of 1/)

    const { main } = await messagesOf(talk, id)
    if (!main) throw new Error('There is no message.')
    expect(await talk.answered('eve', () => press('eve', main, 'consul.watch.stop'))).toMatch(/You may not run/)
    expect(await talk.answered('bob', () => press('bob', main, 'consul.watch.stop'))).toContain(
      'is not followed any more',
    )
    const over = await shows(talk, id, /☑️ \*Followed\* `web`.*ended by <@U02BOB>/)
    expect(wordsOf(over)).not.toContain('[Stop]')
    await tells(talk, id, /\*Stopped\* by <@U02BOB>/)
    const { thread } = await messagesOf(talk, id)
    expect(thread).toHaveLength(3)
    expect(await talk.type('alice', 'watches', '/consul')).toContain('Nobody follows a service now')
  })
})
