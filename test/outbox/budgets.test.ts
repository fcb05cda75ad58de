import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createBudgets } from '../../src/engine/budgets.ts'
import type { Importance } from '../../src/slack/call.ts'
import { Later, spend } from '../../src/slack/call.ts'
import type { PosterParts } from '../../src/slack/parts.ts'
import { usual } from '../../src/slack/parts.ts'
import { useRedis } from '../engine/redis.ts'

const here = useRedis()
/** Longer than a test runs. */
const rate = { most: 3, per: 3_600_000 }
const bucket = { name: 'b', rate }
const budgets = () => createBudgets(here.redis, here.keys)

test('is one for all bots', async () => {
  const asked = await Promise.all(Array.from({ length: 10 }, () => budgets().take({ bucket, keep: 0, paused: [] })))
  expect(asked.filter((wait) => wait === 0)).toHaveLength(3)
})

test('says after how long there is something again', async () => {
  const short = { name: 's', rate: { most: 1, per: 200 } }
  const take = () => budgets().take({ bucket: short, keep: 0, paused: [] })
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
  expect(await box.take({ keep: 0, paused: ['chat.update:C1'] })).toBeGreaterThan(50_000)
  expect(await box.take({ keep: 0, paused: ['chat.update:C2'] })).toBe(0)
  expect(await box.take({ bucket, keep: 0, paused: ['chat.postMessage:C1'] })).toBe(0)
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

test('edits are of the whole workspace, posts of one channel, and both keep to what Slack allows in a minute', async () => {
  expect(await edits('result', 'C1')).toBe(50)
  expect(await edits('result', 'C2')).toBe(0)
  const post = (channel: string) => spend(parts(), { method: 'chat.postMessage', channel, importance: 'result' })
  for (let count = 0; count < usual.posts.most; count++) await post('C1')
  await expect(post('C1')).rejects.toThrow(Later)
  await post('C2')
})
