import { expect, test } from 'vitest'
import { createProgress } from '../../src/engine/progress.ts'
import { createSilence } from '../../src/engine/silence.ts'
import { createWatch } from '../../src/engine/watch.ts'
import { executionOf, kinds, only, ready, workerOf } from './kinds.ts'
import { silent, useRedis } from './redis.ts'

const here = useRedis()
const MINUTE = 60_000

/** A bot's look, and which messages it has drawn anew. */
function bot() {
  const shown: string[] = []
  const progress = createProgress(here.redis, here.keys)
  const besides = createSilence({
    ...{ progressOf: progress.get, after: 5 * MINUTE, now: here.now },
    show: async (id) => {
      shown.push(id)
    },
  })
  const watch = createWatch({ ...here, kinds, deadAfter: 600_000_000, log: silent, besides })
  const after = async (minutes: number) => {
    here.clock.now += minutes * MINUTE
    await watch.look()
    return shown.splice(0)
  }
  return { after, progress, stop: watch.stop }
}

test('a running stage that says nothing has its message drawn anew, each minute, until it says something', async () => {
  await ready(here, only('script', { script: 'true' }))
  await here.store.tell('r1', { type: 'stage.started', stage: 'one', attempt: 1, worker: workerOf('w1') })
  const { after, progress, stop } = bot()
  expect(await after(4)).toEqual([])
  expect(await after(1)).toEqual(['r1'])
  expect(await after(0.5)).toEqual([])
  expect(await after(0.5)).toEqual(['r1'])
  await progress.set('r1', { stage: 'one', text: 'up', at: here.clock.now })
  expect(await after(4)).toEqual([])
  expect(await after(1)).toEqual(['r1'])
  await here.store.tell('r1', {
    type: 'stage.ended',
    stage: 'one',
    attempt: 1,
    outcome: { kind: 'succeeded', output: {} },
  })
  expect((await executionOf(here)).status).toBe('succeeded')
  expect(await after(10)).toEqual([])
  await stop()
})

test('the last word of a stage that hangs for hours is kept, with what it was about', async () => {
  await ready(here, only('script', { script: 'true' }))
  const { progress, stop } = bot()
  const word = { stage: 'one', text: '1 of 2 created', where: 'aws_instance.web', at: here.clock.now }
  await progress.set('r1', word)
  expect(await here.redis.ttl(here.keys.progress('r1'))).toBeGreaterThan(7 * 24 * 3600)
  expect(await progress.get('r1')).toEqual([word])
  await stop()
})

test('a bot that starts later finds the same', async () => {
  await ready(here, only('script', { script: 'true' }))
  await here.store.tell('r1', { type: 'stage.started', stage: 'one', attempt: 1, worker: workerOf('w1') })
  here.clock.now += 10 * MINUTE
  const { after, stop } = bot()
  expect(await after(0)).toEqual(['r1'])
  await stop()
})
