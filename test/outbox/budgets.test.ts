import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createBudgets } from '../../src/engine/budgets.ts'
import type { Importance } from '../../src/slack/call.ts'
import { Later, spend } from '../../src/slack/call.ts'
import type { PosterParts } from '../../src/slack/parts.ts'
import { usual } from '../../src/slack/parts.ts'
import { PLAN, wanted, worker } from '../core/world.ts'
import { useRedis } from '../engine/redis.ts'

const here = useRedis()
/** Longer than a test runs. */
const rate = { most: 3, per: 3_600_000 }
const bucket = { name: 'b', rate }
const none = { least: 0, most: 0 }
const budgets = () => createBudgets(here.redis, here.keys)

test('is one for all bots', async () => {
  const asked = await Promise.all(Array.from({ length: 10 }, () => budgets().take({ bucket, keep: none, paused: [] })))
  expect(asked.filter((wait) => wait === 0)).toHaveLength(3)
})

test('says after how long there is something again', async () => {
  const short = { name: 's', rate: { most: 1, per: 200 } }
  const take = () => budgets().take({ bucket: short, keep: none, paused: [] })
  expect(await take()).toBe(0)
  const wait = await take()
  expect(wait).toBeGreaterThan(0)
  expect(wait).toBeLessThanOrEqual(200)
  await sleep(wait)
  expect(await take()).toBe(0)
})

test('a pause holds what names it and nothing else, and a shorter one does not end a longer', async () => {
  const box = budgets()
  await box.pause('chat.update:C1', 60_000)
  await box.pause('chat.update:C1', 10)
  expect(await box.take({ keep: none, paused: ['chat.update:C1'] })).toBeGreaterThan(50_000)
  expect(await box.take({ keep: none, paused: ['chat.update:C2'] })).toBe(0)
  expect(await box.take({ bucket, keep: none, paused: ['chat.postMessage:C1'] })).toBe(0)
})

const parts = () => ({ budgets: budgets(), pace: usual }) as PosterParts

/** How many edits of this importance there are in a row. */
async function edits(importance: Importance, channel = 'C1'): Promise<number> {
  for (let count = 0; ; count++) {
    const refusal = await spend(parts(), { method: 'chat.update', channel, importance }).catch((error) => error)
    if (refusal instanceof Later) return count
    if (refusal) throw refusal
  }
}

test('progress takes what is left, changes of state more, alerts and results the rest', async () => {
  const taken = []
  for (const importance of ['progress', 'state', 'alert', 'result'] as const) taken.push(await edits(importance))
  expect(taken).toEqual([20, 15, 10, 5])
})

/** So many executions of which a worker runs a stage. */
async function inHand(count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    const id = `r${number}`
    await here.store.request(wanted({ id, environment: null }), id)
    await here.store.tell(id, { type: 'stage.started', stage: PLAN, attempt: 1, worker })
  }
}

test('however much progress there is, as many results as executions are in hand find room when all end at once', async () => {
  await inHand(40)
  expect(await edits('progress')).toBe(10)
  expect(await edits('state')).toBe(15)
  expect(await edits('alert')).toBe(20)
  await here.redis.del(`${here.keys.outbox}:budget:edits`)
  expect(await edits('progress')).toBe(10)
  expect(await edits('result')).toBe(40)
})

test('with as many in hand as there are edits progress goes without, and asks again soon', async () => {
  await inHand(50)
  const refusal = await spend(parts(), { method: 'chat.update', channel: 'C1', importance: 'progress' }).catch(
    (error) => error,
  )
  expect(refusal).toBeInstanceOf(Later)
  expect(refusal.wait).toBeLessThanOrEqual(6_000)
  expect(await edits('result')).toBe(50)
})

test('edits are of the whole workspace, posts of one channel, and both keep to what Slack allows in a minute', async () => {
  expect(await edits('result', 'C1')).toBe(50)
  expect(await edits('result', 'C2')).toBe(0)
  const post = (channel: string) => spend(parts(), { method: 'chat.postMessage', channel, importance: 'result' })
  for (let count = 0; count < usual.posts.most; count++) await post('C1')
  await expect(post('C1')).rejects.toThrow(Later)
  await post('C2')
})
