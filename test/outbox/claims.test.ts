import { describe, expect, test } from 'vitest'
import { createOutbox, LeaseLost, type Wish } from '../../src/engine/outbox.ts'
import { wanted } from '../core/world.ts'
import { START, useRedis } from '../engine/redis.ts'

const here = useRedis()
const LEASE = 5_000
const outbox = () => createOutbox(here.redis, here.keys, here.now)
const posted = { channel: 'C01OPS', ts: '1.2', digest: 'd' }

async function one(box = outbox()): Promise<Wish> {
  const [wish] = await box.claim(1)
  if (!wish) throw new Error('Nothing was claimed.')
  return wish
}

const names = async (limit: number, room?: { posts: number; edits: number; files: number }) =>
  (await outbox().claim(limit, room)).map(({ name }) => name)

describe('what is due is served', () => {
  test('in this order: results, what changed, warnings, files, progress', async () => {
    const box = outbox()
    await box.want('execution:slow', START + 1)
    for (const name of ['file:r1:plan.txt', 'warning:r1', 'alert:a', 'execution:r1', 'closing:r1:over'])
      await box.want(name)
    here.clock.now += 1
    expect(await names(10)).toEqual([
      'closing:r1:over',
      'execution:r1',
      'alert:a',
      'warning:r1',
      'file:r1:plan.txt',
      'execution:slow',
    ])
  })

  test('as something that changed, if it was progress before: the store puts it in front', async () => {
    const box = outbox()
    await here.store.request(wanted(), 'k1')
    await box.settle(await one(box))
    await box.want('execution:r1', START + 1)
    await here.store.request(wanted({ id: 'r2', environment: 'other' }), 'k2')
    await box.want('execution:r0', START + 1)
    await here.store.tell('r1', { type: 'cancel', by: wanted().actor, why: '', force: false })
    here.clock.now += 1
    expect((await names(10)).at(-1)).toBe('execution:r0')
  })

  test('as something that changed, also when a word of progress comes after it', async () => {
    const box = outbox()
    await box.want('execution:r1')
    await box.want('execution:r1', START + 1)
    await box.want('execution:r0', START - 10)
    await box.want('warning:w')
    expect(await names(10)).toEqual(['execution:r0', 'execution:r1', 'warning:w'])
  })

  test('each kind of call in room of its own, so that slow ones hold nobody else', async () => {
    const box = outbox()
    for (const name of ['execution:a', 'execution:b']) {
      await box.want(name)
      const wish = await one(box)
      await box.remember(wish, posted)
      await box.settle(wish)
    }
    for (const name of ['execution:a', 'execution:b', 'execution:new', 'file:a:x', 'file:b:x', 'closing:a:over'])
      await box.want(name)
    expect(await names(10, { posts: 1, edits: 0, files: 1 })).toEqual(['closing:a:over', 'file:a:x'])
    expect(await names(10, { posts: 5, edits: 1, files: 0 })).toEqual(['execution:a', 'execution:new'])
  })
})

describe('whoever was so slow that somebody else took over', () => {
  async function overtaken(): Promise<{ slow: Wish; quick: Wish }> {
    const box = outbox()
    await box.want('m')
    const slow = await one(box)
    here.clock.now += LEASE
    return { slow, quick: await one() }
  }

  test('writes nothing any more', async () => {
    const { slow, quick } = await overtaken()
    const box = outbox()
    await box.remember(quick, posted)
    await expect(box.hold(slow)).rejects.toThrow(LeaseLost)
    await expect(box.intend(slow, { channel: 'C', at: 1, marks: ['x'] })).rejects.toThrow(LeaseLost)
    await expect(box.remember(slow, { ...posted, ts: '9.9' })).rejects.toThrow(LeaseLost)
    await expect(box.forget(slow)).rejects.toThrow(LeaseLost)
    expect(await box.posted('m')).toEqual(posted)
    expect(await box.intent('m')).toBeNull()
  })

  test('neither settles nor puts off what is not his', async () => {
    const { slow, quick } = await overtaken()
    const box = outbox()
    await box.settle(slow)
    await box.postpone(slow, START)
    here.clock.now += 1
    expect(await box.claim(10)).toEqual([])
    await box.hold(quick)
  })

  test('may say that there is something to look at again', async () => {
    const { quick } = await overtaken()
    const box = outbox()
    await box.distrust('m', { until: here.now(), edit: true })
    await box.settle(quick)
    expect((await box.claim(10)).map(({ name }) => name)).toEqual(['m'])
    expect(await box.doubt('m')).toEqual({ until: here.now(), edit: true })
  })
})

test('what is put off as a whole does not keep a newer state waiting', async () => {
  const box = outbox()
  await box.want('m')
  const wish = await one(box)
  await box.want('m')
  await box.postpone(wish, START + 60_000)
  here.clock.now += 1
  expect((await box.claim(10)).map(({ name }) => name)).toEqual(['m'])
})

test('tries in vain are counted until one works', async () => {
  const box = outbox()
  await box.want('m')
  const wish = await one(box)
  expect([await box.failed(wish), await box.failed(wish)]).toEqual([1, 2])
  await box.remember(wish, posted)
  expect(await box.failed(wish)).toBe(1)
})

test('doubts add up, and a newer one is not taken back with an older', async () => {
  const box = outbox()
  const intent = { channel: 'C', at: START, marks: ['a', 'b'] }
  await box.distrust('m', { until: START + 10, intent })
  const older = await box.doubt('m')
  await box.distrust('m', { until: START + 5, edit: true })
  expect(await box.doubt('m')).toEqual({ until: START + 10, intent, edit: true })
  if (older) await box.trust('m', older)
  expect(await box.doubt('m')).toEqual({ until: START + 10, intent, edit: true })
})
