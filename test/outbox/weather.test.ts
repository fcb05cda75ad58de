import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { dice } from '../core/town.ts'
import { broken, limited, pass, refused } from '../fixtures/slack-proxy.ts'
import { count, jobOf, marked, ROOM } from './jobs.ts'
import { type Rig, startRig } from './rig.ts'

const OTHER = 'C01ROOM'

let rig: Rig
beforeAll(async () => {
  rig = await startRig()
})
afterEach(() => rig.clear())
afterAll(() => rig.stop())

const shown = async (id: string, channel = ROOM) => marked(await rig.control.messages(channel), `execution-${id}-v`)

describe('a limit of Slack', () => {
  test('holds for its method in its channel, and for nothing else', async () => {
    rig.proxy.choose(({ method, channel }) =>
      method === 'chat.postMessage' && channel === ROOM ? limited(60) : { do: 'pass' },
    )
    rig.bot()
    await jobOf(rig, 'here').ask()
    const there = jobOf(rig, 'there', OTHER)
    await there.all(() => 10)
    await waitFor(async () => (await count(rig, ['there'], OTHER)).wrong.length === 0, { what: 'the other channel' })
    expect(await shown('here')).toEqual([])
    // Not asked again before the minute is over, neither for this message nor for another.
    await jobOf(rig, 'here2').ask()
    await waitFor(async () => (await rig.redis.zcard(rig.keys.outbox)) === 2, { what: 'peace' })
    expect(rig.proxy.calls.filter((call) => call.method === 'chat.postMessage' && call.channel === ROOM)).toHaveLength(
      1,
    )
  })

  test('does not lose or double anything in a storm of them', async () => {
    const random = dice(7)
    let storm = 40
    rig.proxy.choose(() => (storm > 0 && random.chance(0.6) && storm-- ? limited(1) : { do: 'pass' }))
    rig.bot()
    rig.bot()
    await Promise.all(['a', 'b', 'c'].map((id) => jobOf(rig, id).all(() => 50)))
    await rig.settled()
    expect(await count(rig, ['a', 'b', 'c'])).toMatchObject({ lost: 0, doubled: 0, stale: 0 })
    expect(rig.proxy.count('chat.delete')).toBe(0)
  })
})

test('edits that do not come back hold no posts', async () => {
  rig.bot({ stop: 100 }, { edits: 120_000 })
  const many = Array.from({ length: 12 }, (_, at) => jobOf(rig, `slow${at}`))
  await Promise.all(many.map((job) => job.ask()))
  await rig.settled()
  rig.proxy.choose(({ method }) => (method === 'chat.update' ? { do: 'hold' } : { do: 'pass' }))
  await Promise.all(many.map((job) => job.plan()))
  await waitFor(() => rig.proxy.held() >= 8, { what: 'all room of edits to be taken' })
  await jobOf(rig, 'quick').ask()
  await waitFor(() => shown('quick').then(({ length }) => length > 0), { what: 'the post' })
  expect(rig.proxy.held()).toBe(8)
})

test('under a tight budget progress is what is left out: results come, and nothing is lost', async () => {
  rig.bot({ edits: { most: 10, per: 2_000 } })
  const jobs = Array.from({ length: 4 }, (_, at) => jobOf(rig, `busy${at}`))
  await Promise.all(jobs.map((job) => job.all(() => 15, 25)))
  await rig.settled()
  const ids = jobs.map(({ id }) => id)
  expect(await count(rig, ids)).toMatchObject({ lost: 0, doubled: 0, stale: 0 })
  const edits = rig.proxy.calls.filter(({ method }) => method === 'chat.update')
  const progress = edits.filter(({ form }) => form.get('blocks')?.includes('of 25'))
  expect(progress.length).toBeLessThan(40)
})

test('an outage loses nothing: everything catches up, each message with its last state only', async () => {
  rig.proxy.choose(() => ({ do: 'reset' }))
  rig.bot()
  rig.bot()
  const ids = ['a', 'b', 'c', 'd', 'e']
  await Promise.all(ids.map((id) => jobOf(rig, id).all(() => 60)))
  await waitFor(() => rig.proxy.calls.length > 20, { what: 'some tries in vain' })
  rig.proxy.choose(pass)
  await rig.settled()
  expect(await count(rig, ids)).toMatchObject({ lost: 0, doubled: 0, stale: 0 })
})

