import { describe, expect, test } from 'vitest'
import { loadCommands } from '../../src/commands.ts'
import type { AuditEntry } from '../../src/core/audit.ts'
import { createCatalog } from '../../src/core/command.ts'
import { stageOf } from '../../src/core/execution.ts'
import type { KvSettings } from '../../src/core/kv/settings.ts'
import { kvSettings } from '../../src/core/kv/settings.ts'
import type { Window } from '../../src/core/window.ts'
import { createCrew } from '../../src/engine/crew.ts'
import { createSweeper } from '../../src/engine/effects.ts'
import { createPerform } from '../../src/engine/perform.ts'
import { alice, callerOf, carol, crewOf, eve, person } from '../audit/crew.ts'
import { auditOf, streamOf } from '../audit/redis.ts'
import { worker } from '../core/world.ts'
import { executionOf, kinds } from './kinds.ts'
import { silent, until, useRedis } from './redis.ts'

const here = useRedis()
const commands = await loadCommands(['commands'])
const APPLY = 'terraform.apply'
const bob = person('U02BOB')

/** The demo's crew, where its environment has these windows and approvers may change it outside of them. */
function crewWith(windows: Window[], outside: string[] = ['approvers'], kv: Record<string, KvSettings> = {}) {
  const { parts } = crewOf(here, here.store, auditOf(here))
  const { loadtest } = parts.site.environments
  if (!loadtest) throw new Error('There is no loadtest')
  const own = windows.map((window) => ({ ...window, days: [...window.days] }))
  const environments = { ...parts.site.environments, loadtest: { ...loadtest, windows: own, outside_window: outside } }
  const freely = { ...parts.site.roles.approvers, may: [{ commands: ['*'] }] } as never
  const site = { ...parts.site, kv, environments, roles: { ...parts.site.roles, approvers: freely } }
  return createCrew({ ...parts, site, catalog: createCatalog(commands, site) })
}
type Crew = ReturnType<typeof crewWith>

/** `loadtest up small` of Alice, planned and approved by Carol. */
async function approved(crew: Crew, line = 'loadtest up small', actor = alice): Promise<string> {
  const reply = await crew.ask(line, callerOf(actor))
  if (reply.kind !== 'started') throw new Error('It was not started')
  const { id } = reply.execution
  const plan = { stage: 'terraform.plan', attempt: 1 }
  await here.store.tell(id, { type: 'stage.started', ...plan, worker })
  const outcome = { kind: 'succeeded', output: { needsApply: true, digest: 'd1' } } as const
  await here.store.tell(id, { type: 'stage.ended', ...plan, outcome })
  const judgment = { stage: 'judgment', decision: 'approved', by: carol, at: here.clock.now, digest: 'd1' } as const
  await here.store.tell(id, { type: 'judged', judgment })
  return id
}

const applyOf = async (id: string) => {
  const found = stageOf(await executionOf(here, id), APPLY)
  if (!found) throw new Error('There is no apply')
  return found
}

/** Does all that is due at a time, as bots and workers do. */
async function sweepAt(time: string): Promise<void> {
  here.clock.now = Date.parse(time)
  const { redis, keys, store, now } = here
  const hints = { add: async () => {}, close: async () => {} } as never
  const site = {} as never
  const sweeper = createSweeper(
    redis,
    keys,
    createPerform({ redis, keys, store, site, kinds, hints, now }),
    now,
    silent,
  )
  sweeper.kick()
  await until(async () => (await redis.zcount(keys.due, '-inf', here.clock.now)) === 0)
  await sweeper.stop()
}

const said = async (crew: Crew, line: string, actor = carol): Promise<string> => {
  const reply = await crew.ask(line, callerOf(actor))
  return reply.kind === 'answered' ? reply.answer.text : ''
}

async function entries(kind: string): Promise<AuditEntry[]> {
  await auditOf(here).flush()
  return (await streamOf(here)).map(({ entry }) => entry).filter((entry) => entry.kind === kind)
}

