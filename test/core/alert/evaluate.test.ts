import { describe, expect, test } from 'vitest'
import { acknowledged, closedBy } from '../../../src/core/alert/deeds.ts'
import { bad, createSky, MINUTE, told } from './sky.ts'

const by = { kind: 'slack', team: 'T01DEMO', user: 'U02BOB' } as const

describe('raising and resolving', () => {
  test('a check that turns critical fires at once where the rule has no delay, and resolves when it passes', () => {
    const sky = createSky()
    sky.put(bad())
    sky.round()
    expect(sky.only()).toMatchObject({
      rule: 'any',
      dc: 'dc1',
      severity: 'critical',
      state: 'firing',
      shownAt: sky.now,
    })
    expect(told(sky.only())).toEqual([])
    sky.put({ check: 'http' })
    sky.round(MINUTE)
    expect(sky.only()).toMatchObject({ state: 'resolved', endedAt: sky.now, closedAt: null })
    expect(told(sky.only())).toEqual(['resolved'])
    sky.round(15 * MINUTE)
    expect(sky.only().closedAt).toBe(sky.now)
  })

  test('the same world a second time changes nothing', () => {
    const sky = createSky({ rules: [{ name: 'any', raise_after: '1m', keep_for: '1m' }] })
    sky.put(bad())
    expect(sky.round()).toHaveLength(1)
    expect(sky.round(1000)).toEqual([])
    sky.round(MINUTE)
    expect(sky.round(1000)).toEqual([])
    sky.put({ check: 'http' })
    sky.round(1000)
    expect(sky.round(1000)).toEqual([])
  })

  test('within the raise delay nobody is told, and what passes before it is over was nothing', () => {
    const sky = createSky({ rules: [{ name: 'any', raise_after: '1m' }] })
    sky.put(bad())
    sky.round()
    expect(sky.only()).toMatchObject({ state: 'pending', shownAt: null })
    sky.round(59_000)
    expect(sky.only().shownAt).toBeNull()
    sky.put({ check: 'http' })
    sky.round(500)
    expect(sky.only()).toMatchObject({ alerts: [], shownAt: null, notes: [] })
    sky.put(bad())
    sky.round()
    sky.round(MINUTE)
    expect(sky.only()).toMatchObject({ state: 'firing', shownAt: sky.now })
  })

  test('within the keep delay it goes on firing, and one that is bad again meanwhile never resolved', () => {
    const sky = createSky({ rules: [{ name: 'any', keep_for: '2m' }] })
    sky.put(bad())
    sky.round()
    sky.put({ check: 'http' })
    sky.round(MINUTE)
    expect(sky.only().state).toBe('firing')
    sky.put(bad())
    sky.round(MINUTE)
    sky.put({ check: 'http' })
    sky.round(1000)
    sky.round(119_000)
    expect(sky.only().state).toBe('firing')
    sky.round(1000)
    expect(sky.only().state).toBe('resolved')
  })

  test('what fires again soon goes on in its old message and calls people again; later it is a new one', () => {
    const sky = createSky({ rules: [{ name: 'any', mention: ['S01SRE'] }] })
    sky.put(bad())
    sky.round()
    sky.put({ check: 'http' })
    sky.round(MINUTE)
    sky.put(bad())
    sky.round(MINUTE)
    expect(sky.only()).toMatchObject({ state: 'firing', endedAt: null })
    expect(sky.only().notes.at(-1)).toMatchObject({ what: 'again', mention: ['S01SRE'] })
    sky.put({ check: 'http' })
    sky.round(MINUTE)
    sky.round(15 * MINUTE)
    sky.put(bad())
    sky.round()
    expect(sky.groups.size).toBe(2)
  })

  test('what fires again while nobody watched is a message of its own where the old one was spent', () => {
    const sky = createSky()
    sky.put(bad())
    sky.round()
    sky.put({ check: 'http' })
    sky.round(MINUTE)
    sky.put(bad())
    sky.unwatched(sky.now)
    sky.round(60 * MINUTE)
    const [old, fresh] = [...sky.groups.values()]
    expect(old).toMatchObject({ state: 'resolved', closedAt: sky.now })
    expect(fresh).toMatchObject({ state: 'firing', shownAt: sky.now })
    expect(sky.round(1000)).toEqual([])
  })

  test('from warning to critical it moves into the other group at once, and the old one does not say that it resolved', () => {
    const sky = createSky({ rules: [{ name: 'any', raise_after: '1m' }] })
    sky.put(bad('warning'))
    sky.round()
    sky.round(MINUTE)
    sky.put(bad('critical'))
    sky.round(1000)
    expect(sky.states()).toEqual(['any/dc1/warning moved', 'any/dc1/critical firing'])
    expect(told([...sky.groups.values()][0] as never)).toEqual(['moved'])
  })

  test('the first rule that fits decides, and one that says it is no alert ends what fired by another', () => {
    const sky = createSky({ rules: [{ name: 'quiet', service: 'batch-*', alert: false }, { name: 'rest' }] })
    sky.put({ ...bad(), service: 'batch-1', check: 'a' }, { ...bad(), service: 'web', check: 'b' })
    sky.round()
    expect(sky.only().alerts.map(({ service }) => service)).toEqual(['web'])
    sky.put({ ...bad(), service: 'batch-2', check: 'b' })
    sky.round(1000)
    expect(sky.only().alerts[0]).toMatchObject({ state: 'closed' })
  })
})

