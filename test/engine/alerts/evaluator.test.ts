import { afterEach, expect, test } from 'vitest'
import { alertSettings } from '../../../src/core/alert/settings.ts'
import type { AlertGroup, CheckRow, CheckStatus } from '../../../src/core/alert.ts'
import { fingerprintOf } from '../../../src/core/alert.ts'
import { createEvaluator } from '../../../src/engine/alerts/evaluator.ts'
import type { AlertRecords } from '../../../src/engine/alerts/records.ts'
import { rowOf } from '../../core/alert/sky.ts'
import { silent } from '../quiet.ts'
import { until, useRedis } from '../redis.ts'

const here = useRedis()
const FENCE = '1'
const settings = alertSettings.parse({ channel: 'alerts', rules: [{ name: 'any' }] })

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** An evaluator of one check, on a real store; `asked`: what it knew each time when it read the groups. */
async function begin(records: AlertRecords = here.store.alerts) {
  await here.redis.set(here.keys.alertsLease, FENCE)
  const asked: ReadonlyMap<string, AlertGroup>[] = []
  let rows: ReadonlyMap<string, CheckRow> = new Map()
  const say = (status: CheckStatus) => {
    const row = rowOf({ check: 'disk', status, output: `${status} now` })
    rows = new Map([[fingerprintOf(row), row]])
  }
  say('critical')
  const evaluator = createEvaluator({
    ...{ settings, fence: FENCE, name: 'test', channel: 'C1', now: here.now, log: silent },
    records: {
      ...records,
      open: (known = new Map()) => {
        asked.push(known)
        return records.open(known)
      },
    },
    seen: () => ({
      agent: null,
      datacenters: new Map([['dc1', { dc: 'dc1', at: here.now(), rows, trouble: null }]]),
    }),
    details: async () => null,
    forgotten: () => {},
    fenced: () => {},
    wantCatchUp: async () => {},
  })
  stops.push(evaluator.stop)
  const stored = async () => (await here.store.alerts.open())[0]
  return { asked, say, stored, kick: evaluator.kick }
}

test('what it stored itself it knows, and does not read again', async () => {
  const { asked, stored, kick } = await begin()
  await until(async () => (await stored())?.state === 'firing')
  const rounds = asked.length
  kick()
  await until(() => asked.length > rounds)
  expect([...(asked.at(-1)?.values() ?? [])]).toEqual([await stored()])
})

test('what somebody else changed meanwhile is read, and not written over', async () => {
  const { say, stored, kick } = await begin()
  await until(async () => (await stored())?.state === 'firing')
  const group = await stored()
  if (!group) throw new Error('Expected a group.')
  const by = { kind: 'slack', team: 'T01DEMO', user: 'U01ALICE' } as const
  const acknowledged = { by, at: here.now(), until: here.now() + 60_000, why: 'looking' }
  await here.store.alerts.commit({ alerts: [{ ...group, acknowledged, state: 'acknowledged' }] })
  say('warning')
  kick()
  await until(async () => {
    const open = await here.store.alerts.open()
    return open.some(({ severity, state }) => severity === 'warning' && state === 'acknowledged')
  })
  const first = (await here.store.alerts.open()).find(({ id }) => id === group.id)
  expect(first?.version).toBe(3)
  expect(first?.state).toBe('moved')
})

test('only groups whose version is another one are read again', async () => {
  const { stored } = await begin()
  await until(async () => (await stored())?.state === 'firing')
  const group = await stored()
  if (!group) throw new Error('Expected a group.')
  const { open } = here.store.alerts
  const remembered = { ...group, rule: 'as remembered' }
  expect(await open(new Map([[group.id, remembered]]))).toEqual([remembered])
  expect(await open(new Map([[group.id, { ...remembered, version: group.version - 1 }]]))).toEqual([group])
})

test('the oldest comes first, whatever its id, and one whose record is gone is left out', async () => {
  const { stored } = await begin()
  await until(async () => (await stored())?.state === 'firing')
  const group = await stored()
  if (!group) throw new Error('Expected a group.')
  const { commit, open } = here.store.alerts
  const other = (id: string, openedAt: number) => ({ ...group, id, openedAt, rule: id, version: 0 })
  for (const [id, age] of [
    ['a', 1],
    ['c', 3],
    ['b', 2],
  ] as const) {
    await commit({ alerts: [other(id, group.openedAt - age)] })
  }
  await here.redis.del(here.keys.alert('b'))
  expect((await open()).map(({ id }) => id)).toEqual(['c', 'a', group.id])
})

test('where the clock is set back it goes on saying that it watches', async () => {
  const { stored, kick } = await begin()
  await until(async () => (await stored())?.state === 'firing')
  const seenAt = async () => (await here.store.alerts.known()).seen?.at
  await until(async () => (await seenAt()) === here.clock.now)
  here.clock.now -= 3_600_000
  kick()
  await until(async () => (await seenAt()) === here.clock.now)
})

test('a silence that ends in the middle of a round is told of all the same', async () => {
  const ends = here.clock.now + 10_000
  const by = { kind: 'slack', team: 'T01DEMO', user: 'U01ALICE' } as const
  const silence = { id: 's1', version: 0, matchers: { rule: 'any' }, by, why: 'known', from: here.clock.now }
  let isNear = false
  const { stored, kick } = await begin({
    ...here.store.alerts,
    // The last that is read before a round decides; the look at the clock after that is just before the end, the next one after it.
    async tests() {
      if (isNear) clock.after = ends + 1
      return here.store.alerts.tests()
    },
  })
  const clock = steppingClock()
  await until(async () => (await stored())?.state === 'firing')
  await here.store.alerts.commit({ silences: [{ ...silence, until: ends, ended: null, closed: false }] })
  kick()
  await until(async () => (await stored())?.state === 'silenced')
  here.clock.now = ends - 1
  isNear = true
  kick()
  await until(async () => (await here.store.alerts.silences()).length === 0)
  expect((await stored())?.notes.map(({ what }) => what)).toContain('silence-ended')
  here.clock = clock.before
})

/** The clock of the test, which moves on by itself once: after somebody looked. */
function steppingClock() {
  const { clock: before } = here
  let now = before.now
  const stepping = { before, after: null as number | null }
  here.clock = {
    get now() {
      const then = now
      if (stepping.after !== null) [now, stepping.after] = [stepping.after, null]
      return then
    },
    set now(given) {
      now = given
    },
  }
  return stepping
}