test('a message that somebody deleted is posted anew, at the next change or at the next look', async () => {
  rig.bot({ look: 300 })
  const job = jobOf(rig, 'one')
  await job.ask()
  await rig.settled()
  const remove = async () => {
    const [message] = await shown('one')
    await fetch(`${rig.slack.apiUrl}chat.delete`, {
      method: 'POST',
      headers: { authorization: 'Bearer xoxb-test', 'content-type': 'application/json' },
      body: JSON.stringify({ channel: ROOM, ts: message?.ts }),
    })
    expect(await shown('one')).toEqual([])
  }
  await remove()
  await waitFor(() => shown('one').then(({ length }) => length > 0), { what: 'the message again' })
  await remove()
  await job.plan()
  await waitFor(async () => JSON.stringify(await shown('one')).includes('waiting for approval'), {
    what: 'the next state',
  })
  expect(await shown('one')).toHaveLength(1)
})

describe('what Slack will never take', () => {
  test.each(['invalid_blocks', 'msg_blocks_too_long', 'msg_too_long'])(
    'after %s is said in plain words with an id that is in the log, once',
    async (code) => {
      rig.proxy.choose(({ form }) => (form.get('blocks')?.includes('block_id') ? refused(code) : { do: 'pass' }))
      const bot = rig.bot()
      const job = jobOf(rig, 'one')
      await job.ask()
      await job.plan()
      await rig.settled()
      const plain = (await rig.control.messages(ROOM)).filter(({ text }) => text.includes('waiting for approval'))
      expect(plain).toHaveLength(1)
      const logged = bot.saw('message refused').map(({ id }) => String(id))
      expect(logged.some((id) => plain[0]?.text.includes(id))).toBe(true)
      expect(rig.proxy.count('chat.postMessage')).toBeLessThanOrEqual(2)
    },
  )

  test('in plain words is found again as well when its answer is lost', async () => {
    rig.proxy.choose(({ method, form }) => {
      if (form.get('blocks')?.includes('block_id')) return refused('invalid_blocks')
      return { do: method === 'chat.postMessage' && rig.proxy.count(method) === 2 ? 'lose' : 'pass' }
    })
    rig.bot()
    await jobOf(rig, 'one').ask()
    await rig.settled()
    expect((await rig.control.messages(ROOM)).filter(({ text }) => text.includes('loadtest up small'))).toHaveLength(1)
  })
})

test.each(['invalid_auth', 'account_inactive', 'token_revoked'])(
  'after %s nothing is tried for a while',
  async (code) => {
    rig.proxy.choose(() => refused(code))
    const bot = rig.bot({ auth: 1_000 })
    const jobs = Array.from({ length: 5 }, (_, at) => jobOf(rig, `a${at}`))
    await Promise.all(jobs.map((job) => job.ask()))
    await waitFor(() => bot.saw('Slack refuses the token').length > 0, { what: 'an error in the log' })
    await waitFor(async () => (await rig.redis.zcard(`${rig.keys.outbox}:held`)) === 0, { what: 'peace' })
    expect(rig.proxy.calls.length).toBeLessThanOrEqual(5)
    expect(bot.saw('Slack refuses the token')).toHaveLength(1)
    rig.proxy.choose(pass)
    await rig.settled()
    for (const { id } of jobs) expect(await shown(id)).toHaveLength(1)
  },
)

test('an end that was unknown for a while is not told twice when Slack was away', async () => {
  rig.proxy.choose(() => broken(503))
  rig.bot()
  const job = jobOf(rig, 'one')
  for (const step of [job.ask, job.plan, job.approve, job.apply, job.lose]) await step()
  await waitFor(() => rig.proxy.calls.length > 2, { what: 'tries in vain' })
  await job.warn()
  await job.finish()
  rig.proxy.choose(pass)
  await rig.settled()
  expect(await count(rig, ['one'])).toMatchObject({ lost: 0, doubled: 0, stale: 0 })
})

test('where it may not speak it speaks in the channel for operations', async () => {
  rig.proxy.choose(({ method, channel }) =>
    method === 'chat.postMessage' && channel === OTHER ? refused('not_in_channel') : { do: 'pass' },
  )
  rig.bot()
  await jobOf(rig, 'one', OTHER).ask()
  await rig.settled()
  expect(await shown('one')).toHaveLength(1)
})
