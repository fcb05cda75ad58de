import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Person } from '../../src/core/actor.ts'
import { command, createCatalog, duration, sizeOf, z } from '../../src/core/command.ts'
import type { Effect } from '../../src/core/event.ts'
import type { Execution } from '../../src/core/execution.ts'
import type { Schedule, ScheduleWish } from '../../src/core/schedule.ts'
import type { Site } from '../../src/core/site.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { AuditUnavailable } from '../../src/engine/audit/unavailable.ts'
import { createAudit } from '../../src/engine/audit.ts'
import { createCrew } from '../../src/engine/crew.ts'
import { createSweeper } from '../../src/engine/effects.ts'
import type { CrewParts } from '../../src/engine/parts.ts'
import { createClock } from '../../src/engine/schedule-clock.ts'
import { keepFixed, reconcileFixed } from '../../src/engine/schedule-fixed.ts'
import { schedulesOf } from '../../src/engine/schedules.ts'
import { judgment, stageKinds, terraform, wait } from '../../src/stages/index.ts'
import { site as sample } from '../core/sample-site.ts'
import { silent } from './quiet.ts'
import { useRedis } from './redis.ts'

const here = useRedis()
const site = {
  ...sample,
  roles: { ...sample.roles, leads: { ...sample.roles.leads, may: [{ commands: ['loadtest *'] }] } },
} as Site
const alice: Person = { kind: 'slack', team: 'T01TEAM', user: 'U07LEAD' }
const carol: Person = { kind: 'slack', team: 'T01TEAM', user: 'U03CAROL' }

const commands = [
  {
    name: 'loadtest up',
    command: command({
      summary: 'Up.',
      args: z.object({
        size: sizeOf('loadtest').describe('How big'),
        for: duration().default('4h').describe('How long'),
      }),
      examples: ['small'],
      environment: 'loadtest',
      allow: ['engineers', 'leads'],
      lifetime: (args) => args.for,
      stages: ({ size }) => [
        terraform.plan({ size }),
        judgment({ show: 'terraform.plan' }),
        terraform.apply({ plan: 'terraform.plan' }),
      ],
    }),
  },
  {
    name: 'loadtest nap',
    command: command({
      summary: 'Waits.',
      examples: [''],
      allow: ['leads'],
      stages: () => [wait({ for: '10h' })],
    }),
  },
  {
    name: 'loadtest status',
    command: command({ summary: 'Status.', examples: [''], allow: ['leads'], answer: async () => ({ text: 'fine' }) }),
  },
  {
    name: 'schedule add',
    command: command({ summary: 'Add.', examples: [''], allow: ['leads'], stages: () => [wait({ for: '1h' })] }),
  },
]

function partsOf(change: Partial<CrewParts> = {}): CrewParts {
  const audit = createAudit({ ...here, log: silent, host: 'here', mask: (text) => text, show: [] })
  return {
    ...{ store: here.store, site, kinds: stageKinds, now: here.now, audit, kick: () => {} },
    catalog: createCatalog(commands, site),
    groups: async () => new Map([['S01ENG', new Set<string>()]]),
    artifacts: createArtifacts(here.redis, here.keys, '0'.repeat(64)),
    consul: { address: '127.0.0.1:1' },
    ...change,
  }
}

const askedBy = (actor: Person, roles: readonly string[] = []) => ({
  actor,
  roles,
  channel: 'C01OPS',
  request: randomUUID(),
})

/** Every day at 18:00 UTC, twenty minutes from the beginning of each test. */
const daily: ScheduleWish = { line: 'loadtest up small', cron: '0 18 * * *', tz: 'UTC' }

const add = (wish: Partial<ScheduleWish> = {}, parts = partsOf()) =>
  schedulesOf(parts, askedBy(alice, ['leads'])).add({ ...daily, ...wish })

const now = async (schedule: Schedule) => (await here.store.schedules.find(schedule.id)) ?? schedule
const last = async (schedule: Schedule) => (await now(schedule)).past.at(-1)
const runs = () => here.store.list({ limit: 50 })
const at = (hour: number, minute = 0, day = 20) => Date.UTC(2026, 10, day, hour, minute)

