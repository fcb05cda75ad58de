import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import type { Effect } from '../../src/core/event.ts'
import { TooLate } from '../../src/engine/late.ts'
import { createStore } from '../../src/engine/store.ts'
import { APPLY, alice, bob, downStages, PLAN, planned, wanted, worker } from '../core/world.ts'
import { effectsOf, START, useRedis } from './redis.ts'

const here = useRedis()

const cancel = { type: 'cancel', by: alice, why: '', force: false } as const
const started = { type: 'stage.started', stage: PLAN, attempt: 1, worker } as const
const warn: Effect = { do: 'lifetime', environment: 'loadtest', id: 'r1', what: 'warn', at: START }

/** Everything below the prefix of this test, as Redis has it. */
async function everything(): Promise<Record<string, unknown>> {
  const { redis, keys } = here
  const names = (await redis.keys(`${keys.queue.replace('-stages', '')}:*`)).sort()
  const dumps = await Promise.all(names.map((name) => redis.dumpBuffer(name)))
  return Object.fromEntries(names.map((name, index) => [name, dumps[index]?.toString('hex')]))
}

describe('a request', () => {
  test('is stored with its environment, its first effects, its message and its key, in one', async () => {
    const stored = await here.store.request(wanted(), 'k1')
    expect(stored).toMatchObject({ before: false, execution: { id: 'r1', status: 'running', lock: 'held' } })
    expect(await here.store.execution('r1')).toMatchObject({ version: 1, createdAt: START })
    expect(await here.store.environment('loadtest')).toMatchObject({ version: 1, lock: { execution: 'r1' } })
    expect(await effectsOf(here)).toEqual([{ do: 'run', execution: 'r1', stage: PLAN, attempt: 1, at: START }])
    expect(await here.redis.zrange(here.keys.outbox, '0', '-1')).toEqual(['execution:r1'])
    expect(await here.redis.pttl(here.keys.seen('k1'))).toBeGreaterThan(3_600_000)
  })

  test('that is delivered twenty times at once is stored once, and all hear of the same execution', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `r${index}`)
    const answers = await Promise.all(ids.map((id) => here.store.request(wanted({ id }), 'same')))
    expect(answers.filter((each) => each?.before === false)).toHaveLength(1)
    expect(new Set(answers.map((each) => each?.execution.id)).size).toBe(1)
    expect(await here.store.list({ limit: 100 })).toHaveLength(1)
    expect(await effectsOf(here)).toHaveLength(1)
    expect((await here.store.environment('loadtest')).queue).toEqual([])
  })

  test('of twenty people at once gives one the lock and each a place of his own', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `r${index}`)
    await Promise.all(ids.map((id) => here.store.request(wanted({ id }), id)))
    const { lock, queue } = await here.store.environment('loadtest')
    expect([lock?.execution, ...queue.map((each) => each.execution)].sort()).toEqual(ids.sort())
    const all = await here.store.list({ limit: 100 })
    expect(all.filter((each) => each.lock === 'held').map(({ id }) => id)).toEqual([lock?.execution])
  })

  test('that was answered as too late stores nothing, also not its key', async () => {
    await expect(here.store.request(wanted(), 'k1', { until: () => 0 })).rejects.toThrow(TooLate)
    expect(await everything()).toEqual({})
    expect(await here.store.request(wanted(), 'k1', { until: () => 60_000 })).toMatchObject({ before: false })
  })

  test('that the environment calls off stores nothing', async () => {
    expect(await here.store.request(wanted(), 'k1', { alter: () => null })).toBeNull()
    expect(await everything()).toEqual({})
  })

  test('changes the environment and adds effects together with it', async () => {
    const alter = (environment: Parameters<typeof same>[0]) => ({ environment: same(environment), effects: [warn] })
    await here.store.request(wanted(), 'k1', { alter })
    expect(await here.store.environment('loadtest')).toMatchObject({
      last: { execution: 'r0' },
      lock: { execution: 'r1' },
    })
    expect(await effectsOf(here)).toEqual(expect.arrayContaining([warn]))
  })

  test('that goes first waits before all who wait', async () => {
    for (const id of ['r1', 'r2']) await here.store.request(wanted({ id }), id)
    await here.store.request(wanted({ id: 'end', stages: downStages() }), 'end', { first: true })
    const { lock, queue } = await here.store.environment('loadtest')
    expect([lock, ...queue].map((each) => each?.execution)).toEqual(['r1', 'end', 'r2'])
  })

  test('without an environment touches none', async () => {
    await here.store.request(wanted({ environment: null, stages: [] }), 'k1')
    expect(await here.redis.exists(here.keys.environment('loadtest'))).toBe(0)
  })
})

