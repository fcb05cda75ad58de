import { describe, expect, test } from 'vitest'
import type { Effect } from '../../src/core/event.ts'
import type { Perform } from '../../src/engine/effects.ts'
import { createSweeper } from '../../src/engine/effects.ts'
import { endLifetime, extendLifetime, warnOfEnd } from '../../src/engine/lifetimes.ts'
import { createPerform } from '../../src/engine/perform.ts'
import type { Hint, Hints } from '../../src/engine/queue.ts'
import { stageKinds } from '../../src/stages/index.ts'
import { site } from '../core/sample-site.ts'
import { APPLY, alice, bob, HOUR, judgmentBy, PLAN, planned, succeeded, wanted, worker } from '../core/world.ts'
import { effectsOf, START, silent, until, useRedis } from './redis.ts'

const here = useRedis()
const LEASE = 15_000
const warn: Effect = { do: 'lifetime', environment: 'loadtest', id: 'r1', what: 'warn', at: START }
const cancel = { type: 'cancel', by: alice, why: '', force: false } as const

const store = (...effects: Effect[]) => here.store.alter('loadtest', (environment) => ({ environment, effects }))

const sweeper = (perform: Perform) => createSweeper(here.redis, here.keys, perform, here.now, silent)

/** Sweeps once, to the end, and stops. */
async function sweep(perform: Perform): Promise<void> {
  const one = sweeper(perform)
  one.kick()
  await one.stop()
}

function counting() {
  const seen: Effect[] = []
  const perform: Perform = async (effect) => {
    seen.push(effect)
    return 'done'
  }
  return { seen, perform }
}

describe('a sweep', () => {
  test('does what is due, once, and then it is gone', async () => {
    await store(warn, { ...warn, id: 'later', at: START + 1 })
    const { seen, perform } = counting()
    await sweep(perform)
    await sweep(perform)
    expect(seen).toEqual([warn])
    here.clock.now += 1
    await sweep(perform)
    expect(seen.map((each) => ('id' in each ? each.id : ''))).toEqual(['r1', 'later'])
    expect(await here.redis.keys(`${here.keys.effects}*`)).toEqual([])
  })

  test('of many processes at once does each once', async () => {
    await store(...Array.from({ length: 100 }, (_, index): Effect => ({ ...warn, id: `e${index}` })))
    const { seen, perform } = counting()
    await Promise.all(Array.from({ length: 5 }, () => sweep(perform)))
    expect(new Set(seen.map((each) => ('id' in each ? each.id : ''))).size).toBe(100)
    expect(seen).toHaveLength(100)
  })

  test('of what a dead process had claimed does it again, after the lease', async () => {
    await store(warn)
    const dies = Promise.withResolvers<'done'>()
    const claimed = Promise.withResolvers<void>()
    const first = sweeper(() => {
      claimed.resolve()
      return dies.promise
    })
    first.kick()
    await claimed.promise
    const { seen, perform } = counting()
    here.clock.now += LEASE - 1
    await sweep(perform)
    expect(seen).toEqual([])
    here.clock.now += 1
    await sweep(perform)
    expect(seen).toEqual([warn])
    dies.resolve('done')
    await first.stop()
  })

  test('of what failed does it again, after the lease, and the others at once', async () => {
    await store(warn, { ...warn, id: 'fine' })
    const seen: string[] = []
    const perform: Perform = async (effect) => {
      seen.push('id' in effect ? effect.id : '')
      if (seen.length < 3 && 'id' in effect && effect.id === 'r1') throw new Error('Redis was away')
      return 'done'
    }
    await sweep(perform)
    expect(seen.sort()).toEqual(['fine', 'r1'])
    here.clock.now += LEASE
    await sweep(perform)
    expect(seen).toEqual(['fine', 'r1', 'r1'])
    expect(await effectsOf(here)).toEqual([])
  })

  test('of what is to be looked at again comes back then, and counts its looks', async () => {
    await store(warn)
    const looks: number[] = []
    const perform: Perform = async (_effect, look) => {
      looks.push(look)
      return look < 3 ? { againIn: 1000 } : 'done'
    }
    for (let seconds = 0; seconds < 5; seconds++) {
      await sweep(perform)
      here.clock.now += 1000
    }
    expect(looks).toEqual([1, 2, 3])
  })

  test('does more than one handful', async () => {
    await store(...Array.from({ length: 150 }, (_, index): Effect => ({ ...warn, id: `e${index}` })))
    const { seen, perform } = counting()
    await sweep(perform)
    expect(seen).toHaveLength(150)
  })

  test('comes by itself too', async () => {
    const { seen, perform } = counting()
    const one = sweeper(perform)
    await store(warn)
    await until(() => seen.length > 0)
    await one.stop()
    expect(seen).toEqual([warn])
  })
})

const parts = (hints: Hints) => ({ ...here, site, kinds: stageKinds, hints })

