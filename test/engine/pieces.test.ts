import { isDeepStrictEqual } from 'node:util'
import { Redis } from 'ioredis'
import { afterAll, expect, test } from 'vitest'
import { advance } from '../../src/core/advance.ts'
import type { Event } from '../../src/core/event.ts'
import type { Execution, StageRun } from '../../src/core/execution.ts'
import { isOver, newExecution } from '../../src/core/execution.ts'
import type { Outcome, Stage } from '../../src/core/workflow.ts'
import { createStore } from '../../src/engine/store.ts'
import { type Dice, dice } from '../core/town.ts'
import { alice, bob, stage, wanted, worker } from '../core/world.ts'
import { useRedis } from './redis.ts'

const here = useRedis()
const connections: Redis[] = []
afterAll(() => {
  for (const each of connections) each.disconnect()
})

/** Ten beside each other, and every kind of failure; an apply that nobody saw end gets a stage beside it, which goes again. */
function graph(count: number): Stage[] {
  const failures = ['continue', 'halt-branch', 'continue', 'finish-then-fail'] as const
  return Array.from({ length: count }, (_, at) => {
    const kind = at % 5 === 1 ? 'terraform.apply' : 'script'
    const after = at < 10 ? [] : [`s${at - 10}`, ...(at % 7 === 0 ? [`s${at - 9}`] : [])]
    return { ...stage(`s${at}`, kind, { note: `${at}é`.repeat(3) }, after), onFailure: failures[at % 4] ?? 'continue' }
  })
}

function anyEvent({ chance, next, pick }: Dice, execution: Execution): Event {
  const busy = execution.stages.filter(({ state }) => state === 'ready' || state === 'running')
  const { id, attempt, state, kind } = pick(busy.length > 0 && chance(0.9) ? busy : execution.stages)
  const about = { stage: id, attempt }
  const ends = (outcome: Outcome): Event => ({ type: 'stage.ended', ...about, outcome })
  const stuck = execution.stages.find((each) => each.state === 'unknown')
  if (stuck && chance(0.3)) return { ...ends({ kind: 'succeeded', output: {} }), ...startOf(stuck) } as Event
  if (stuck && chance(0.01)) return { type: 'left', by: bob }
  if (chance(0.02)) return { type: 'stage.stuck', ...about, why: `nobody ${next()}` }
  if (chance(0.002)) return { type: 'cancel', by: alice, why: '', force: false }
  if (state === 'ready') return { type: 'stage.started', ...about, worker }
  if (chance(0.05)) return { type: 'stage.lost', ...about, why: 'gone', repeatable: kind === 'script' }
  if (chance(0.1)) return ends({ kind: 'failed', error: 'x', output: { n: next() } })
  return ends({ kind: 'succeeded', output: { n: next() } })
}

const startOf = ({ id, attempt }: StageRun) => ({ stage: id, attempt })

/** As text and back: what Redis may keep of it. */
const plain = (execution: Execution) => JSON.parse(JSON.stringify(execution)) as Execution

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const each of Object.values(value)) frozen(each)
  return value
}

/** A store of its own connection, as every bot and worker has one; nobody may change what it gives. */
function another() {
  const redis = new Redis(here.url)
  connections.push(redis)
  return createStore(redis, here.keys, here.now)
}

/**
 * What two processes make of an execution is what `advance` makes of it in memory, whatever happens in whatever order: also where Redis
 * goes back to what it had some changes ago, as after a failover, and where one of them has not looked for long.
 */
async function walk(seed: number, { count = 60, steps = 400 } = {}): Promise<Set<string>> {
  const random = dice(seed)
  const stores = [another(), another()]
  const key = here.keys.execution('r1')
  const seen = new Set<string>()
  await stores[0]?.request(wanted({ environment: null, stages: graph(count) }), `walk${seed}`)
  const fresh = newExecution(wanted({ environment: null, stages: graph(count) }), here.now())
  const first = advance({ execution: fresh, environment: null }, { type: 'requested', first: false }, here.now())
  let model = plain({ ...first.execution, version: 1 })
  let backup = { model, dump: await here.redis.dumpBuffer(key) }
  for (let step = 0; step < steps && !isOver(model); step++) {
    here.clock.now += 1000
    const chance = random.next()
    if (chance < 0.02) backup = { model, dump: await here.redis.dumpBuffer(key) }
    if (chance > 0.98) {
      await here.redis.restore(key, 0, backup.dump as Buffer, 'REPLACE')
      model = backup.model
      seen.add('lost')
    }
    // For long stretches only one of them has anything to do.
    const store = stores[Math.floor(step / 40) % 3 === 0 ? random.below(2) : 0] as (typeof stores)[0]
    const event = anyEvent(random, model)
    const next = advance({ execution: model, environment: null }, event, here.now())
    const told = await store.tell('r1', event)
    expect(told.changed, `seed ${seed}, step ${step}: ${event.type}`).toBe(next.changed)
    frozen(told.execution)
    if (next.execution.stages.length !== model.stages.length) seen.add('length')
    if (next.changed) model = plain({ ...next.execution, version: model.version + 1 })
    seen.add(model.status)
    const reader = stores[random.chance(0.9) ? 0 : 1] as (typeof stores)[0]
    const read = frozen(await reader.execution('r1'))
    if (!isDeepStrictEqual(plain(read as Execution), model))
      expect(read, `seed ${seed}, step ${step}: ${event.type}`).toEqual(model)
  }
  for (const store of [...stores, another()]) expect(await store.execution('r1')).toEqual(model)
  return seen
}