/** What the clock has to do, done as often as it says to look again. */
async function sweep(parts = partsOf(), clock = createClock(parts, createCrew(parts))): Promise<void> {
  for (let looks = 0; looks < 20; looks++) {
    const ids = await here.redis.zrangebyscore(here.keys.dueForBots, '-inf', here.clock.now)
    if (ids.length === 0) return
    for (const id of ids) {
      const effect = JSON.parse((await here.redis.hget(here.keys.effects, id)) ?? '') as Effect
      const done = await clock(effect, 1)
      if (done === 'done') await here.redis.zrem(here.keys.dueForBots, id)
      else await here.redis.zadd(here.keys.dueForBots, here.clock.now + done.againIn, id)
    }
  }
}

describe('a time that comes', () => {
  test('starts the line once, with the rights of the owner, and waits for the next one', async () => {
    const schedule = await add()
    await sweep()
    expect(await runs()).toEqual([])
    here.clock.now = at(18)
    await sweep()
    await sweep()
    const [run, ...more] = await runs()
    expect(more).toEqual([])
    expect(run).toMatchObject({ line: 'loadtest up small', actor: { kind: 'schedule', id: schedule.id, owner: alice } })
    expect(run?.askers).toEqual(['T01TEAM/U07LEAD', `schedule:${schedule.id}`])
    expect(run?.origin).toEqual({ channel: 'C01OPS', via: 'schedule' })
    expect(await now(schedule)).toMatchObject({ next: at(18, 0, 21), past: [{ what: 'started', execution: run?.id }] })
  })

  test('is started once by two bots that sweep at the same time', async () => {
    await add()
    here.clock.now = at(18)
    const bots = [partsOf(), partsOf()].map((parts) => createClock(parts, createCrew(parts)))
    const [id = ''] = await here.redis.zrange(here.keys.dueForBots, '0', '-1')
    const effect = JSON.parse((await here.redis.hget(here.keys.effects, id)) ?? '') as Effect
    await Promise.all(bots.map((clock) => clock(effect, 1)))
    expect(await runs()).toHaveLength(1)
    expect(await here.redis.zcard(here.keys.dueForBots)).toBe(2)
  })

  test('is never taken by who has no commands', async () => {
    await add()
    here.clock.now = at(18)
    const seen: Effect[] = []
    const note = async (effect: Effect) => {
      seen.push(effect)
      return 'done' as const
    }
    const worker = createSweeper(here.redis, here.keys, note, here.now, silent)
    worker.kick()
    await worker.stop()
    expect(seen).toEqual([])
  })

  test('is not done twice where the clock steps back', async () => {
    const schedule = await add()
    here.clock.now = at(18)
    await sweep()
    here.clock.now = at(17, 59)
    await sweep()
    here.clock.now = at(18)
    await sweep()
    expect(await runs()).toHaveLength(1)
    expect((await now(schedule)).past).toHaveLength(1)
  })

  test('is only told of once the run is stored, whoever dies in between', async () => {
    const schedule = await add()
    here.clock.now = at(18)
    const parts = partsOf()
    const crew = createCrew(parts)
    const dies = createClock(parts, {
      ask: async (line, caller) => {
        await crew.ask(line, caller)
        throw new Error('kill -9')
      },
    })
    const [id = ''] = await here.redis.zrange(here.keys.dueForBots, '0', '-1')
    const effect = JSON.parse((await here.redis.hget(here.keys.effects, id)) ?? '') as Effect
    await expect(dies(effect, 1)).rejects.toThrow('kill -9')
    expect(await now(schedule)).toMatchObject({ past: [], firing: { due: at(18) } })
    here.clock.now = at(20)
    await sweep()
    expect(await runs()).toHaveLength(1)
    expect(await last(schedule)).toMatchObject({ what: 'started', due: at(18), execution: (await runs())[0]?.id })
  })

  test('is looked at again where whoever dies had only stored that he begins', async () => {
    const schedule = await add()
    here.clock.now = at(18)
    const dies = createClock(partsOf(), { ask: () => Promise.reject(new Error('kill -9')) })
    const [id = ''] = await here.redis.zrange(here.keys.dueForBots, '0', '-1')
    const effect = JSON.parse((await here.redis.hget(here.keys.effects, id)) ?? '') as Effect
    await expect(dies(effect, 1)).rejects.toThrow('kill -9')
    await sweep()
    expect(await last(schedule)).toMatchObject({ what: 'started', due: at(18) })
    expect(await runs()).toHaveLength(1)
  })
})