describe('a window', () => {
  test('that opens over midnight: what was approved before begins when it opens, and not a second earlier', async () => {
    // Fri 2026-11-20 17:40 UTC is Saturday 02:40 in Tokyo: a window of Friday night has just closed, that of Saturday is next.
    const crew = crewWith([{ days: ['fri-sat'], from: '22:00', to: '02:00', zone: 'Asia/Tokyo' }])
    const id = await approved(crew)
    expect(await applyOf(id)).toMatchObject({ state: 'waiting', dueAt: Date.parse('2026-11-21T13:00:00Z') })
    await sweepAt('2026-11-21T12:59:59Z')
    expect((await applyOf(id)).state).toBe('waiting')
    await sweepAt('2026-11-21T13:00:00Z')
    expect(await applyOf(id)).toMatchObject({ state: 'ready', attempt: 1 })
    // No worker came until 02:00 on Sunday: it closed over midnight.
    here.clock.now = Date.parse('2026-11-21T17:00:00Z')
    await here.store.tell(id, { type: 'stage.started', stage: APPLY, attempt: 1, worker })
    expect(await applyOf(id)).toMatchObject({ state: 'waiting', worker: null })
    expect((await applyOf(id)).held?.text).toMatch(/opens Fri 2026-11-27 22:00 Asia\/Tokyo/)
  })

  test('in whose night clocks are put forward opens at the first moment after the hour that there is not', async () => {
    here.clock.now = Date.parse('2026-03-28T20:00:00Z')
    const crew = crewWith([{ days: ['sun'], from: '02:30', to: '05:00', zone: 'Europe/Berlin' }])
    const id = await approved(crew)
    expect((await applyOf(id)).dueAt).toBe(Date.parse('2026-03-29T01:00:00Z'))
    await sweepAt('2026-03-29T00:59:59Z')
    expect((await applyOf(id)).state).toBe('waiting')
    await sweepAt('2026-03-29T01:00:00Z')
    expect((await applyOf(id)).state).toBe('ready')
  })

  test('in whose night clocks are put back closes the first time', async () => {
    here.clock.now = Date.parse('2026-10-25T00:30:00Z') // 02:30 for the first of two times
    const crew = crewWith([{ days: ['sat'], from: '22:00', to: '02:30', zone: 'Europe/Berlin' }])
    expect((await applyOf(await approved(crew))).held?.text).toMatch(/opens Sat 2026-10-31 22:00 Europe\/Berlin/)
  })
})

describe('a freeze', () => {
  test('keeps what was approved from beginning until it is ended, and both are recorded', async () => {
    const crew = crewWith([])
    expect(await said(crew, 'freeze loadtest --until 4h --why "quarter end"')).toMatch(
      /loadtest is frozen until .*21:40/,
    )
    const id = await approved(crew)
    expect((await applyOf(id)).held?.text).toMatch(/frozen until .* by @U03CAROL: `quarter end`/)
    expect(await said(crew, 'env list')).toMatch(/\*loadtest\*.*🧊 is frozen until/)
    expect(await said(crew, 'unfreeze loadtest')).toMatch(/loadtest is no longer frozen/)
    await sweepAt(new Date(here.clock.now).toISOString())
    expect((await applyOf(id)).state).toBe('ready')
    expect(await entries('frozen')).toMatchObject([
      { environment: 'loadtest', who: 'T01DEMO/U03CAROL', why: 'quarter end' },
    ])
    expect(await entries('unfrozen')).toMatchObject([{ environment: 'loadtest', who: 'T01DEMO/U03CAROL' }])
    await expect(said(crew, 'unfreeze loadtest')).rejects.toThrow(/loadtest is not frozen/)
  })

  test('of all environments ends by itself at a time in a zone; what runs is not touched', async () => {
    const crew = crewWith([])
    const running = await approved(crew)
    await here.store.tell(running, { type: 'stage.started', stage: APPLY, attempt: 1, worker })
    await said(crew, 'freeze all --until "2026-11-21 09:00" --tz Asia/Tokyo --why audit')
    await sweepAt('2026-11-20T17:40:01Z')
    expect((await applyOf(running)).state).toBe('running')
    for (const name of ['loadtest', 'shop', 'production'])
      expect((await here.store.environment(name)).freeze?.until).toBe(Date.parse('2026-11-21T00:00:00Z'))
    const outcome = { kind: 'succeeded', output: {} } as const
    await here.store.tell(running, { type: 'stage.ended', stage: APPLY, attempt: 1, outcome })
    await here.store.tell(running, { type: 'stage.started', stage: 'health', attempt: 1, worker })
    await here.store.tell(running, { type: 'stage.ended', stage: 'health', attempt: 1, outcome })
    const id = await approved(crew)
    expect((await applyOf(id)).state).toBe('waiting')
    await sweepAt('2026-11-21T00:00:00Z')
    expect((await applyOf(id)).state).toBe('ready')
  })

  test.each([
    ['freeze loadtest --until soon --why x', /`soon` is no time\. Expected a duration/],
    ['freeze loadtest --until "2020-01-01 09:00" --why x', /is past/],
    ['freeze loadtest --until 4h --why " "', /Say why/],
    ['freeze nowhere --until 4h --why x', /nowhere/],
  ])('%s is refused', async (line, why) => {
    await expect(said(crewWith([]), line)).rejects.toThrow(why)
    expect((await here.store.environment('loadtest')).freeze).toBeUndefined()
  })

  test('is nothing that somebody without the right may do', async () => {
    await expect(said(crewWith([]), 'freeze loadtest --until 4h --why x', eve)).rejects.toThrow(/may not run `freeze`/)
  })

  test('of settings is one of theirs; all are those too', async () => {
    const app = { source: 'x', hub: 'dc1', prefixes: ['config/app/'], approvers: ['approvers'] }
    const crew = crewWith([], [], { app: kvSettings.parse({ ...app, outside_window: ['approvers'] }) })
    expect(await said(crew, 'freeze kv:app --until 4h --why "audit"')).toMatch(/kv:app is frozen until/)
    expect((await here.store.environment('kv:app')).freeze).toMatchObject({ why: 'audit' })
    expect(await said(crew, 'env list')).toMatch(/\*kv:app\*: 🧊 is frozen until .* by @U03CAROL: `audit`/)
    await said(crew, 'unfreeze kv:app')
    expect(await said(crew, 'env list')).not.toContain('kv:app')
    expect(await said(crew, 'freeze all --until 4h --why "audit"')).toMatch(/loadtest, .*kv:app are frozen/)
    await expect(said(crew, 'freeze kv:web --until 4h --why "audit"')).rejects.toThrow(/kv:web/)
  })

  test('delivered twice is one freeze', async () => {
    const [crew, caller] = [crewWith([]), callerOf(carol)]
    const line = 'freeze loadtest --until 4h --why x'
    await crew.ask(line, caller)
    here.clock.now += 60_000
    expect(await crew.ask(line, caller)).not.toMatchObject({ answer: { text: expect.stringMatching(/earlier/) } })
    expect(await entries('frozen')).toHaveLength(1)
  })

  test('in the place of another says what that was, and what none is frozen of says so', async () => {
    const crew = crewWith([])
    await said(crew, 'freeze loadtest --until "2026-12-24 09:00" --why "quarter end"', bob)
    expect(await said(crew, 'freeze all --until "2026-11-21 09:00 Asia/Tokyo" --why audit')).toMatch(
      /frozen until Sat 2026-11-21 09:00 Asia\/Tokyo \(00:00 UTC\)[\s\S]*an earlier one: loadtest was frozen until 2026-12-24 09:00 UTC by @U02BOB: `quarter end`\.$/,
    )
    await said(crew, 'unfreeze all')
    await expect(said(crew, 'unfreeze all')).rejects.toThrow('None of them is frozen.')
  })
})

