import { expect, test } from 'vitest'
import { createOutbox, LeaseLost } from '../../src/engine/outbox.ts'
import { UserError } from '../../src/errors.ts'
import { createRetry } from '../../src/slack/again.ts'
import { Later } from '../../src/slack/call.ts'
import type { PosterParts } from '../../src/slack/parts.ts'
import { usual } from '../../src/slack/parts.ts'
import { silent, useRedis } from '../engine/redis.ts'

const here = useRedis()
const outbox = () => createOutbox(here.redis, here.keys, here.now)
const retry = (random = 1) =>
  createRetry({ outbox: outbox(), now: here.now, random: () => random, pace: usual, log: silent } as PosterParts)

const reset = { original: { cause: { code: 'ECONNRESET' } } }
const slackSays = (error: string) => ({ data: { error } })

async function claimed(name = 'execution:r1') {
  await outbox().want(name)
  const [wish] = await outbox().claim(1)
  if (!wish) throw new Error('Nothing was claimed.')
  return wish
}

/** The waits of one message after the same failure again and again. */
async function waits(error: unknown, times: number, random = 1): Promise<number[]> {
  const one = retry(random)
  const found: number[] = []
  for (let count = 0; count < times; count++) {
    const wait = await one.later(await claimed(), error)
    found.push(wait / 1000)
    here.clock.now += wait
  }
  return found
}

test('the waits of an outage double up to half a minute', async () => {
  expect(await waits(reset, 8)).toEqual([1, 2, 4, 8, 16, 30, 30, 30])
})

test('half of each wait is left to chance, so that all do not come back at once', async () => {
  expect(await waits(reset, 6, 0)).toEqual([0.5, 1, 2, 4, 8, 15])
})

test('what Slack says no to is tried again, ever more seldom', async () => {
  expect((await waits(slackSays('restricted_action'), 11)).at(-1)).toBe(300)
})

test('a token that is refused stops everything, longer each time, until a call works', async () => {
  const one = retry()
  const pause = async () => {
    await one.later(await claimed(), slackSays('invalid_auth'))
    const from = here.clock.now
    while (one.quiet()) here.clock.now += 1_000
    return (here.clock.now - from) / 1000
  }
  expect([await pause(), await pause(), await pause()]).toEqual([30, 60, 120])
  one.worked()
  expect(await pause()).toBe(30)
})

test('a limit is no failure: it waits as long as it says and counts no try', async () => {
  const wait = await retry().later(await claimed(), new Later(7_000, 'result'))
  expect(wait).toBe(7_000)
  here.clock.now += 6_999
  expect(await outbox().claim(1)).toEqual([])
  here.clock.now += 1
  expect(await waits(reset, 1)).toEqual([1])
})

test('what somebody else shows by now is left alone', async () => {
  const wish = await claimed()
  await retry().later(wish, new LeaseLost('gone'))
  expect(await outbox().claim(1)).toEqual([])
  await outbox().hold(wish)
})

/** Whether something is still wanted after it failed so often. */
async function wantedAfter(name: string, error: unknown, times = 100): Promise<boolean> {
  const one = retry()
  for (let count = 0; count < times; count++) {
    await one.later(await claimed(name), error)
    here.clock.now += 600_000
  }
  return (await here.redis.zscore(here.keys.outbox, name)) !== null
}

test('a file that Slack refuses again and again is left out in the end; a result never is', async () => {
  expect(await wantedAfter('file:r1:plan.txt:1', slackSays('restricted_action'))).toBe(false)
  expect(await wantedAfter('closing:r1:over', slackSays('restricted_action'))).toBe(true)
})

test('an outage costs no file, however long it lasts, and counts for nothing afterwards', async () => {
  expect(await wantedAfter('file:r1:plan.txt:1', reset, 300)).toBe(true)
  expect(await wantedAfter('file:r1:plan.txt:1', slackSays('restricted_action'), 10)).toBe(true)
})

test('a file that is gone, or does not open, is left out at once', async () => {
  expect(await wantedAfter('file:r1:plan.txt:1', new UserError('gone'), 1)).toBe(false)
  expect(await wantedAfter('execution:r1', new UserError('gone'), 1)).toBe(true)
})
