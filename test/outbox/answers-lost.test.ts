import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { broken, type Fault, limited, refused } from '../fixtures/slack-proxy.ts'
import { count, jobOf, marked, ROOM, titled } from './jobs.ts'
import { type Rig, startRig } from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await startRig()
})
afterEach(() => rig.clear())
afterAll(() => rig.stop())

/** The next calls of a method are treated so, all others as they should be. */
function next(method: string, ...faults: Fault[]): void {
  rig.proxy.choose((call) => (call.method === method && faults.shift()) || { do: 'pass' })
}

const messages = () => rig.control.messages(ROOM)

describe('a post that went through and was not answered', () => {
  test.each<[string, Fault]>([
    ['a reset', { do: 'lose' }],
    ['a bad gateway', { do: 'spoil', status: 502, body: '<html>' }],
    ['a time-out', { do: 'hold' }],
    ['an answer that is cut off', { do: 'spoil', status: 200, body: '{"ok":true,"ts":' }],
  ])('is found in the channel after %s, and not posted again', async (_, fault) => {
    next('chat.postMessage', fault)
    rig.bot()
    await jobOf(rig, 'one').ask()
    await waitFor(() => rig.proxy.count('conversations.history') > 0, { what: 'the channel to be read' })
    await rig.settled()
    expect(marked(await messages(), 'execution-one-v')).toHaveLength(1)
    expect(rig.proxy.count('chat.postMessage')).toBe(1)
    expect(rig.proxy.count('chat.delete')).toBe(0)
  })

  test('is found in the thread, if it was a reply, and so is a file', async () => {
    rig.bot()
    const job = jobOf(rig, 'one')
    await job.ask()
    await rig.settled()
    const lost = new Set<string>()
    rig.proxy.choose(({ method }) => {
      const first = /post|complete/.test(method) && !lost.has(method)
      lost.add(method)
      return { do: first ? 'lose' : 'pass' }
    })
    await job.plan()
    await job.approve()
    await job.apply()
    await job.finish()
    await rig.settled()
    const all = await messages()
    expect(marked(all, 'closing-one-v')).toHaveLength(1)
    expect(titled(all, 'plan.txt of one')).toHaveLength(1)
    expect(titled(all, 'apply-log.txt of one')).toHaveLength(1)
    expect(rig.proxy.count('chat.postMessage')).toBe(2)
    expect(rig.proxy.count('files.completeUploadExternal')).toBe(2)
  })

  test('shows the state of now once it is found', async () => {
    rig.proxy.choose(({ method }) => (method === 'chat.postMessage' ? { do: 'lose' } : broken()))
    rig.bot()
    const job = jobOf(rig, 'one')
    await job.ask()
    await waitFor(async () => marked(await messages(), 'execution-one-v')[0], { what: 'the post' })
    await job.plan()
    next('none')
    await rig.settled()
    const [shown, ...more] = marked(await messages(), 'execution-one-v')
    expect(JSON.stringify(shown?.blocks)).toContain('waiting for approval')
    expect(more).toEqual([])
  })

  test('arrives late, after it was posted again: one copy is taken back', async () => {
    next('chat.postMessage', { do: 'late', after: 1_500 })
    rig.bot()
    await jobOf(rig, 'one').ask()
    await waitFor(() => rig.proxy.count('chat.delete') > 0, { what: 'a copy to be taken back' })
    await rig.settled()
    const [shown, ...more] = marked(await messages(), 'execution-one-v')
    expect(more).toEqual([])
    expect(shown?.ts).toBe((await rig.outbox.posted('execution:one'))?.ts)
  })

  test('is posted again where the history cannot be read, and the log says so once', async () => {
    const lost = ['execution-one-v', 'execution-two-v']
    rig.proxy.choose(({ method, form }) => {
      if (method === 'conversations.history') return refused('missing_scope')
      const at = lost.findIndex((mark) => form.get('blocks')?.includes(mark))
      if (method !== 'chat.postMessage' || at < 0) return { do: 'pass' }
      lost.splice(at, 1)
      return { do: 'lose' }
    })
    const bot = rig.bot()
    await jobOf(rig, 'one').ask()
    await jobOf(rig, 'two').ask()
    await rig.settled()
    expect(marked(await messages(), 'execution-one-v')).toHaveLength(2)
    expect(bot.saw('history not readable')).toHaveLength(1)
  })
})

test('a post that never left is posted once, with no look into the channel', async () => {
  next('chat.postMessage', limited(1), refused('too_many_members'))
  rig.bot()
  await jobOf(rig, 'one').ask()
  await rig.settled()
  expect(marked(await messages(), 'execution-one-v')).toHaveLength(1)
  expect(rig.proxy.count('conversations.history')).toBe(0)
})

test('an edit that arrives late does not stay over a newer one', async () => {
  rig.bot()
  const job = jobOf(rig, 'one')
  await job.ask()
  await rig.settled()
  next('chat.update', { do: 'late', after: 1_200 })
  await job.plan()
  await waitFor(() => rig.proxy.count('chat.update') > 0, { what: 'the edit' })
  await job.approve()
  await job.apply()
  await job.finish()
  await job.warn()
  await rig.settled()
  expect(await count(rig, ['one'])).toMatchObject({ lost: 0, doubled: 0, stale: 0 })
})

test('two bots that both were there leave one of everything', async () => {
  rig.proxy.choose(({ method }) => (method.startsWith('chat.') ? { do: 'pass', after: 100 } : { do: 'pass' }))
  rig.bot()
  rig.bot()
  const jobs = ['a', 'b', 'c', 'd'].map((id) => jobOf(rig, id))
  await Promise.all(jobs.map((job) => job.all(() => 20)))
  await rig.settled()
  expect(await count(rig, ['a', 'b', 'c', 'd'])).toMatchObject({ lost: 0, doubled: 0, stale: 0 })
  expect(rig.proxy.count('chat.delete')).toBe(0)
})

test('a writer who lost his lease while Slack was slow takes his own copy back', async () => {
  next('chat.postMessage', { do: 'hold' })
  const slow = rig.bot()
  await jobOf(rig, 'one').ask()
  await waitFor(() => rig.proxy.held() > 0, { what: 'the post to be under way' })
  // As after a long pause of the whole process: another one took over and posted.
  await rig.redis.hset(`${rig.keys.outbox}:holders`, 'execution:one', 'other')
  await rig.redis.set(rig.keys.message('execution:one'), JSON.stringify({ channel: ROOM, ts: '1.1', digest: '' }))
  rig.proxy.letGo()
  await waitFor(() => slow.saw('somebody else shows it').length > 0, { what: 'the slow one to stop' })
  expect(marked(await messages(), 'execution-one-v')).toEqual([])
  expect(await rig.outbox.posted('execution:one')).toMatchObject({ ts: '1.1' })
})
