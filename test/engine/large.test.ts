import { describe, expect, test } from 'vitest'
import { createStore } from '../../src/engine/store.ts'
import { stage, wanted, worker } from '../core/world.ts'
import { executionOf } from './kinds.ts'
import { useRedis } from './redis.ts'

const here = useRedis()
const MANY = 120
const stages = Array.from({ length: MANY }, (_, at) => stage(`s${at}`, 'script'))
const started = (at: number) => ({ type: 'stage.started', stage: `s${at}`, attempt: 1, worker }) as const
const ended = (at: number) =>
  ({ type: 'stage.ended', stage: `s${at}`, attempt: 1, outcome: { kind: 'succeeded', output: {} } }) as const

/** Two processes, each with a store of its own, as bots and workers have. */
const two = () => [here.store, createStore(here.redis, here.keys, here.now)] as const

describe('an execution of many stages', () => {
  test('is read as it stands, whoever changed it last', async () => {
    await here.store.request(wanted({ stages }), 'r1')
    const [one, other] = two()
    await other.execution('r1')
    await one.tell('r1', started(0))
    expect((await other.execution('r1'))?.stages[0]?.state).toBe('running')
    await other.tell('r1', ended(0))
    expect((await one.execution('r1'))?.stages[0]?.state).toBe('succeeded')
    expect(await one.execution('r1')).toEqual(await other.execution('r1'))
    expect((await one.execution('r1'))?.version).toBe(3)
  })

  test('loses nothing that many tell it at once', async () => {
    await here.store.request(wanted({ stages }), 'r1')
    const stores = two()
    const all = Array.from({ length: MANY }, (_, at) => at)
    await Promise.all(all.map((at) => stores[at % 2]?.tell('r1', started(at))))
    await Promise.all(all.map((at) => stores[(at + 1) % 2]?.tell('r1', ended(at))))
    expect(await executionOf(here)).toMatchObject({ status: 'succeeded', version: 1 + 2 * MANY })
  })

  test('is gone where Redis has it no more, and is what Redis has after an older one came back', async () => {
    await here.store.request(wanted({ stages }), 'r1')
    const before = await here.redis.hgetall(here.keys.execution('r1'))
    await here.store.tell('r1', started(0))
    await here.redis.hset(here.keys.execution('r1'), before)
    expect((await here.store.execution('r1'))?.stages[0]?.state).toBe('ready')
    await here.redis.del(here.keys.execution('r1'))
    expect(await here.store.execution('r1')).toBeNull()
  })
})