test('random walks through two processes end as in memory, also where Redis loses changes', async () => {
  const seen = new Set<string>()
  for (let seed = 1; seed <= 6; seed++) {
    for (const each of await walk(seed)) seen.add(each)
    await here.redis.flushdb()
  }
  expect([...seen]).toEqual(expect.arrayContaining(['lost', 'length', 'unknown', 'running']))
})

const stuck = (at: number): Event => ({ type: 'stage.stuck', stage: 's0', attempt: 1, why: `nobody ${at}` })
const start = (at: number): Event => ({ type: 'stage.started', stage: `s${at}`, attempt: 1, worker })

test('who has not looked for longer than changes are kept reads all of it', async () => {
  const [one, other] = [another(), another()]
  await one.request(wanted({ environment: null, stages: graph(40) }), 'k1')
  await other.execution('r1')
  await one.tell('r1', start(1))
  for (let at = 0; at < 300; at++) await one.tell('r1', stuck(at))
  const read = await other.execution('r1')
  expect(read?.version).toBe(302)
  expect(read?.stages.slice(0, 2)).toMatchObject([{ stuck: 'nobody 299' }, { state: 'running' }])
  expect(read).toEqual(await another().execution('r1'))
  const changes = (await here.redis.hkeys(here.keys.execution('r1'))).filter((name) => name.startsWith('c'))
  expect(changes).toHaveLength(256)
})

test('one that an earlier version stored as one text is read, changed, and lies in pieces from then on', async () => {
  const [one, other] = [another(), another()]
  const key = here.keys.execution('r1')
  await one.request(wanted({ environment: null, stages: graph(40) }), 'k1')
  const before = (await one.execution('r1')) as Execution
  await here.redis.del(key)
  await here.redis.hset(key, 'v', '1', 'd', JSON.stringify(before))
  expect(await one.execution('r1')).toEqual(before)
  expect(await other.execution('r1')).toEqual(before)
  await Promise.all([1, 2, 3, 4].map((at) => (at % 2 ? one : other).tell('r1', start(at))))
  const read = await another().execution('r1')
  expect(read?.stages.slice(0, 6).map(({ state }) => state)).toEqual(['ready', ...Array(4).fill('running'), 'ready'])
  expect(await here.redis.hget(key, 'n')).toBe('40')
  expect(await one.execution('r1')).toEqual(read)
})

test('one event writes and reads what it changed, however many stages there are', async () => {
  const moved = async (stages: number) => {
    const id = `many${stages}`
    const [one, other] = [another(), another()]
    await one.request(wanted({ id, environment: null, stages: graph(stages) }), id)
    await other.execution(id)
    const bytes = async () => {
      const info = await here.redis.info('stats')
      return ['input', 'output'].reduce(
        (sum, way) => sum + Number(info.split(`total_net_${way}_bytes:`)[1]?.split('\r')[0]),
        0,
      )
    }
    const before = await bytes()
    for (let at = 0; at < 10; at++) await one.tell(id, start(at))
    await other.execution(id)
    return (await bytes()) - before
  }
  expect(await moved(800)).toBeLessThan(1.2 * (await moved(40)))
})

test('many at once in two processes, who read meanwhile, lose nothing and see nothing older than what they saw', async () => {
  const stores = [another(), another()]
  await stores[0]?.request(wanted({ environment: null, stages: graph(80) }), 'k1')
  const seen = [0, 0]
  const reads = stores.map(async (store, at) => {
    for (let times = 0; times < 60; times++) {
      const version = (await store.execution('r1'))?.version ?? 0
      expect(version).toBeGreaterThanOrEqual(seen[at] ?? 0)
      seen[at] = version
    }
  })
  const tells = Array.from({ length: 40 }, (_, at) => stores[at % 2]?.tell('r1', at < 10 ? start(at) : stuck(at)))
  await Promise.all([...reads, ...tells])
  const last = await another().execution('r1')
  expect(last?.stages.slice(0, 10).every(({ state }) => state === 'running')).toBe(true)
  for (const store of stores) expect(await store.execution('r1')).toEqual(last)
})

test('what was read before Redis lost it is not mixed with what came instead, though the version is the same', async () => {
  const key = here.keys.execution('r1')
  const [one, other] = [another(), another()]
  await one.request(wanted({ environment: null, stages: graph(40) }), 'k1')
  const first = await here.redis.dumpBuffer(key)
  await one.tell('r1', start(1))
  await other.tell('r1', start(2))
  const lost = await here.redis.dumpBuffer(key)
  await here.redis.restore(key, 0, first, 'REPLACE')
  await one.tell('r1', start(3))
  await one.tell('r1', start(4))
  const instead = await here.redis.dumpBuffer(key)
  await here.redis.restore(key, 0, lost, 'REPLACE')

  const redis = new Redis(here.url)
  connections.push(redis)
  // Between its reading and its writing, on its own connection.
  const failover: Promise<unknown>[] = []
  const late = createStore(redis, here.keys, () => {
    if (failover.length === 0) failover.push(redis.restore(key, 0, instead, 'REPLACE'))
    return here.now()
  })
  const outcome: Outcome = { kind: 'succeeded', output: {} }
  // There the stage ran; here nobody has begun it.
  expect((await late.tell('r1', { type: 'stage.ended', stage: 's1', attempt: 1, outcome })).changed).toBe(false)
  await Promise.all(failover)
  const read = await another().execution('r1')
  expect(read?.version).toBe(3)
  expect(read?.stages.slice(1, 5).map(({ state }) => state)).toEqual(['ready', 'ready', 'running', 'running'])
})
