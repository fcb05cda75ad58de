import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { startRedis } from '../../examples/demo/parts.ts'
import type { EnvironmentRecord } from '../../src/core/environment.ts'
import { steal } from '../../src/engine/locks.ts'
import { connect, whenReady } from '../../src/engine/redis.ts'
import { createStore } from '../../src/engine/store.ts'
import { alice, callerOf, carol, crewOf, eve, person, waiting } from '../audit/crew.ts'
import { auditOf, streamOf } from '../audit/redis.ts'
import { bob, wanted, worker } from '../core/world.ts'
import { executionOf } from './kinds.ts'
import { effectsOf, until, useRedis } from './redis.ts'

const here = useRedis()
const opened = () => crewOf(here, here.store, auditOf(here))
type Opened = ReturnType<typeof opened>
const approver = { actor: carol, roles: ['approvers'], channel: null }
const LINE = 'locks steal loadtest --why "its machine is gone"'

const entries = async () => {
  await auditOf(here).flush()
  return (await streamOf(here)).map(({ entry }) => entry)
}
const kindsOf = async (kind: string) => (await entries()).filter((entry) => entry.kind === kind)
const environment = () => here.store.environment('loadtest')

/** An execution whose apply nobody saw end; it holds the lock. */
async function unknown({ crew, parts }: Opened): Promise<string> {
  const { execution } = await waiting({ crew, parts })
  const judgment = { stage: 'judgment', decision: 'approved', by: carol, at: here.clock.now, digest: 'd1' } as const
  await here.store.tell(execution, { type: 'judged', judgment })
  await lose(execution)
  return execution
}

async function lose(execution: string): Promise<void> {
  const apply = { stage: 'terraform.apply', attempt: 1 }
  await here.store.tell(execution, { type: 'stage.started', ...apply, worker })
  await here.store.tell(execution, { type: 'stage.lost', ...apply, why: 'gone', repeatable: false })
}

async function begin({ crew }: Opened): Promise<string> {
  const reply = await crew.ask('loadtest down', callerOf(alice))
  if (reply.kind !== 'started') throw new Error('It was not started')
  return reply.execution.id
}

async function said({ crew }: Opened, line: string, caller = callerOf(carol)): Promise<string> {
  const reply = await crew.ask(line, caller)
  return reply.kind === 'answered' ? reply.answer.text : ''
}

/** Edits the store behind the back of everybody. */
async function plant(change: Partial<EnvironmentRecord>): Promise<void> {
  const planted = { ...(await environment()), ...change }
  await here.redis.hset(here.keys.environment('loadtest'), 'v', String(planted.version), 'd', JSON.stringify(planted))
}

describe('locks steal', () => {
  test('ends what stands at unknown as left, gives its lock to the next, and all of it is recorded', async () => {
    const crew = opened()
    const [held, next] = [await unknown(crew), await begin(crew)]
    expect(await said(crew, LINE)).toMatch(`taken from \`${held}\`. \`${next}\` holds it now.`)
    expect(await executionOf(here, held)).toMatchObject({ status: 'unknown', ending: 'left', lock: 'released' })
    expect((await environment()).lock?.execution).toBe(next)
    expect(await effectsOf(here)).toContainEqual(
      expect.objectContaining({ execution: next, event: { type: 'lock.granted' } }),
    )
    expect((await entries()).slice(-5)).toMatchObject([
      { kind: 'asked', who: 'T01DEMO/U03CAROL', environment: 'loadtest', line: expect.stringContaining('locks steal') },
      { kind: 'finished', execution: held, outcome: 'unknown', why: 'left' },
      {
        kind: 'stolen',
        who: 'T01DEMO/U03CAROL',
        from: 'T01DEMO/U01ALICE',
        execution: held,
        environment: 'loadtest',
        why: 'its machine is gone',
        rule: 'approvers: approvers',
      },
      { kind: 'unlocked', execution: held },
      { kind: 'locked', execution: next },
    ])
  })

  test('takes it from one that is over and holds it still', async () => {
    const crew = opened()
    const { execution } = await waiting(crew)
    const { lock } = await environment()
    await here.store.tell(execution, { type: 'cancel', by: alice, why: '', force: false })
    await plant({ lock })
    expect(await said(crew, 'locks list')).toMatch(
      new RegExp(`held by \`${execution}\`.*which is over \\(\\*canceled\\*\\)`),
    )
    expect(await said(crew, LINE)).toMatch('It is free now')
    expect((await environment()).lock).toBeNull()
    expect((await executionOf(here, execution)).notes.at(-1)?.text).toMatch(/@U03CAROL took its lock/)
    expect(await kindsOf('stolen')).toMatchObject([{ execution, from: 'T01DEMO/U01ALICE' }])
  })

  test('takes it from one of which the store has no record, once', async () => {
    const crew = opened()
    await plant({ lock: { execution: 'nowhere', line: 'loadtest up small', actor: alice, since: here.clock.now } })
    const caller = callerOf(carol)
    expect(await said(crew, LINE, caller)).toMatch('taken from `nowhere`. It is free now')
    expect(await said(crew, LINE, caller)).toMatch('taken from `nowhere`. It is free now')
    expect(await kindsOf('stolen')).toHaveLength(1)
  })

  test('delivered twice takes one lock, even where it could take the next holder’s as well', async () => {
    const crew = opened()
    const held = await unknown(crew)
    const caller = callerOf(carol)
    const first = await said(crew, LINE, caller)
    const next = await unknown(crew)
    expect(await said(crew, LINE, caller)).toMatch(`taken from \`${held}\`. \`${next}\` holds it now`)
    expect(first).toMatch(`taken from \`${held}\``)
    expect([(await environment()).lock?.execution, (await kindsOf('stolen')).length]).toEqual([next, 1])
  })

  test('of two at once one wins, and the other is told who', async () => {
    const crew = opened()
    const [held, next] = [await unknown(crew), await begin(crew)]
    const people = [carol, person('U02BOB')]
    const asked = await Promise.allSettled(people.map((actor) => said(crew, LINE, callerOf(actor))))
    const won = asked.findIndex(({ status }) => status === 'fulfilled')
    const lost = asked[1 - won]
    expect([won >= 0, lost?.status]).toEqual([true, 'rejected'])
    const winner = ['U03CAROL', 'U02BOB'][won]
    expect(lost?.status === 'rejected' && String(lost.reason).match(/took it from/g)).toHaveLength(1)
    expect(lost?.status === 'rejected' && String(lost.reason)).toMatch(
      new RegExp(`@${winner} took it from \`${held}\``),
    )
    expect((await environment()).lock?.execution).toBe(next)
    expect([(await kindsOf('stolen')).length, (await kindsOf('refused')).length]).toEqual([1, 1])
  })
})