describe('what is not there is no recovery', () => {
  test('a check that is gone fires on, then has vanished, reminds, and is closed in the end without ever being resolved', () => {
    const sky = createSky()
    sky.put(bad())
    sky.round()
    sky.drop('http')
    sky.round(MINUTE)
    expect(sky.only().state).toBe('firing')
    sky.round(5 * MINUTE)
    expect(sky.only()).toMatchObject({ state: 'vanished', endedAt: null })
    sky.round(60 * MINUTE)
    expect(told(sky.only())).toEqual(['vanished', 'reminder'])
    sky.round(24 * 60 * MINUTE)
    expect(sky.only()).toMatchObject({ state: 'closed', endedAt: sky.now })
    expect(told(sky.only())).not.toContain('resolved')
  })

  test('one that comes back passing is resolved, one that comes back bad fires', () => {
    for (const [status, state] of [
      ['passing', 'resolved'],
      ['critical', 'firing'],
    ] as const) {
      const sky = createSky()
      sky.put(bad())
      sky.round()
      sky.drop('http')
      sky.round(1000)
      sky.round(6 * MINUTE)
      sky.put({ ...bad(), status })
      sky.round(MINUTE)
      expect(sky.only().state).toBe(state)
      expect(told(sky.only())).toEqual(['vanished', 'returned'])
    }
  })

  test('a dead node hides its checks: they are unknown, and what it left behind raises nothing new', () => {
    const sky = createSky({ rules: [{ name: 'node', check: 'serfHealth' }, { name: 'rest' }] })
    sky.put({ ...bad(), node: 'n2' }, { ...bad('warning'), node: 'n2', check: 'later', status: 'passing' })
    sky.round()
    sky.die('n2')
    sky.put({ ...bad('warning'), node: 'n2', check: 'later' })
    sky.round(1000)
    expect(sky.states().toSorted()).toEqual(['node/dc1/critical firing', 'rest/dc1/critical unknown'])
    sky.put({ check: 'serfHealth', node: 'n2' }, { check: 'later', node: 'n2' })
    sky.round(1000)
    expect(sky.states().toSorted()).toEqual(['node/dc1/critical resolved', 'rest/dc1/critical firing'])
  })

  test('a datacenter that cannot be seen is one alert after a while; the rest is unknown and quiet', () => {
    const sky = createSky({ rules: [{ name: 'any', remind: ['1m'] }] })
    sky.put(bad(), { ...bad('warning'), check: 'b' })
    sky.round()
    sky.hide('dc1', 'unreachable')
    sky.round(29_000)
    expect(sky.states()).toEqual(['any/dc1/critical firing', 'any/dc1/warning firing'])
    sky.round(1000)
    expect(sky.states()).toEqual(['any/dc1/critical unknown', 'any/dc1/warning unknown', 'blind/dc1/critical firing'])
    const before = [...sky.groups.values()].slice(0, 2).flatMap(told)
    sky.round(60 * MINUTE)
    expect([...sky.groups.values()].slice(0, 2).flatMap(told)).toEqual(before)
    sky.hide('dc1', null)
    sky.put({ check: 'b' })
    sky.round(1000)
    expect(sky.states()).toEqual(['any/dc1/critical firing', 'any/dc1/warning resolved', 'blind/dc1/critical resolved'])
  })

  test('while our own agent does not answer there is one alert for all datacenters', () => {
    const sky = createSky()
    sky.put(bad(), { ...bad(), dc: 'dc2' })
    sky.round()
    sky.loseAgent(true)
    sky.round(30_000)
    expect(sky.states()).toEqual([
      'any/dc1/critical unknown',
      'any/dc2/critical unknown',
      'blind/(all)/critical firing',
    ])
    sky.loseAgent(false)
    sky.round(1000)
    expect(sky.states()).toEqual([
      'any/dc1/critical firing',
      'any/dc2/critical firing',
      'blind/(all)/critical resolved',
    ])
  })

  test('blindness ends with an answer, not with a trouble that is young: of another kind, or in the eyes of another bot', () => {
    const sky = createSky()
    sky.hide('dc1', 'unreachable')
    sky.round(30_000)
    sky.hide('dc1', 'leaderless')
    expect(sky.round(1000)).toEqual([])
    sky.loseAgent(true)
    sky.round(30_000)
    expect(sky.states()).toEqual(['blind/dc1/critical unknown', 'blind/(all)/critical firing'])
    sky.loseAgent(true)
    expect(sky.round(1000)).toEqual([])
    sky.loseAgent(false)
    sky.round(1000)
    expect(sky.states()).toEqual(['blind/dc1/critical firing', 'blind/(all)/critical resolved'])
    sky.hide('dc1', null)
    sky.round(1000)
    expect(sky.states()).toEqual(['blind/dc1/critical resolved', 'blind/(all)/critical resolved'])
  })

  test('rows that a token may not see any more stay as they were; what is still seen counts', () => {
    const sky = createSky()
    sky.put(bad(), { ...bad(), check: 'b' })
    sky.round()
    sky.hide('dc1', 'filtered')
    sky.drop('http')
    sky.put({ check: 'b' }, { ...bad(), check: 'c' })
    sky.round(60 * MINUTE)
    const [group] = sky.groups.values()
    expect(group?.alerts.map(({ check, state }) => `${check} ${state}`)).toEqual([
      'http firing',
      'b resolved',
      'c firing',
    ])
    expect(sky.states()).toContain('blind/dc1/critical firing')
  })
})