function hinting() {
  const hinted: [Hint, number][] = []
  const hints: Hints = {
    add: async (hint, number) => {
      hinted.push([hint, number])
    },
    close: async () => {},
  }
  return { hinted, perform: createPerform(parts(hints)) }
}

describe('what is done', () => {
  test('a stage that is ready is hinted at until a worker has started it', async () => {
    const { hinted, perform } = hinting()
    await here.store.request(wanted(), 'k1')
    await sweep(perform)
    here.clock.now += 10_000
    await sweep(perform)
    const hint = { execution: 'r1', stage: PLAN, attempt: 1 }
    expect(hinted).toEqual([
      [hint, 1],
      [hint, 2],
    ])
    await here.store.tell('r1', { type: 'stage.started', stage: PLAN, attempt: 1, worker })
    here.clock.now += 10_000
    await sweep(perform)
    expect(hinted).toHaveLength(2)
    expect(await effectsOf(here)).toEqual([])
  })

  test('a hint that the queue does not take is given again', async () => {
    await here.store.request(wanted(), 'k1')
    const broken: Hints = { add: () => Promise.reject(new Error('Redis is away')), close: async () => {} }
    await sweep(createPerform(parts(broken)))
    const { hinted, perform } = hinting()
    here.clock.now += LEASE
    await sweep(perform)
    expect(hinted).toHaveLength(1)
  })

  test('a stage of an execution that is over is not hinted at', async () => {
    const { hinted, perform } = hinting()
    await here.store.request(wanted(), 'k1')
    await here.store.tell('r1', cancel)
    await sweep(perform)
    expect(hinted).toEqual([])
  })

  test('the next in the queue is told, although whoever gave the lock back died at that moment', async () => {
    const { perform } = hinting()
    for (const id of ['r1', 'r2']) await here.store.request(wanted({ id }), id)
    await here.store.tell('r1', cancel)
    await sweep(perform)
    expect(await here.store.execution('r2')).toMatchObject({ lock: 'held', status: 'running' })
  })

  test('a judgment lapses at its time, not before, also when a clock steps back in between', async () => {
    const { perform } = hinting()
    await toJudgment('r1')
    const due = here.clock.now + HOUR
    here.clock.now = due - 1
    await sweep(perform)
    expect(await here.store.execution('r1')).toMatchObject({ status: 'waiting' })
    here.clock.now = due
    const [effect] = (await effectsOf(here)).filter((each) => each.do === 'tell')
    if (effect) expect(await inThePast(perform, effect, due - 500)).toEqual({ againIn: 500 })
    here.clock.now = due
    await sweep(perform)
    expect(await here.store.execution('r1')).toMatchObject({ status: 'failed', ending: 'expired' })
  })

  test('anything may be done twice', async () => {
    const { perform } = hinting()
    for (const id of ['r1', 'r2']) await here.store.request(wanted({ id, lifetime: '1h' }), id)
    await toEnd('r1')
    const effects = await effectsOf(here)
    here.clock.now += 2 * HOUR
    for (const effect of [...effects, ...effects]) await perform(effect, 1)
    await sweep(perform)
    const all = await here.store.list({ limit: 10 })
    expect(all.map(({ id, lock }) => `${id} ${lock}`).sort()).toEqual(['end-r1 queued', 'r1 released', 'r2 held'])
  })
})

async function inThePast(perform: Perform, effect: Effect, at: number) {
  here.clock.now = at
  return perform(effect, 1)
}

async function toJudgment(id: string): Promise<void> {
  if (!(await here.store.execution(id))) await here.store.request(wanted({ id, lifetime: '1h' }), id)
  await here.store.tell(id, { type: 'stage.started', stage: PLAN, attempt: 1, worker })
  await here.store.tell(id, { type: 'stage.ended', stage: PLAN, attempt: 1, outcome: planned() })
}

async function approve(id: string): Promise<void> {
  const execution = await here.store.execution(id)
  if (!execution) throw new Error(`There is no ${id}`)
  const judgment = judgmentBy({ execution, environment: null, now: here.clock.now }, bob)
  await here.store.tell(id, { type: 'judged', judgment })
}

/** Up, with an hour to live. */
async function toEnd(id: string): Promise<void> {
  await toJudgment(id)
  await approve(id)
  await here.store.tell(id, { type: 'stage.started', stage: APPLY, attempt: 1, worker })
  await here.store.tell(id, { type: 'stage.ended', stage: APPLY, attempt: 1, outcome: succeeded({ lineage: 'L1' }) })
  await here.store.tell(id, { type: 'stage.started', stage: 'health', attempt: 1, worker })
  await here.store.tell(id, { type: 'stage.ended', stage: 'health', attempt: 1, outcome: succeeded() })
}