describe('an event', () => {
  test('of fifty at once happens once; the others see who was first', async () => {
    await here.store.request(wanted(), 'k1')
    const events = Array.from({ length: 50 }, (_, index) => ({ ...started, worker: { ...worker, id: `w${index}` } }))
    const answers = await Promise.all(events.map((event) => here.store.tell('r1', event)))
    expect(answers.filter(({ changed }) => changed)).toHaveLength(1)
    const winner = answers.find(({ changed }) => changed)?.execution.stages[0]?.worker?.id
    expect((await here.store.execution('r1'))?.stages[0]?.worker?.id).toBe(winner)
  })

  test('of two bots on connections of their own happens once too', async () => {
    await here.store.request(wanted(), 'k1')
    const other = new Redis(here.url)
    const there = createStore(other, here.keys, here.now)
    const answers = await Promise.all([here.store, there, here.store, there].map((store) => store.tell('r1', cancel)))
    other.disconnect()
    expect(answers.filter(({ changed }) => changed)).toHaveLength(1)
    expect(answers.filter(({ refused }) => refused === 'It is over: canceled.')).toHaveLength(3)
  })

  test('of many kinds at once loses none that fits', async () => {
    const ids = Array.from({ length: 10 }, (_, index) => `r${index}`)
    for (const id of ids) await here.store.request(wanted({ id }), id)
    await Promise.all(ids.map((id) => here.store.tell(id, cancel)))
    const all = await here.store.list({ limit: 100 })
    expect(all.map(({ status }) => status)).toEqual(ids.map(() => 'canceled'))
    expect(await here.store.environment('loadtest')).toMatchObject({ lock: null, queue: [] })
  })

  test('that no longer fits writes nothing at all', async () => {
    await here.store.request(wanted(), 'k1')
    await here.store.tell('r1', cancel)
    const before = await everything()
    expect(await here.store.tell('r1', started)).toMatchObject({ changed: false, effects: [] })
    expect(await everything()).toEqual(before)
  })

  test('delivered twice changes once, and the second is no refusal', async () => {
    await here.store.request(wanted(), 'k1')
    expect(await here.store.tell('r1', cancel, 'click1')).toMatchObject({ changed: true })
    expect(await here.store.tell('r1', cancel, 'click1')).toMatchObject({ changed: false, refused: null })
    expect(await here.store.tell('r1', cancel, 'click2')).toMatchObject({
      changed: false,
      refused: expect.any(String),
    })
    expect(await here.store.tell('r1', cancel, 'click2')).toMatchObject({ changed: false, refused: null })
  })

  test('delivered ten times at once changes once and refuses nobody', async () => {
    await here.store.request(wanted(), 'k1')
    const answers = await Promise.all(Array.from({ length: 10 }, () => here.store.tell('r1', cancel, 'click1')))
    expect(answers.filter(({ changed }) => changed)).toHaveLength(1)
    expect(answers.filter(({ refused }) => refused !== null)).toEqual([])
  })

  test('for an execution that is not there is a fault', async () => {
    await expect(here.store.tell('nobody', cancel)).rejects.toThrow(/no execution nobody/)
  })

  test('that leaves the environment alone does not write it', async () => {
    await here.store.request(wanted(), 'k1')
    await here.store.tell('r1', started)
    expect(await here.store.environment('loadtest')).toMatchObject({ version: 1 })
    await here.store.tell('r1', { type: 'stage.ended', stage: PLAN, attempt: 1, outcome: planned() })
    expect(await here.store.environment('loadtest')).toMatchObject({ version: 1 })
    expect(await here.store.execution('r1')).toMatchObject({ version: 3, status: 'waiting' })
  })

  test('gives the lock to the next and tells him, in one', async () => {
    for (const id of ['r1', 'r2']) await here.store.request(wanted({ id }), id)
    await here.store.tell('r1', cancel)
    expect((await here.store.environment('loadtest')).lock?.execution).toBe('r2')
    const grants = (await effectsOf(here)).filter((each) => each.do === 'tell')
    expect(grants).toEqual([expect.objectContaining({ execution: 'r2', event: { type: 'lock.granted' } })])
  })
})