test('a datacenter that was taken away for good is closed by who knows it, and stays so', () => {
  const sky = createSky()
  sky.hide('dc1', 'unreachable')
  sky.round(30_000)
  sky.round()
  expect(sky.states()).toEqual(['blind/dc1/critical firing'])
  const done = closedBy(sky.only(), { by, why: 'sold', now: sky.now })
  if ('refused' in done) throw new Error(done.refused)
  expect(done.group).toMatchObject({ state: 'closed', alerts: [{ state: 'closed' }] })
  const all = createSky()
  all.put(bad())
  all.round()
  expect(closedBy(all.only(), { by, why: 'x', now: all.now })).toHaveProperty('refused')
})

describe('monitors', () => {
  const monitor = {
    service: 'vault-audit-monitor',
    serviceId: 'vault-audit-monitor',
    check: 'vault-audit-monitor:status',
  }
  const expired = {
    ...monitor,
    status: 'critical',
    output: 'TTL expired (last output before timeout follows): 3 denied',
  } as const

  test('a monitor whose time ran out is blindness and not what it watches for', () => {
    const sky = createSky({ rules: [{ name: 'denied', service: 'vault-audit-monitor' }] })
    sky.put({ ...monitor, status: 'warning', output: '12 denied' })
    sky.round()
    sky.put(expired)
    sky.round(1000)
    expect(sky.states()).toEqual(['denied/dc1/warning unknown', 'blind/dc1/critical firing'])
    sky.put({ ...monitor, output: 'none' })
    sky.round(1000)
    expect(sky.states()).toEqual(['denied/dc1/warning resolved', 'blind/dc1/critical resolved'])
  })

  test('a monitor of which an agent that was away forgot the words is none of its alerts, and soon blindness', () => {
    const sky = createSky({ rules: [{ name: 'denied', service: 'vault-audit-monitor' }] })
    const forgotten = { ...monitor, status: 'critical', output: '' } as const
    sky.put(forgotten)
    sky.round()
    expect(sky.states()).toEqual(['blind/dc1/critical pending'])
    sky.put({ ...monitor, output: 'none' })
    sky.round(10_000)
    expect([...sky.groups.values()].map(({ shownAt }) => shownAt)).toEqual([null])
    sky.put(forgotten)
    sky.round()
    sky.round(30_000)
    expect(sky.states()).toEqual(['blind/dc1/critical firing'])
  })

  test('the time of any other service that ran out is an alert of its own', () => {
    const sky = createSky()
    sky.put({ ...expired, service: 'worker', serviceId: 'worker' })
    sky.round()
    expect(sky.states()).toEqual(['any/dc1/critical firing'])
  })

  test('a monitor on a dead node is blindness too, and so is one that is gone', () => {
    const sky = createSky({ rules: [{ name: 'denied', service: 'vault-audit-monitor' }] })
    sky.put({ ...monitor, node: 'n2' })
    sky.die('n2')
    sky.round()
    expect(sky.states()).toEqual(['blind/dc1/critical firing'])
    const other = createSky({ rules: [{ name: 'denied', service: 'vault-audit-monitor' }] })
    other.put(monitor)
    other.round()
    other.monitors.push({
      dc: 'dc1',
      node: 'n1',
      name: '',
      status: 'passing',
      output: '',
      notes: '',
      tags: [],
      ...monitor,
    })
    other.drop(monitor.check)
    other.round(MINUTE)
    expect(other.only().state).toBe('pending')
    other.round(5 * MINUTE)
    expect(other.only()).toMatchObject({ rule: 'blind', state: 'firing' })
  })
})