describe('the end of a lifetime', () => {
  const lifetimeOf = async () => (await here.store.environment('loadtest')).lifetime

  async function upForAnHour(): Promise<Perform> {
    const { perform } = hinting()
    await toEnd('r1')
    return perform
  }

  test('is warned of before, once', async () => {
    const perform = await upForAnHour()
    here.clock.now += HOUR - 900_000 - 1
    await sweep(perform)
    expect(await lifetimeOf()).toMatchObject({ warned: false })
    here.clock.now += 1
    await sweep(perform)
    expect(await lifetimeOf()).toMatchObject({ warned: true })
    const { version } = await here.store.environment('loadtest')
    await warnOfEnd(parts(noHints), 'loadtest', 'r1')
    expect((await here.store.environment('loadtest')).version).toBe(version)
  })

  test('stores an execution that destroys, approved in advance for this state and by whom', async () => {
    const perform = await upForAnHour()
    here.clock.now += HOUR
    await sweep(perform)
    const end = await here.store.execution('end-r1')
    expect(end).toMatchObject({
      lock: 'held',
      actor: { kind: 'lifetime' },
      askers: expect.arrayContaining(['T01TEAM/U01ALICE']),
    })
    expect(end?.stages[0]?.input).toMatchObject({ destroy: true })
    expect(end?.stages[1]?.input.preapproved).toEqual({
      execution: 'r1',
      environment: 'loadtest',
      lineage: 'L1',
      approvers: ['T01TEAM/U02BOB'],
    })
    expect(await lifetimeOf()).toMatchObject({ ending: 'end-r1' })
  })

  test('goes before all that waits, and calls it off', async () => {
    const perform = await upForAnHour()
    here.clock.now += 60_000
    await toJudgment('r2')
    await here.store.request(wanted({ id: 'r3' }), 'r3')
    here.clock.now = START + HOUR
    for (let sweeps = 0; sweeps < 3; sweeps++) await sweep(perform)
    const ending = async (id: string) => (await here.store.execution(id))?.ending
    expect([await ending('r2'), await ending('r3')]).toEqual(['superseded', 'superseded'])
    expect(await here.store.execution('end-r1')).toMatchObject({ lock: 'held' })
  })

  test('calls those off also when whoever stored it died right after', async () => {
    await upForAnHour()
    here.clock.now += 60_000
    await toJudgment('r2')
    here.clock.now = START + HOUR
    await endLifetime(parts(noHints), 'loadtest', 'r1')
    const { perform } = hinting()
    await sweep(perform)
    expect(await here.store.execution('r2')).toMatchObject({ ending: 'superseded' })
  })

  test('waits for what runs', async () => {
    const perform = await upForAnHour()
    await toJudgment('r2')
    await approve('r2')
    await here.store.tell('r2', { type: 'stage.started', stage: APPLY, attempt: 1, worker })
    const before = await lifetimeOf()
    expect(before).toMatchObject({ execution: 'r2' })
    here.clock.now = (before?.endsAt ?? 0) + 1
    await sweep(perform)
    expect(await here.store.execution('end-r2')).toMatchObject({ lock: 'queued' })
    expect(await here.store.execution('r2')).toMatchObject({ status: 'running', lock: 'held' })
  })

  test('of ten processes at once happens once', async () => {
    await upForAnHour()
    here.clock.now += HOUR
    await Promise.all(Array.from({ length: 10 }, () => endLifetime(parts(noHints), 'loadtest', 'r1')))
    const { lock, queue } = await here.store.environment('loadtest')
    expect([lock?.execution, queue]).toEqual(['end-r1', []])
    expect(await here.store.list({ limit: 10 })).toHaveLength(2)
  })

  test('that was moved by an extension does nothing at the earlier time', async () => {
    const perform = await upForAnHour()
    await extendLifetime(parts(noHints), 'loadtest', bob)
    here.clock.now += HOUR
    await sweep(perform)
    expect(await here.store.execution('end-r1')).toBeNull()
    here.clock.now += HOUR
    await sweep(perform)
    expect(await here.store.execution('end-r1-x1')).toMatchObject({ lock: 'held' })
    await expect(extendLifetime(parts(noHints), 'loadtest', bob)).rejects.toThrow(/already being taken down/)
  })

  test('can be moved again when nobody judged it, and then comes again', async () => {
    const perform = await upForAnHour()
    here.clock.now += HOUR
    await sweep(perform)
    await here.store.tell('end-r1', cancel)
    const later = await extendLifetime(parts(noHints), 'loadtest', bob)
    expect(later.lifetime).toMatchObject({ id: 'r1-x1', endsAt: here.clock.now + HOUR })
    here.clock.now += HOUR
    await sweep(perform)
    expect(await here.store.execution('end-r1-x1')).toMatchObject({ lock: 'held' })
  })

  test('of an environment that is not in the site is told, and tried again', async () => {
    await upForAnHour()
    const elsewhere = { ...parts(noHints), site: { ...site, environments: {} } }
    await expect(endLifetime(elsewhere, 'loadtest', 'r1')).rejects.toThrow(/no environment `loadtest`/)
  })
})

const noHints: Hints = { add: async () => {}, close: async () => {} }
