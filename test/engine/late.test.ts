import { beforeAll, describe, expect, test } from 'vitest'
import type { Asked, Deadline } from '../../src/core/workflow.ts'
import { cancel, cancelOrLeave, choose } from '../../src/engine/deeds.ts'
import { extend } from '../../src/engine/extend.ts'
import { judge } from '../../src/engine/judge.ts'
import { TooLate, Unanswered } from '../../src/engine/late.ts'
import { steal } from '../../src/engine/locks.ts'
import { connect, whenReady } from '../../src/engine/redis.ts'
import { retry } from '../../src/engine/retry.ts'
import { createStore } from '../../src/engine/store.ts'
import { alice, callerOf, carol, crewOf, waiting } from '../audit/crew.ts'
import { auditOf, streamOf } from '../audit/redis.ts'
import { wanted, worker } from '../core/world.ts'
import { executionOf } from './kinds.ts'
import { effectsOf, until as once, silent, useRedis } from './redis.ts'

const here = useRedis()
let pid = 0
beforeAll(async () => {
  pid = Number(/process_id:(\d+)/.exec(await here.redis.info('server'))?.[1])
})

const opened = () => crewOf(here, here.store, auditOf(here))
type Opened = ReturnType<typeof opened>
const askedBy = (actor: Asked['actor'], until: Deadline): Asked => {
  const roles = actor === carol ? ['approvers'] : ['engineers']
  return { actor, roles, channel: null, request: 'press', until }
}
const stop = () => process.kill(pid, 'SIGSTOP')
const go = () => process.kill(pid, 'SIGCONT')

/** Redis is stopped just before the script is sent to it, and goes on when no time is left: the script lies in its socket. */
const inTheSocket: Deadline = () => {
  stop()
  setTimeout(go, 250)
  return 100
}

type Deed = (crew: Opened, id: string, until: Deadline) => Promise<unknown>
const judging: Deed = ({ parts }, execution, until) =>
  judge(parts, { execution, stage: 'judgment', attempt: 1, decision: 'approved' }, carol, 'press', until)
const canceling: Deed = ({ parts }, id, until) => cancel(parts, id, askedBy(alice, until), { request: 'press' })

async function unknown(crew: Opened): Promise<string> {
  const { execution } = await waiting(crew)
  const judgment = { stage: 'judgment', decision: 'approved', by: carol, at: here.clock.now, digest: 'd1' } as const
  await here.store.tell(execution, { type: 'judged', judgment })
  const apply = { stage: 'terraform.apply', attempt: 1 }
  await here.store.tell(execution, { type: 'stage.started', ...apply, worker })
  await here.store.tell(execution, { type: 'stage.lost', ...apply, why: 'gone', repeatable: false })
  const look = (await executionOf(here, execution)).stages.find(({ aside }) => aside)
  const looked = { stage: look?.id ?? '', attempt: look?.attempt ?? 0 }
  await here.store.tell(execution, { type: 'stage.started', ...looked, worker })
  await here.store.tell(execution, { type: 'stage.ended', ...looked, outcome: { kind: 'failed', error: 'x' } })
  return execution
}

async function failed(crew: Opened): Promise<string> {
  const { execution } = await waiting(crew)
  await here.store.tell(execution, { type: 'cancel', by: alice, why: '', force: false })
  return execution
}

async function up(crew: Opened): Promise<string> {
  const reply = await crew.crew.ask('loadtest up small', callerOf(alice))
  const id = reply.kind === 'started' ? reply.execution.id : ''
  const lifetime = { id, execution: id, channel: null, startedAt: here.clock.now, endsAt: here.clock.now + 3_600_000 }
  const more = { latest: null, askers: [], approvers: [], lineage: null, warned: false, ending: null, extendedBy: [] }
  const alter = { ...lifetime, ...more } as never
  await here.store.alter('loadtest', (before) => ({ environment: { ...before, lifetime: alter }, effects: [] }))
  return id
}

const waits = async (crew: Opened) => (await waiting(crew)).execution

