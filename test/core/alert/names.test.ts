import { expect, test } from 'vitest'
import { closedBy } from '../../../src/core/alert/deeds.ts'
import { labelOf } from '../../../src/core/alert.ts'
import { bad, createSky, MINUTE, rowOf } from './sky.ts'

const by = { kind: 'slack', team: 'T01DEMO', user: 'U02BOB' } as const

test.each(['test:db', 'silent:db'])(
  'a check of Consul may be called %s: gone is not passing, and passing is not gone',
  (check) => {
    const sky = createSky()
    sky.put({ ...bad(), check })
    sky.round()
    sky.drop(check)
    sky.round(1000)
    expect(sky.only().state).toBe('firing')
    sky.put({ check })
    sky.round(1000)
    expect(sky.only().state).toBe('resolved')
  },
)

test('two instances of a service on one node are two names', () => {
  const [one, other] = ['web-1', 'web-2'].map((serviceId) =>
    labelOf({ service: 'web', serviceId, name: 'HTTP', check: `service:${serviceId}`, node: 'n1' }),
  )
  expect([one, other]).toEqual(['web (web-1): HTTP on n1', 'web (web-2): HTTP on n1'])
  expect(labelOf({ service: 'web', serviceId: 'web', name: 'HTTP', check: 'c', node: 'n1' })).toBe('web: HTTP on n1')
})

test('a token in what a check says, or in the reason of a maintenance, is not kept', () => {
  const token = `hvs.${'Ab1_'.repeat(30)}`
  const sky = createSky()
  sky.put({ ...bad(), output: `${'x'.repeat(560)} denied: ${token}` })
  sky.round()
  sky.put({ check: '_node_maintenance', status: 'critical', notes: `with ${token}` })
  sky.round(MINUTE)
  expect(JSON.stringify(sky.only())).not.toContain('hvs.')
  expect(sky.only().alerts[0]).toMatchObject({
    output: expect.stringContaining('denied: ***'),
    maintenance: { reason: 'with ***' },
  })
})

test('a monitor that somebody closed never counts as resolved, also while it is still remembered', () => {
  const sky = createSky()
  sky.monitors.push(rowOf({ check: 'm', service: 'vault-audit-monitor', node: 'n9' }))
  sky.round()
  sky.round(5 * MINUTE)
  const done = closedBy(sky.only(), { by, why: 'gone for good', now: sky.now })
  if ('refused' in done) throw new Error(done.refused)
  sky.groups.set(done.group.id, done.group)
  sky.round(1000)
  sky.monitors.pop()
  sky.round(10_000)
  expect(sky.only().state).toBe('closed')
})

test('a service that the site does not name as a monitor any more is not missed', () => {
  const sky = createSky({ monitors: ['other'] })
  sky.monitors.push(rowOf({ check: 'm', service: 'vault-audit-monitor', node: 'n9' }))
  sky.round()
  sky.round(6 * MINUTE)
  expect(sky.states()).toEqual([])
})