describe('what was missed while no bot was there', () => {
  test('is skipped where the site says so, and recorded', async () => {
    const schedule = await add({ missed: 'skip' })
    here.clock.now = at(18, 2)
    await sweep()
    expect(await runs()).toEqual([])
    expect(await last(schedule)).toMatchObject({ what: 'missed', due: at(18) })
    expect((await now(schedule)).next).toBe(at(18, 0, 21))
    expect(await here.redis.zrange(here.keys.outbox, '0', '-1')).toContain(`schedule:${schedule.id}:${at(18)}`)
  })

  test('runs once where it is late by less than said, however many were missed', async () => {
    const schedule = await add({ cron: '*/10 * * * *', missed: 'run', late: '5m' })
    here.clock.now = at(23, 54)
    await sweep()
    expect(await runs()).toHaveLength(1)
    expect(await last(schedule)).toMatchObject({ what: 'started', due: at(23, 50) })
    expect((await now(schedule)).next).toBe(at(24, 0))
  })

  test('does not run where it is later', async () => {
    const schedule = await add({ missed: 'run', late: '15m' })
    here.clock.now = at(18, 15)
    await sweep()
    expect(await runs()).toEqual([])
    expect(await last(schedule)).toMatchObject({ what: 'missed', why: expect.stringMatching(/later than 15m/) })
  })
})

describe('while the last run goes on', () => {
  const hourly = { cron: '0 * * * *' }
  async function twice(wish: Partial<ScheduleWish>) {
    const schedule = await add({ ...hourly, ...wish })
    here.clock.now = at(18)
    await sweep()
    const [first] = await runs()
    here.clock.now = at(19)
    await sweep()
    return { schedule, first: (await here.store.execution(first?.id ?? '')) as Execution, all: await runs() }
  }

  test('the next one is skipped', async () => {
    const { schedule, first, all } = await twice({ overlap: 'skip' })
    expect(all).toHaveLength(1)
    expect(await last(schedule)).toMatchObject({ what: 'skipped', due: at(19), execution: first.id })
  })

  test('the next one queues for the lock, and no more than one', async () => {
    const { schedule, first, all } = await twice({ overlap: 'queue' })
    expect(all).toHaveLength(2)
    expect(first.endedAt).toBeNull()
    expect(all.find(({ id }) => id !== first.id)?.lock).toBe('queued')
    here.clock.now = at(20)
    await sweep()
    expect(await runs()).toHaveLength(2)
    expect(await last(schedule)).toMatchObject({
      what: 'skipped',
      why: expect.stringMatching(/one in the queue is enough/),
    })
  })

  test('the next one takes its place', async () => {
    const { first, all } = await twice({ overlap: 'replace' })
    expect(all).toHaveLength(2)
    expect(first).toMatchObject({ cancel: { by: { kind: 'schedule' } } })
  })

  test('the next one of what takes no lock waits until it is over, and is not late then', async () => {
    const { schedule, first, all } = await twice({ line: 'loadtest nap', overlap: 'queue' })
    expect(all).toHaveLength(1)
    here.clock.now = at(19, 30)
    await sweep()
    expect(await runs()).toHaveLength(1)
    await here.store.tell(first.id, { type: 'cancel', by: alice, why: '', force: false })
    here.clock.now += 5_000
    await sweep()
    expect(await runs()).toHaveLength(2)
    expect(await last(schedule)).toMatchObject({ what: 'started', due: at(19) })
  })
})

