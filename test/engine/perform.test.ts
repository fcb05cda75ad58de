import { expect, test } from 'vitest'
import type { Effect } from '../../src/core/event.ts'
import { createPerform } from '../../src/engine/perform.ts'
import type { Hint } from '../../src/engine/queue.ts'
import { startHeartbeat } from '../../src/engine/workers.ts'
import { site } from '../core/sample-site.ts'
import { wanted } from '../core/world.ts'
import { kinds, workerOf } from './kinds.ts'
import { silent } from './quiet.ts'
import { useRedis } from './redis.ts'

const here = useRedis()
const run: Effect = { do: 'run', execution: 'r1', stage: 'terraform.plan', attempt: 1, at: 0 }

async function performing() {
  const given: (Hint & { number: number })[] = []
  const hints = {
    add: async (hint: Hint, number: number) => void given.push({ ...hint, number }),
    close: async () => {},
  }
  await here.store.request(wanted(), 'r1')
  return { given, perform: createPerform({ ...here, site, kinds, hints }) }
}

const stuck = async () => (await here.store.execution('r1'))?.stages[0]?.stuck

test('a hint is given again, with a number of its own, until somebody started the stage', async () => {
  const { given, perform } = await performing()
  expect(await perform(run, 1)).toMatchObject({ againIn: expect.any(Number) })
  await perform(run, 2)
  expect(given.map(({ number }) => number)).toEqual([1, 2])
  await here.store.tell('r1', { type: 'stage.started', stage: 'terraform.plan', attempt: 1, worker: workerOf('w1') })
  expect(await perform(run, 3)).toBe('done')
  expect(given).toHaveLength(2)
})

test('people are told that there is no worker for a stage once it waited for half a minute', async () => {
  const { perform } = await performing()
  await perform(run, 1)
  expect(await stuck()).toBeUndefined()
  here.clock.now += 30_000
  await perform(run, 2)
  expect(await stuck()).toMatch(/No worker is there to run `terraform.plan`/)
})

test('nobody is told anything while a worker that may run it only has its hands full', async () => {
  const { perform } = await performing()
  const heart = startHeartbeat(here.redis, here.keys, workerOf('w1'), 3_600_000, silent)
  await heart.first
  here.clock.now += 30_000
  await perform(run, 2)
  expect(await stuck()).toBeUndefined()
  await heart.stop()
})