describe('what people do', () => {
  test('an acknowledgement stops reminders and escalations, and comes back when its time is over', () => {
    const sky = createSky({
      rules: [{ name: 'any', remind: ['10m'], escalate: [{ after: '5m', mention: ['S01SRE'] }] }],
    })
    sky.put(bad())
    sky.round()
    const taken = acknowledged(sky.only(), { by, why: null, now: sky.now, until: sky.now + 60 * MINUTE })
    if ('refused' in taken) throw new Error(taken.refused)
    sky.groups.set(taken.group.id, taken.group)
    sky.round(30 * MINUTE)
    expect(sky.only().state).toBe('acknowledged')
    expect(told(sky.only())).toEqual(['acknowledged'])
    sky.round(30 * MINUTE)
    expect(sky.only()).toMatchObject({ state: 'firing', acknowledged: null, openSince: sky.now })
    expect(sky.only().notes.at(-1)).toMatchObject({ what: 'lapsed', mention: ['U02BOB'] })
    sky.round(5 * MINUTE)
    sky.round(5 * MINUTE)
    expect(told(sky.only()).slice(2)).toEqual(['escalated', 'reminder'])
    expect(sky.only().escalated).toMatchObject([{ step: 1, rung: 0, channel: null }])
  })

  test('reminders never catch up, and stop with the alert', () => {
    const sky = createSky({ rules: [{ name: 'any', remind: ['1h', '4h', '1d'] }] })
    sky.put(bad())
    sky.round()
    sky.round(50 * 60 * MINUTE)
    expect(told(sky.only())).toEqual(['reminder'])
    sky.round(22 * 60 * MINUTE)
    expect(told(sky.only())).toEqual(['reminder', 'reminder'])
    sky.put({ check: 'http' })
    sky.round()
    sky.round(10 * 24 * 60 * MINUTE)
    expect(told(sky.only())).toEqual(['reminder', 'reminder', 'resolved'])
  })

  test('under a silence nothing is told; it is told before its end, and what is left then is told with what changed', () => {
    const sky = createSky({ rules: [{ name: 'any', mention: ['S01SRE'] }] })
    sky.put(bad(), { ...bad(), check: 'b' })
    sky.round()
    sky.silence({ rule: 'any' }, 60 * MINUTE)
    sky.round(1000)
    expect(sky.only().state).toBe('silenced')
    sky.put({ check: 'b' }, { ...bad(), check: 'c' })
    sky.round(MINUTE)
    expect(told(sky.only())).toEqual(['silenced'])
    sky.round(45 * MINUTE)
    expect(sky.only().notes.at(-1)).toMatchObject({ what: 'silence-ends', mention: ['U01ALICE'] })
    sky.round(14 * MINUTE)
    const last = sky.only().notes.at(-1)
    expect(last).toMatchObject({ what: 'silence-ended', mention: ['U01ALICE', 'S01SRE'] })
    expect(last?.items.map(({ label, text }) => `${label} ${text}`)).toEqual([
      'http on n1 critical!',
      'c on n1 critical!',
      'b on n1 resolved meanwhile',
    ])
    expect(sky.only().state).toBe('firing')
    expect(sky.round(1000)).toEqual([])
  })

  test('what begins under a silence is not shown at all before the silence is about to end', () => {
    const sky = createSky()
    sky.silence({ service: '*' }, 60 * MINUTE)
    sky.put(bad())
    sky.round()
    expect(sky.only()).toMatchObject({ state: 'silenced', shownAt: null, notes: [] })
    sky.round(46 * MINUTE)
    expect(sky.only().shownAt).toBe(sky.now)
    expect(told(sky.only())).toEqual(['silence-ends'])
  })

  test('a silence that somebody ends is told at once where something still fires', () => {
    const sky = createSky()
    sky.put(bad())
    sky.round()
    sky.silence({ dc: 'dc1' }, 60 * MINUTE)
    sky.round(1000)
    const silence = sky.silences.get('s1')
    if (silence) sky.silences.set('s1', { ...silence, ended: { by, at: sky.now } })
    sky.round(1000)
    expect(sky.only()).toMatchObject({ state: 'firing' })
    expect(sky.only().notes.at(-1)).toMatchObject({ what: 'silence-ended', by })
    expect(sky.silences.get('s1')?.closed).toBe(true)
  })

  test('maintenance of a node or a service mutes it, and its end is told where it still fires', () => {
    for (const check of ['_node_maintenance', '_service_maintenance:web-1']) {
      const sky = createSky({ rules: [{ name: 'any', mention: ['S01SRE'] }] })
      sky.put({ ...bad(), service: 'web', serviceId: 'web-1' })
      sky.round()
      sky.put({ check, status: 'critical', notes: 'new disks', service: check === '_node_maintenance' ? '' : 'web' })
      sky.round(1000)
      expect(sky.only()).toMatchObject({ state: 'maintenance' })
      expect(sky.only().notes.at(-1)).toMatchObject({ what: 'maintenance', why: 'new disks' })
      sky.drop(check)
      sky.round(MINUTE)
      expect(sky.only().state).toBe('firing')
      expect(told(sky.only())).toEqual(['maintenance', 'maintenance-ended'])
      expect(sky.only().notes.map(({ mention }) => mention)).toEqual([[], ['S01SRE']])
    }
  })
})

