import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { channels, people } from './site.ts'
import { runOf, talkIn, wordsOf } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World

beforeAll(async () => {
  world = await startWorld({ environments: { loadtest: {}, other: {}, asked: {} } })
})
afterAll(() => world.stop())

const talkNo = (at: number) => talkIn(world, channels[at] ?? '')

describe.concurrent('what people type', () => {
  test('is read as Slack sends it: typographic quotes and dashes, spaces that do not break', async () => {
    const talk = talkNo(0)
    for (const text of ['up\u00A0\u201Csmall\u201D \u2014for\u00A045m', '  up   --for=45m \u200Bsmall ']) {
      const answer = await talk.type('alice', text, '/loadtest')
      expect(answer).toContain('`loadtest up small --for 45m` is stored as')
      await talk.sees(runOf(answer), /`loadtest up small --for 45m`/)
      await talk.type('alice', `runs cancel ${runOf(answer).id}`)
    }
    expect(await talk.type('alice', "up \u2018small\u2019 \u2013for 'long &amp; wide'", '/loadtest')).toMatch(
      /`long &amp; wide` is no value for `--for`: expected a duration/,
    )
  })

  test('is refused with what was meant, when it is near a command, a flag or a value', async () => {
    const talk = talkNo(1)
    expect(await talk.type('alice', 'lodtest up small')).toMatch(/Did you mean.*loadtest/)
    expect(await talk.type('alice', 'upp small', '/loadtest')).toMatch(/Did you mean.*`loadtest up/)
    expect(await talk.type('alice', 'up small --fro 2h', '/loadtest')).toMatch(/--fro[\s\S]*Did you mean.*--for/)
    expect(await talk.type('alice', 'up smal', '/loadtest')).toMatch(/smal[\s\S]*Did you mean.*small/)
    expect(await talk.type('alice', 'up small please', '/loadtest')).toMatch(/please/)
    expect(await talk.type('alice', 'xyzzy')).toMatch(/help/)
    expect(await talk.type('alice', 'up small --for 2d', '/loadtest')).toMatch(/at most 24h/)
  })

  test('gets help by itself, and a list of what the asker may run', async () => {
    const talk = talkNo(2)
    const list = await talk.type('alice', '')
    expect(list).toMatch(/loadtest up[\s\S]*runs list/)
    expect(await talk.type('eve', 'help')).not.toContain('loadtest up')
    expect(await talk.type('alice', 'help', '/loadtest')).toMatch(/loadtest down[\s\S]*loadtest up/)
    expect(await talk.type('eve', 'help', '/loadtest')).not.toContain('loadtest up')
    expect(await talk.type('eve', '', '/loadtest')).not.toContain('loadtest up')
    expect(await talk.type('alice', 'help loadtest up')).toMatch(/small[\s\S]*--for/)
    expect(await talk.type('alice', `can ${people.bob} loadtest up`)).toMatch(
      /still needs|needs `<size>`|Usage: `loadtest up/,
    )
    expect(await world.control.modals()).toEqual([])
    expect(await talk.type('eve', 'whoami')).toMatch(/<@U04EVE>.*no role/)
    expect(await talk.type('alice', `can <@${people.eve}|eve> loadtest up small`)).toMatch(
      /^No: .*Roles that may: `engineers`/,
    )
    expect(await talk.type('alice', `can ${people.bob} loadtest up small`)).toMatch(
      /^Yes: .*roles\.engineers\.may\[0\]/,
    )
  })

  test('is refused to a stranger with the roles that may, and starts nothing', async () => {
    const talk = talkNo(3)
    expect(await talk.type('eve', 'up small', '/loadtest')).toMatch(
      /You may not run.*You have no role here.*`engineers` may/,
    )
    expect(await talk.type('carol', 'up small', '/loadtest')).toMatch(/You have `approvers`.*`engineers` may/)
    expect(await talk.type('eve', 'runs list')).toMatch(/You may not run/)
    expect(await talk.type('eve', 'up', '/loadtest')).toMatch(/You may not run/)
    expect(await world.control.modals()).toEqual([])
  })

  test('may be a mention', async () => {
    const talk = talkNo(4)
    const say = (text: string) =>
      talk.answered('alice', () => world.control.message({ user: people.alice, channel: talk.channel, text }))
    expect(await say('<@U00CREW> loadtest status')).toContain('nothing was applied yet')
    expect(await say('<@U00CREW>, /loadtest status')).toContain('nothing was applied yet')
    expect(await say('hey <@U00CREW>: whoami')).toContain('your roles are')
    expect(await say('<@U00CREW>  loadtest upp small')).toMatch(/Did you mean/)
    expect(await say('<@U00CREW> loadtest up')).toMatch(/size/)
    expect(await say('<@U00CREW> tiny up other small')).toContain('is stored as')
  })
})

test('a missing argument opens a form, and what is sent with it starts the execution', async () => {
  const talk = talkNo(5)
  await world.control.command({ user: people.alice, channel: talk.channel, command: '/loadtest', text: 'up' })
  const form = await waitFor(async () => (await world.control.modals()).at(-1), { what: 'the form' })
  expect(form.blocks.map(({ block_id }) => block_id)).toEqual(expect.arrayContaining(['size', 'for']))
  const values = (time: string) => ({
    size: { value: { type: 'static_select', selected_option: { value: 'medium' } } },
    for: { value: { type: 'plain_text_input', value: time } },
  })
  const wrong = await world.control.submitView({ user: people.alice, values: values('soon') })
  expect(wrong.errors.for).toMatch(/duration/)
  const answer = await talk.answered('alice', async () => {
    const sent = await world.control.submitView({ user: people.alice, values: values('2h') })
    expect(sent.errors).toEqual({})
  })
  expect(answer).toContain('`loadtest up medium --for 2h`')
  expect(await talk.sees(runOf(answer), /\*waiting for approval\*/)).toMatch(/2 to add/)
})

test('with the store away every request is answered with that, nothing starts, and afterwards all is well', async () => {
  const talk = talkNo(6)
  const asked = await talk.begin('bob', 'tiny up asked small')
  await talk.sees(asked, /\*waiting for approval\*/)
  await world.redis.kill9()
  try {
    // The answer is the acknowledgement itself: local-slack waits for one no longer than five seconds.
    await world.control.command({ user: people.alice, channel: talk.channel, command: '/loadtest', text: 'up small' })
    const shown = (await talk.all()).filter(({ ephemeral_to }) => ephemeral_to === people.alice)
    expect(shown.map(wordsOf)).toEqual([expect.stringMatching(/store/)])
    expect(await talk.answered('carol', () => talk.press('carol', 'judgment.approve', asked))).toMatch(/store/)
  } finally {
    await world.redis.restart()
  }
  const back = await waitFor(
    async () => {
      const answer = await talk.type('alice', 'tiny up other medium')
      return answer.includes('is stored as') ? answer : undefined
    },
    { what: 'the bot to reach its store again', within: '50s', every: 500 },
  )
  await talk.sees(runOf(back), /tiny up other medium/)
  expect((await talk.all()).map(wordsOf).filter((words) => words.includes('loadtest up small'))).toEqual([])
  expect(await talk.status(asked)).toBe('waiting for approval')
  await talk.press('carol', 'judgment.approve', asked)
  await talk.sees(asked, /^✅ \*succeeded\*/)
})