describe('a schedule that can run no more', () => {
  test('is refused, told and paused where its owner lost the right', async () => {
    const schedule = await add()
    here.clock.now = at(18)
    const { leads: _, ...roles } = site.roles
    await sweep(partsOf({ site: { ...site, roles } as Site }))
    expect(await runs()).toEqual([])
    expect(await now(schedule)).toMatchObject({ state: 'paused', next: null, past: [{ what: 'refused' }] })
    expect((await last(schedule))?.why).toMatch(/You may not run `loadtest up` on loadtest/)
    expect(await here.redis.zrange(here.keys.outbox, '0', '-1')).toContain(`schedule:${schedule.id}:${at(18)}`)
  })

  test('is paused where its command or its environment is gone', async () => {
    const schedule = await add()
    here.clock.now = at(18)
    await sweep(partsOf({ catalog: createCatalog(commands.slice(1), site) }))
    expect(await now(schedule)).toMatchObject({ state: 'paused', past: [{ what: 'refused' }] })
  })

  test('waits where the audit cannot be written, and nobody is said to have lost a right', async () => {
    const schedule = await add({ missed: 'run' })
    here.clock.now = at(18)
    const parts = partsOf()
    const full = { ...parts.audit, write: () => Promise.reject(new AuditUnavailable('No space is left.')) }
    await sweep(partsOf({ audit: full }))
    expect(await runs()).toEqual([])
    expect(await now(schedule)).toMatchObject({ state: 'active', past: [] })
    here.clock.now += 5_000
    await sweep()
    expect(await last(schedule)).toMatchObject({ what: 'started', due: at(18) })
  })

  test('is not refused while Slack does not say who is in a group', async () => {
    const schedule = await add()
    here.clock.now = at(18)
    const roles = { ...site.roles, leads: { ...site.roles.leads, members: [], user_groups: ['S02LEADS'] } }
    const unknown = { site: { ...site, roles } as Site, groups: async () => new Map() }
    await sweep(partsOf(unknown))
    expect(await now(schedule)).toMatchObject({ state: 'active', past: [] })
    here.clock.now += 5_000
    await sweep(
      partsOf({
        ...unknown,
        groups: async () =>
          new Map([
            ['S02LEADS', new Set(['U07LEAD'])],
            ['S01ENG', new Set()],
          ]),
      }),
    )
    expect(await last(schedule)).toMatchObject({ what: 'started' })
  })
})

describe('people', () => {
  test('add the same schedule once, however often the request is delivered', async () => {
    const asked = askedBy(alice)
    const made = await Promise.all([1, 2].map(() => schedulesOf(partsOf(), asked).add(daily)))
    expect(made[0]?.id).toBe(made[1]?.id)
    expect(await here.store.schedules.list()).toHaveLength(1)
    expect(await here.redis.zcard(here.keys.dueForBots)).toBe(1)
  })

  test.each([
    [{ line: 'schedule add' }, /cannot run schedules/],
    [{ line: 'loadtest status' }, /only answers/],
    [{ line: 'loadtest sideways' }, /sideways/],
    [{ line: 'loadtest up huge' }, /huge/],
    [{ line: 'loadtest up small --for 90h' }, /at most 24h/],
    [{ cron: 'nonsense' }, /no cron expression/],
    [{ tz: 'Mars/Base' }, /no time zone/],
    [{ cron: undefined, at: '2026-11-20 09:00' }, /is past/],
    [{ at: '2026-11-21 09:00' }, /either `--cron .* or `--at/],
    [{ cron: undefined }, /either `--cron .* or `--at/],
  ])('cannot add %j', async (wish, why) => {
    await expect(add(wish as Partial<ScheduleWish>)).rejects.toThrow(why)
    expect(await here.store.schedules.list()).toEqual([])
  })

  test('cannot add what they may not run themselves', async () => {
    await expect(schedulesOf(partsOf(), askedBy(carol, ['approvers'])).add(daily)).rejects.toThrow(/You may not run/)
  })

  test('change only their own, unless they approve what it does', async () => {
    const schedule = await add()
    const eve: Person = { kind: 'slack', team: 'T01TEAM', user: 'U05IDLE' }
    await expect(schedulesOf(partsOf(), askedBy(eve, ['idle'])).change(schedule.id, 'pause')).rejects.toThrow(
      /belongs to @U07LEAD. Only its owner and `approvers`/,
    )
    await schedulesOf(partsOf(), askedBy(carol, ['approvers'])).change(schedule.id, 'pause')
    expect(await now(schedule)).toMatchObject({ state: 'paused', changed: { what: 'pause', by: '@U03CAROL' } })
    expect(await here.redis.zrange(here.keys.outbox, '0', '-1')).toEqual([
      `schedule-changed:${schedule.id}:${here.clock.now}`,
    ])
    here.clock.now = at(18)
    await sweep()
    expect(await runs()).toEqual([])
    expect(await schedulesOf(partsOf(), askedBy(alice)).change(schedule.id, 'resume')).toMatch(
      /goes on. Next: Sat 2026-11-21/,
    )
    await schedulesOf(partsOf(), askedBy(alice)).change(schedule.id, 'remove')
    expect(await here.store.schedules.list()).toEqual([])
    await expect(schedulesOf(partsOf(), askedBy(alice)).find(schedule.id)).rejects.toThrow(/There is no schedule/)
  })

  test.each(['skip', 'pause', 'remove'] as const)(
    '%s once, however often and by however many bots the same request is delivered',
    async (what) => {
      const schedule = await add()
      const asked = askedBy(alice)
      const answers = await Promise.all([1, 2, 3].map(() => schedulesOf(partsOf(), asked).change(schedule.id, what)))
      answers.push(await schedulesOf(partsOf(), asked).change(schedule.id, what))
      expect(new Set(answers).size).toBe(1)
      if (what === 'skip') expect((await now(schedule)).next).toBe(at(18, 0, 21))
    },
  )

  test('skip just the next time', async () => {
    const schedule = await add()
    expect(await schedulesOf(partsOf(), askedBy(alice)).change(schedule.id, 'skip')).toMatch(
      /skips Fri 2026-11-20 18:00 UTC, and only that. Next: Sat 2026-11-21 18:00 UTC/,
    )
    here.clock.now = at(18)
    await sweep()
    expect(await runs()).toEqual([])
    here.clock.now = at(18, 0, 21)
    await sweep()
    expect(await runs()).toHaveLength(1)
  })
})

