import { describe, expect, test } from 'vitest'
import { createSweeper } from '../../src/engine/effects.ts'
import { judge } from '../../src/engine/judge.ts'
import { createPerform } from '../../src/engine/perform.ts'
import { createRetention } from '../../src/engine/retention.ts'
import { callerOf, carol, crewOf } from '../audit/crew.ts'
import { auditOf } from '../audit/redis.ts'
import { site } from '../core/sample-site.ts'
import { alice, PLAN, wanted, worker } from '../core/world.ts'
import { kinds } from './kinds.ts'
import { A_DAY_MS, mentions, newer, recordedOf, rejected, shownOf } from './old.ts'
import { effectsOf, silent, until, useRedis } from './redis.ts'

const here = useRedis()

/** As many sweeps as a bot makes in some hours. */
async function forgotten(times = 40): Promise<number> {
  const retention = createRetention({ ...here, site, log: silent })
  let count = 0
  for (let time = 0; time < times; time++) count += await retention.sweep()
  await retention.stop()
  return count
}

const stored = async (id: string) => (await here.store.execution(id)) !== null

test('a thousand old ones leave nothing behind but their lines in the audit', async () => {
  const audit = auditOf(here)
  const ids = Array.from({ length: 1_000 }, (_, number) => `old-${number}-`)
  const lanes = Array.from({ length: 50 }, (_, lane) => ids.filter((_, number) => number % 50 === lane))
  await Promise.all(
    lanes.map(async (lane, number) => {
      for (const id of lane) await rejected(here, id, `env${number}`)
    }),
  )
  for (const id of ids.slice(0, 50)) await shownOf(here, id)
  await audit.flush()
  here.clock.now += 91 * A_DAY_MS
  await newer(here, 100)
  const before = (await keysBut('newer')).length
  expect(before).toBeGreaterThan(3_000)

  expect(await forgotten()).toBe(1_000)
  await doEffects()
  expect(await mentions(here, 'old-')).toEqual([])
  expect(await here.redis.zcard(here.keys.executions)).toBe(100)
  // Fifty environments, the audit's own, indexes of all executions and the counter of wishes.
  const left = await keysBut('newer')
  expect(left.length, left.join(' ')).toBeLessThan(65)
  const recorded = ['stored', 'locked', 'started', 'ended', 'judged', 'finished', 'unlocked']
  for (const id of ['old-0-', 'old-999-']) expect(await recordedOf(audit, id), id).toEqual(recorded)
}, 120_000)

/** Keys that do not lapse by themselves and do not say this text. */
async function keysBut(text: string): Promise<string[]> {
  const all = await here.redis.keys(`${here.keys.executions.replace(/executions$/, '')}*`)
  return all.filter((key) => !key.includes(text) && !key.startsWith(here.keys.seen('')))
}

/** What was still to be done about them, such as a judgment that would have lapsed, is done by nobody and for nothing. */
async function doEffects(): Promise<void> {
  const hints = { add: async () => {}, close: async () => {} }
  const perform = createPerform({ ...here, site, kinds, hints })
  const sweeper = createSweeper(here.redis, here.keys, perform, here.now, silent)
  sweeper.kick()
  await until(async () => (await effectsOf(here)).length === 0)
  await sweeper.stop()
}

/** Nobody saw how it ended. */
async function unknown(id: string): Promise<void> {
  await here.store.request(wanted({ id, environment: null }), id)
  const stage = { stage: PLAN, attempt: 1 }
  await here.store.tell(id, { type: 'stage.started', ...stage, worker })
  await here.store.tell(id, { type: 'stage.lost', ...stage, why: 'gone', repeatable: false })
  expect(await here.store.execution(id)).toMatchObject({ status: 'unknown', endedAt: null })
}