describe('a commit is all or nothing', () => {
  test('when the environment was changed in between, nothing of the execution is written', async () => {
    await here.store.request(wanted(), 'k1')
    const stale = { ...(await here.store.environment('loadtest')), version: 7 }
    await expect(here.store.alter('loadtest', () => ({ environment: stale, effects: [warn] }))).rejects.toThrow(
      /changed by somebody else/,
    )
    expect(await effectsOf(here)).toHaveLength(1)
    expect((await here.store.environment('loadtest')).version).toBe(1)
  })

  test('fifty changes of an environment at once are all there afterwards', async () => {
    const add = (index: number) =>
      here.store.alter('loadtest', (environment) => ({
        environment: { ...environment, queue: [...environment.queue, claimOf(`r${index}`)] },
        effects: [{ ...warn, id: `e${index}` } as Effect],
      }))
    await Promise.all(Array.from({ length: 50 }, (_, index) => add(index)))
    const { queue, version } = await here.store.environment('loadtest')
    expect([new Set(queue.map(({ execution }) => execution)).size, version]).toEqual([50, 50])
    expect(await effectsOf(here)).toHaveLength(50)
  })

  test('a change that is called off writes nothing', async () => {
    expect(await here.store.alter('loadtest', () => null)).toBeNull()
    expect(await everything()).toEqual({})
  })

  test('what Redis holds survives a Redis that is killed', async () => {
    await here.store.request(wanted(), 'k1')
    expect(await here.redis.config('GET', 'appendfsync')).toEqual(['appendfsync', 'always'])
  })
})

test('a key is first once, however many ask', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => here.store.first('once')))
  expect(answers.filter(Boolean)).toHaveLength(1)
})

describe('the list', () => {
  test('is newest first, and open are those that are not over', async () => {
    for (const id of ['r1', 'r2', 'r3']) {
      here.clock.now += 1000
      await here.store.request(wanted({ id }), id)
    }
    await here.store.tell('r2', cancel)
    const ids = async (options: Parameters<typeof here.store.list>[0]) =>
      (await here.store.list(options)).map(({ id }) => id)
    expect(await ids({ limit: 10 })).toEqual(['r3', 'r2', 'r1'])
    expect(await ids({ limit: 2 })).toEqual(['r3', 'r2'])
    expect(await ids({ limit: 10, open: true })).toEqual(['r3', 'r1'])
  })

  test('of what is in hand has those of which a worker has a stage, and not those that were left', async () => {
    const inHand = async () => (await here.store.list({ limit: 10, inHand: true })).map(({ id }) => id)
    await here.store.request(wanted({ stages: [{ ...downOne, kind: APPLY }] }), 'k1')
    expect(await inHand()).toEqual([])
    await here.store.tell('r1', { ...started, stage: PLAN })
    expect(await inHand()).toEqual(['r1'])
    await here.store.tell('r1', { type: 'stage.lost', stage: PLAN, attempt: 1, why: 'x', repeatable: false })
    expect(await inHand()).toEqual(['r1'])
    await here.store.tell('r1', { type: 'left', by: bob })
    expect(await inHand()).toEqual([])
  })
})

const downOne = downStages()[0] as NonNullable<ReturnType<typeof downStages>[0]>
const claimOf = (execution: string) => ({ execution, line: 'x', actor: alice, since: START })

function same(environment: Awaited<ReturnType<typeof here.store.environment>>) {
  return { ...environment, last: { execution: 'r0', line: 'x', at: START, up: true } }
}