describe('the schedules of the site file', () => {
  const fixed = { line: 'loadtest up small', cron: '0 18 * * *', tz: 'UTC', owner: 'U07LEAD', channel: 'ops' }
  const withFixed = (schedules: Record<string, object>): Partial<CrewParts> => ({
    site: { ...site, schedules: { ...site.schedules, fixed: schedules } } as Site,
  })

  test('are there after a start, follow the file, and go with it', async () => {
    await Promise.all([1, 2].map(() => reconcileFixed(partsOf(withFixed({ evening: fixed })))))
    expect(await here.store.schedules.list()).toMatchObject([
      { id: 'evening', owner: alice, channel: 'C01OPS', next: at(18) },
    ])
    await reconcileFixed(partsOf(withFixed({ evening: { ...fixed, cron: '0 19 * * *' } })))
    expect(await here.store.schedules.list()).toMatchObject([{ id: 'evening', next: at(19) }])
    here.clock.now = at(18)
    await sweep()
    expect(await runs()).toEqual([])
    await reconcileFixed(partsOf(withFixed({})))
    expect(await here.store.schedules.list()).toEqual([])
  })

  test('stay paused over a start, and cannot be removed by hand', async () => {
    const parts = partsOf(withFixed({ evening: fixed }))
    await reconcileFixed(parts)
    await schedulesOf(parts, askedBy(alice)).change('evening', 'pause')
    await reconcileFixed(parts)
    expect(await here.store.schedules.list()).toMatchObject([{ state: 'paused' }])
    await expect(schedulesOf(parts, askedBy(alice)).change('evening', 'remove')).rejects.toThrow(
      /stands in the site file/,
    )
  })

  test('stop the start where a line cannot be', async () => {
    const parts = partsOf(withFixed({ evening: { ...fixed, line: 'loadtest sideways' } }))
    await expect(reconcileFixed(parts)).rejects.toThrow(/The schedule `evening` of the site file cannot be used/)
  })

  test('stop the start also where nothing of them changed but the commands', async () => {
    const parts = withFixed({ evening: fixed })
    await reconcileFixed(partsOf(parts))
    const less = partsOf({ ...parts, catalog: createCatalog(commands.slice(1), site) })
    await expect(keepFixed(less, silent)).rejects.toThrow(/cannot be used/)
  })

  test('do not end a start while Redis is away', async () => {
    const parts = partsOf(withFixed({ evening: fixed }))
    const away = { ...parts.store.schedules, alter: () => Promise.reject(new Error('Connection is closed.')) }
    const stop = await keepFixed({ ...parts, store: { ...parts.store, schedules: away } }, silent)
    stop()
    expect(await here.store.schedules.list()).toEqual([])
  })
})