describe('what stays', () => {
  test('an open one, one at unknown, one that holds a lock or waits for it, however old', async () => {
    await here.store.request(wanted({ id: 'holds' }), 'k1')
    await here.store.request(wanted({ id: 'queued' }), 'k2')
    await here.store.request(wanted({ id: 'runs', environment: null }), 'k3')
    await here.store.tell('runs', { type: 'stage.started', stage: PLAN, attempt: 1, worker })
    await unknown('unknown')
    await unknown('left')
    await here.store.tell('left', { type: 'left', by: alice })
    expect(await here.store.execution('left')).toMatchObject({ status: 'unknown', endedAt: here.clock.now })
    here.clock.now += 200 * A_DAY_MS
    await newer(here, 100)
    expect(await forgotten(3)).toBe(0)
    for (const id of ['holds', 'queued', 'runs', 'unknown', 'left']) expect(await stored(id), id).toBe(true)
  })

  test.each(['last', 'lifetime', 'ending', 'replaced', 'stolen'])('what its environment names as %s', async (what) => {
    await rejected(here, 'named')
    await rejected(here, 'other')
    const execution = 'named'
    const claim = { execution, line: 'x', actor: alice, since: 0 }
    const time = { id: 'x', execution: 'z', channel: null, startedAt: 0, endsAt: 9e15, askers: [], approvers: [] }
    const lifetime = { ...time, lineage: null, warned: false, ending: null, extendedBy: [] }
    const names = {
      last: { last: { execution, line: 'x', at: 0, up: true } },
      lifetime: { lifetime: { ...lifetime, execution } },
      ending: { lifetime: { ...lifetime, ending: execution } },
      replaced: { lifetime: { ...lifetime, replaced: { ...lifetime, execution } } },
      stolen: { stolen: { from: claim, by: alice, at: 0, why: 'x', rule: 'x' } },
    }[what]
    await here.store.alter('loadtest', (environment) => ({ environment: { ...environment, ...names }, effects: [] }))
    here.clock.now += 91 * A_DAY_MS
    await newer(here, 100)
    expect(await forgotten(3)).toBe(1)
    expect(await stored('named')).toBe(true)
    expect(await stored('other')).toBe(false)
  })

  test('the newest hundred', async () => {
    for (const id of ['one', 'two', 'three']) {
      here.clock.now += 1
      await rejected(here, id, null)
    }
    here.clock.now += 91 * A_DAY_MS
    await newer(here, 98)
    expect(await forgotten(3)).toBe(1)
    expect([await stored('one'), await stored('two'), await stored('three')]).toEqual([false, true, true])
  })

  test('the newest hundred, whatever another bot does meanwhile', async () => {
    for (let number = 0; number < 130; number++) {
      here.clock.now += 1
      await rejected(here, `old${number}`, null)
    }
    here.clock.now += 91 * A_DAY_MS
    const zcard = async (key: string) => {
      const count = await here.redis.zcard(key)
      expect(await forgotten(3)).toBe(30)
      return count
    }
    const redis = Object.assign(Object.create(here.redis), { zcard })
    const retention = createRetention({ ...here, redis, site, log: silent })
    expect(await retention.sweep()).toBe(0)
    await retention.stop()
    expect(await here.redis.zcard(here.keys.executions)).toBe(100)
  })

  test('what is over for less than the site says', async () => {
    await rejected(here, 'young', null)
    here.clock.now += 89 * A_DAY_MS
    await newer(here, 100)
    expect(await forgotten(3)).toBe(0)
  })

  test('those that stay do not keep others from being forgotten, and one that somebody shows just now waits its turn', async () => {
    for (let number = 0; number < 70; number++) await here.store.request(wanted({ id: `q${number}` }), `q${number}`)
    here.clock.now += 1
    await rejected(here, 'gone', null)
    const audit = auditOf(here)
    await audit.flush()
    here.clock.now += 91 * A_DAY_MS
    await newer(here, 100)
    await here.redis.zadd(`${here.keys.outbox}:held`, here.now() + 5_000, 'execution:gone')
    expect(await forgotten(4)).toBe(0)
    await here.redis.del(`${here.keys.outbox}:held`)
    expect(await forgotten(4)).toBe(1)
    expect(await stored('gone')).toBe(false)
  })

  test('of two bots that sweep at once each one is forgotten by one', async () => {
    for (let number = 0; number < 30; number++) await rejected(here, `twice${number}`, null)
    here.clock.now += 91 * A_DAY_MS
    await newer(here, 100)
    const counts = await Promise.all([forgotten(3), forgotten(3)])
    expect(counts.reduce((one, other) => one + other)).toBe(30)
  })
})

test('one that its environment came to name after it was looked at stays', async () => {
  await rejected(here, 'named')
  here.clock.now += 91 * A_DAY_MS
  await newer(here, 100)
  const named = { execution: 'named', line: 'x', at: 0, up: true }
  const environment = async (name: string) => {
    const found = await here.store.environment(name)
    await here.store.alter(name, (each) => ({ environment: { ...each, last: named }, effects: [] }))
    return found
  }
  const retention = createRetention({ ...here, store: { ...here.store, environment }, site, log: silent })
  expect(await retention.sweep()).toBe(0)
  await retention.stop()
  expect(await stored('named')).toBe(true)
})

describe('of one that was forgotten', () => {
  async function gone() {
    await rejected(here, 'k3f9x2bc', null)
    const audit = auditOf(here)
    await audit.flush()
    here.clock.now += 91 * A_DAY_MS
    await newer(here, 100)
    expect(await forgotten(3)).toBe(1)
    return crewOf(here, here.store, audit)
  }

  test('`runs show` says for how long they are kept and how the audit is asked, and that answers', async () => {
    const { crew } = await gone()
    const ask = async (line: string) => {
      const reply = await crew.ask(line, callerOf(carol))
      return reply.kind === 'answered' ? reply.answer.text : ''
    }
    const refusal = await ask('runs show k3f9x2bc').catch((error: Error) => error.message)
    expect(refusal).toMatch(/There is no execution `k3f9x2bc`. An execution is kept for 90d after it is over/)
    const hint = /`(audit --run [^`]*)`/.exec(refusal)?.[1] ?? ''
    const said = await ask(hint)
    expect(said.match(/\*(stored|started|ended|judged|finished)\*/g)).toHaveLength(5)
    expect(said.split('\n').every((line) => line.includes('k3f9x2bc'))).toBe(true)
  })

  test('an old button is refused, with the same words', async () => {
    const { parts } = await gone()
    const verdict = { execution: 'k3f9x2bc', stage: 'judgment', attempt: 1, decision: 'approved' } as const
    await expect(judge(parts, verdict, carol, 'click:1')).rejects.toThrow(
      /There is no execution `k3f9x2bc` any more, so this button does nothing. An execution is kept for 90d.*`audit --run k3f9x2bc/,
    )
  })
})