test('whoever comes too late is told who has it now, and who took it from whom', async () => {
  const crew = opened()
  const [held, next] = [await unknown(crew), await begin(crew)]
  await said(crew, LINE)
  const told = await said(crew, LINE).catch(String)
  expect(told).toMatch(new RegExp(`\`${next}\`.* holds the lock and is .* @U03CAROL took it from \`${held}\``))
  expect(told.match(/took it from/g)).toHaveLength(1)
  expect((await environment()).lock?.execution).toBe(next)
})

describe('locks steal is refused, and that is recorded once', () => {
  test('while the holder waits or runs: it says which, whose, and what to do', async () => {
    const crew = opened()
    const { execution } = await waiting(crew)
    const caller = callerOf(carol)
    const why = new RegExp(`\`${execution}\`.*@U01ALICE.*waiting for approval.*runs cancel ${execution}`)
    await expect(said(crew, LINE, caller)).rejects.toThrow(why)
    await expect(said(crew, LINE, caller)).rejects.toThrow()
    expect((await environment()).lock?.execution).toBe(execution)
    expect(await kindsOf('refused')).toMatchObject([{ who: 'T01DEMO/U03CAROL', what: 'steal the lock', execution }])
  })

  test('for whoever approves nothing in this environment, the asker among them; the asker with that role may', async () => {
    const crew = opened()
    const held = await unknown(crew)
    const asker = { actor: alice, roles: ['engineers'], channel: null }
    await expect(steal(crew.parts, 'loadtest', 'mine', asker)).rejects.toThrow(
      /Only `approvers`, `data` may take the lock/,
    )
    await expect(said(crew, LINE, callerOf(eve))).rejects.toThrow(/may not run `locks steal`/)
    expect(await kindsOf('refused')).toMatchObject([
      { who: 'T01DEMO/U01ALICE', environment: 'loadtest' },
      { who: 'T01DEMO/U04EVE' },
    ])
    expect((await environment()).lock?.execution).toBe(held)
    expect(await steal(crew.parts, 'loadtest', 'mine', { ...asker, roles: ['approvers'] })).toMatch(held)
  })

  test('when nobody holds it, without a reason, and for an environment that there is not', async () => {
    const crew = opened()
    await expect(said(crew, LINE)).rejects.toThrow(/Nobody holds the lock of loadtest/)
    await expect(said(crew, 'locks steal loadtest')).rejects.toThrow(/Say why the lock is taken/)
    await expect(steal(crew.parts, 'nowhere', 'x', approver)).rejects.toThrow(/no environment `nowhere`/)
    expect(await kindsOf('refused')).toHaveLength(2)
  })

  test('while Redis takes no writes: nothing of it is stored then, neither the end nor the lock', async () => {
    const { parts, ...crew } = opened()
    const held = await unknown({ parts, ...crew })
    const before = [await executionOf(here, held), await environment()]
    await here.redis.config('SET', 'maxmemory', '1')
    try {
      await expect(steal(parts, 'loadtest', 'gone', approver)).rejects.toThrow(/OOM/)
    } finally {
      await here.redis.config('SET', 'maxmemory', '0')
    }
    expect([await executionOf(here, held), await environment()]).toEqual(before)
    expect(await kindsOf('stolen')).toEqual([])
  })

  test('while Redis is away', async () => {
    const part = await startRedis({ dir: `${here.dir}/redis` })
    const quiet = pino({ level: 'silent' })
    const redis = connect({ url: part.url, options: {} }, quiet)
    try {
      await whenReady(redis, quiet)
      const store = createStore(redis, here.keys, here.now)
      await store.request(wanted({ id: 'r1', actor: bob }), 'k1')
      const { crew } = crewOf({ ...here, redis }, store, auditOf(here, { redis }))
      await part.kill9()
      await until(() => redis.status !== 'ready')
      await expect(crew.ask(LINE, callerOf(carol))).rejects.toThrow(/cannot reach its store \(Redis\)/)
      await part.restart()
      await until(() => redis.status === 'ready')
      expect((await store.environment('loadtest')).lock?.execution).toBe('r1')
    } finally {
      redis.disconnect()
      await part.stop()
    }
  })
})