describe('an override', () => {
  const closed: Window[] = [{ days: ['mon'], from: '09:00', to: '10:00', zone: 'UTC' }]

  test('typed with the line: by a role of the site, with a reason, recorded; approvals stay', async () => {
    const id = await approved(crewWith(closed), 'loadtest up small --outside-window --why "it burns"', bob)
    expect((await executionOf(here, id)).line).toBe('loadtest up small')
    expect((await applyOf(id)).state).toBe('ready')
    expect(await entries('overridden')).toMatchObject([
      { execution: id, who: 'T01DEMO/U02BOB', why: 'it burns', rule: 'outside_window: approvers' },
    ])
  })

  test('of what waits lets it go on', async () => {
    const crew = crewWith(closed)
    const id = await approved(crew)
    expect((await applyOf(id)).state).toBe('waiting')
    expect(await said(crew, `runs override ${id} --why "it burns"`)).toMatch(/may change loadtest now/)
    expect((await applyOf(id)).state).toBe('ready')
    expect(await entries('overridden')).toMatchObject([{ execution: id, why: 'it burns' }])
    await expect(said(crew, `runs override ${id} --why "again"`)).rejects.toThrow(/Already allowed/)
  })

  test.each([
    ['loadtest up small --outside-window', /needs a reason/],
    ['loadtest up small --outside-window --why', /needs a reason/],
    ['loadtest up --outside-window --why "x y"', /needs `<size>`/],
    ['loadtest up small --outside-window --why "it burns"', /`approvers` may let something change loadtest/],
    ['loadtest status --outside-window --why "it burns"', /only answers/],
  ])('%s, by somebody without that role, is refused and nothing is stored', async (line, why) => {
    await expect(said(crewWith(closed), line, alice)).rejects.toThrow(why)
    expect(await here.store.ids(10)).toEqual([])
    expect((await entries('refused')).length).toBe(1)
  })

  test('is refused where the site names no role, however much somebody may approve', async () => {
    const crew = crewWith(closed, [])
    const id = await approved(crew)
    await expect(said(crew, `runs override ${id} --why x`)).rejects.toThrow(/No role of this site may/)
    expect((await applyOf(id)).state).toBe('waiting')
    expect(await entries('refused')).toMatchObject([{ execution: id, what: 'override' }])
  })
})