describe('flapping', () => {
  test('is said once; until it is still for a while it neither resolves nor fires anew', () => {
    const sky = createSky({ flap: { changes: 4, within: '10m', quiet: '5m' } })
    for (let turn = 0; turn < 10; turn++) {
      sky.put(bad())
      sky.round(10_000)
      sky.put({ check: 'http' })
      sky.round(10_000)
    }
    expect(told(sky.only())).toEqual(['resolved', 'again', 'flapping'])
    expect(sky.only().state).toBe('firing')
    sky.round(5 * MINUTE)
    expect(sky.only().state).toBe('resolved')
    expect(told(sky.only()).at(-1)).toBe('resolved')
  })

  test('one that stays bad is steady again', () => {
    const sky = createSky({ flap: { changes: 3, within: '10m', quiet: '5m' } })
    for (const row of [bad(), { check: 'http' }, bad(), { check: 'http' }, bad()]) {
      sky.put(row)
      sky.round(1000)
    }
    expect(sky.only().alerts[0]?.flapping).not.toBeNull()
    sky.round(5 * MINUTE)
    expect(sky.only().alerts[0]?.flapping).toBeNull()
    expect(told(sky.only()).at(-1)).toBe('steady')
    expect(sky.round(1000)).toEqual([])
  })
})

test('a test fires by its rule and ends by itself', () => {
  const sky = createSky()
  sky.tests.push({ id: 't1', rule: 'any', status: 'critical', by, until: sky.now + 5 * MINUTE })
  sky.round()
  expect(sky.states()).toEqual(['any/(test)/critical firing'])
  sky.round(5 * MINUTE)
  expect(sky.states()).toEqual(['any/(test)/critical resolved'])
})

test('what is told of a time without anybody who watched says so', () => {
  const sky = createSky()
  sky.put(bad())
  sky.round()
  const since = sky.now
  sky.put({ check: 'http' })
  sky.unwatched(since)
  sky.round(60 * MINUTE)
  expect(sky.only().notes.at(-1)).toMatchObject({ what: 'resolved', unwatchedSince: since })
})