describe.each<[string, (crew: Opened) => Promise<string>, Deed]>([
  ['a judgment', waits, judging],
  ['a cancel', waits, canceling],
  [
    'a choice about an unknown end',
    unknown,
    ({ parts }, id, until) => choose(parts, id, { offer: 'leave', attempt: 1 }, askedBy(carol, until), 'press'),
  ],
  [
    'leaving it by `runs cancel`',
    unknown,
    async ({ parts }, id, until) => cancelOrLeave(parts, await executionOf(here, id), askedBy(carol, until)),
  ],
  ['more time', up, ({ parts }, id, until) => extend(parts, id, id, askedBy(alice, until))],
  [
    '`runs retry --go`',
    failed,
    async ({ crew }, id, until) => crew.ask(`runs retry ${id} --go`, { ...callerOf(alice, 'press'), until }),
  ],
  [
    '`locks steal`',
    unknown,
    async ({ crew }, _id, until) => crew.ask('locks steal loadtest --why gone', { ...callerOf(carol, 'press'), until }),
  ],
  ['a request', waits, ({ crew }, _id, until) => crew.ask('loadtest down', { ...callerOf(alice, 'press'), until })],
])('%s that Redis gets too late', (_what, begun, deed) => {
  const stands = async () => ({
    all: await here.store.list({ limit: 10 }),
    environment: await here.store.environment('loadtest'),
    effects: await effectsOf(here),
  })

  test('is not done, nor later, and is recorded as asked and refused', async () => {
    const crew = opened()
    const id = await begun(crew)
    const earlier = await stands()
    await expect(deed(crew, id, inTheSocket)).rejects.toThrow(TooLate)
    expect(await stands()).toEqual(earlier)
    await crew.parts.audit.flush()
    const [asked, refused] = (await streamOf(here)).slice(-2).map(({ entry }) => entry)
    expect([asked?.kind, refused?.kind]).toEqual(['asked', 'refused'])
    expect(refused?.why).toMatch(/took too long.*nothing was done, and nothing will be done later/)
  })

  test('may be done by a second try', async () => {
    const crew = opened()
    const id = await begun(crew)
    const earlier = await stands()
    await expect(deed(crew, id, () => 0)).rejects.toThrow(TooLate)
    await deed(crew, id, () => 60_000)
    expect(await stands()).not.toEqual(earlier)
  })
})

test('a lock whose holder nobody knows is not taken too late either', async () => {
  const { parts } = opened()
  const lock = { execution: 'forgotten', line: 'x', actor: alice, since: here.clock.now }
  await here.store.alter('loadtest', (environment) => ({ environment: { ...environment, lock }, effects: [] }))
  await expect(steal(parts, 'loadtest', 'gone', askedBy(carol, inTheSocket))).rejects.toThrow(TooLate)
  expect((await here.store.environment('loadtest')).lock?.execution).toBe('forgotten')
})

test('a retry that is given up by its own does nothing either', async () => {
  const crew = opened()
  const execution = await executionOf(here, await failed(crew))
  await expect(retry(crew.parts, execution, askedBy(alice, inTheSocket), true)).rejects.toThrow(TooLate)
  expect(await here.store.list({ limit: 10 })).toHaveLength(1)
})

describe('a connection that breaks', () => {
  /** A connection as a bot has it, which is cut as soon as Redis has run the script. */
  async function cutAfter(work: (store: Opened['parts']['store']) => Promise<unknown>) {
    const redis = connect({ url: here.url, options: {} }, silent)
    await whenReady(redis, silent)
    const cut: Deadline = () => {
      stop()
      setTimeout(() => redis.stream.destroy(), 50)
      setTimeout(go, 150)
      return 60_000
    }
    const store = createStore(redis, here.keys, here.now)
    try {
      await expect(
        work({ ...store, tell: (id, event, request) => store.tell(id, event, request, cut) }),
      ).rejects.toThrow(Unanswered)
      await once(() => redis.status === 'ready')
    } finally {
      redis.disconnect()
    }
  }

  test('under a change says that nobody knows, and sends nothing a second time', async () => {
    await here.store.request(wanted(), 'k1')
    const cancelIt = { type: 'cancel', by: alice, why: '', force: false } as const
    const monitor = await here.redis.duplicate().monitor()
    const ran: string[] = []
    monitor.on('monitor', (_time: string, [name = '', ...given]: string[]) => ran.push(`${name} ${given.join(' ')}`))
    await cutAfter((store) => store.tell('r1', cancelIt, 'press'))
    await here.redis.echo('that was all')
    await once(() => ran.some((line) => line.includes('that was all')))
    monitor.disconnect()
    const commits = ran.filter((line) => line.startsWith('eval') && line.includes(here.keys.seen('press')))
    expect(commits.length).toBeLessThanOrEqual(1)
  })
})
