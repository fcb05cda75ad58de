import { describe, expect, test } from 'vitest'
import { createOutbox } from '../../src/engine/outbox.ts'
import { createProgress } from '../../src/engine/progress.ts'
import { wanted } from '../core/world.ts'
import { START, useRedis } from './redis.ts'

const here = useRedis()
const outbox = () => createOutbox(here.redis, here.keys, here.now)
const LEASE = 5_000

describe('a wish to show something', () => {
  test('stands once, however often it changed', async () => {
    const box = outbox()
    for (let times = 0; times < 5; times++) await box.want('m')
    expect(await box.claim(10)).toHaveLength(1)
  })

  test('is due when it says, and sooner when a sooner one comes', async () => {
    const box = outbox()
    await box.want('m', START + 3000)
    expect(await box.claim(10)).toEqual([])
    await box.want('m', START + 1000)
    await box.want('m', START + 2000)
    here.clock.now += 1000
    expect(await box.claim(10)).toHaveLength(1)
  })

  test('comes from the store with the change itself', async () => {
    await here.store.request(wanted(), 'k1')
    expect((await outbox().claim(10)).map(({ name }) => name)).toEqual(['execution:r1'])
  })

  test('is given to one of many who ask at once', async () => {
    await outbox().want('m')
    const claims = await Promise.all(Array.from({ length: 10 }, () => outbox().claim(10)))
    expect(claims.flat()).toHaveLength(1)
  })

  test('is given no more of than were asked for, oldest first', async () => {
    const box = outbox()
    for (const [name, at] of [
      ['b', START - 1],
      ['c', START],
      ['a', START - 2],
    ] as const)
      await box.want(name, at)
    expect((await box.claim(2)).map(({ name }) => name)).toEqual(['a', 'b'])
  })

  test('is given to the next when whoever had it died with it', async () => {
    await outbox().want('m')
    expect(await outbox().claim(10)).toHaveLength(1)
    here.clock.now += LEASE - 1
    expect(await outbox().claim(10)).toEqual([])
    here.clock.now += 1
    expect(await outbox().claim(10)).toHaveLength(1)
  })
})

describe('what was shown', () => {
  test('is settled and does not come again', async () => {
    const box = outbox()
    await box.want('m')
    for (const wish of await box.claim(10)) await box.settle(wish)
    here.clock.now += 10 * LEASE
    expect(await box.claim(10)).toEqual([])
    expect(await here.redis.hlen(`${here.keys.outbox}:wanted`)).toBe(0)
  })

  test('is not settled when another wish came meanwhile, which is due when it says', async () => {
    const box = outbox()
    await box.want('m')
    const [wish] = await box.claim(10)
    await box.want('m', START + 1000)
    if (wish) await box.settle(wish)
    expect(await box.claim(10)).toEqual([])
    here.clock.now += 1000
    expect(await box.claim(10)).toHaveLength(1)
  })

  test('is shown by one at a time: what is wanted meanwhile waits for him, and no others wait with it', async () => {
    const box = outbox()
    await box.want('m', START - 1)
    const [slow] = await box.claim(10)
    await box.want('m', START - 1)
    await box.want('n')
    expect((await outbox().claim(1)).map(({ name }) => name)).toEqual(['n'])
    expect(await outbox().claim(10)).toEqual([])
    if (slow) await box.settle(slow)
    expect((await outbox().claim(10)).map(({ name }) => name)).toEqual(['m'])
  })

  test('by a slow one whose time had run out settles nothing of a later one, and then there is peace', async () => {
    const box = outbox()
    await box.want('m')
    const [slow] = await box.claim(10)
    here.clock.now += LEASE
    await box.want('m')
    const [quick] = await box.claim(10)
    if (quick) await box.settle(quick)
    await box.want('m')
    if (slow) await box.settle(slow)
    const again = await box.claim(10)
    expect(again).toHaveLength(1)
    for (const wish of again) await box.settle(wish)
    if (slow) await box.settle(slow)
    here.clock.now += 10 * LEASE
    expect(await box.claim(10)).toEqual([])
  })

  test('that could not be shown now is tried again then, not before', async () => {
    const box = outbox()
    await box.want('m')
    const [wish] = await box.claim(10)
    if (wish) await box.postpone(wish, START + 5000)
    expect(await box.claim(10)).toEqual([])
    here.clock.now += 5000
    expect(await box.claim(10)).toEqual([{ ...wish, lease: expect.any(String) }])
  })

  test('in the end is always the last state, whoever shows and however slowly', async () => {
    const box = outbox()
    let state = 0
    let shown = -1
    const change = async () => {
      state++
      await box.want('m')
    }
    const post = async () => {
      for (const wish of await box.claim(10)) {
        const seen = state
        await Promise.resolve()
        shown = seen
        await box.settle(wish)
      }
    }
    await Promise.all(Array.from({ length: 200 }, (_, index) => (index % 3 === 0 ? change() : post())))
    for (let rounds = 0; rounds < 10; rounds++) {
      await post()
      here.clock.now += LEASE
    }
    expect(shown).toBe(state)
    expect(await here.redis.zcard(here.keys.outbox)).toBe(0)
  })
})

test('where a message stands is remembered until it is forgotten', async () => {
  const box = outbox()
  expect(await box.posted('m')).toBeNull()
  const posted = { channel: 'C01OPS', ts: '1.2', digest: 'd' }
  await box.want('m')
  const [wish] = await box.claim(1)
  if (!wish) throw new Error('Nothing was claimed.')
  await box.remember(wish, posted)
  expect(await box.posted('m')).toEqual(posted)
  await box.forget(wish)
  expect(await box.posted('m')).toBeNull()
})

test('progress is the last word of each stage', async () => {
  const progress = createProgress(here.redis, here.keys)
  await progress.set('r1', { stage: 'a', text: '1 of 2', at: START })
  await progress.set('r1', { stage: 'a', text: '2 of 2', at: START + 1 })
  await progress.set('r1', { stage: 'b', text: '1 of 9', at: START + 1 })
  expect(await progress.get('r1')).toEqual([
    { stage: 'a', text: '2 of 2', at: START + 1 },
    { stage: 'b', text: '1 of 9', at: START + 1 },
  ])
  expect(await progress.get('r2')).toEqual([])
})
