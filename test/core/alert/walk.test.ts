import { expect, test } from 'vitest'
import { createSky, MINUTE } from './sky.ts'

/** A small generator of numbers that a seed decides, so that a walk that failed can be walked again. */
function numbers(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const CHECKS = ['a', 'b', 'c', 'd']
const SERVICES = ['web', 'vault-audit-monitor']

/** Whatever happens in whatever order: what nobody saw pass is never resolved, and what is seen to be bad is told. */
function walk(seed: number): string[] {
  const random = numbers(seed)
  const sky = createSky({
    rules: [
      { name: 'node', check: 'serfHealth' },
      { name: 'any', raise_after: '20s', keep_for: '20s', remind: ['10m'] },
    ],
    flap: { changes: 6, within: '10m', quiet: '3m' },
    gather: seed % 2 === 0 ? '0s' : '90s',
  })
  const wrong: string[] = []
  const rows = new Map<string, { status: 'passing' | 'warning' | 'critical'; node: string; seen: boolean }>()
  const hidden = { datacenter: false, agent: false, nodes: new Set<string>() }
  for (let step = 0; step < 120; step++) {
    const check = CHECKS[random(CHECKS.length)] ?? 'a'
    const node = `n${1 + random(2)}`
    const service = SERVICES[random(8) === 0 ? 1 : 0] ?? 'web'
    const deed = random(12)
    if (deed < 6) {
      const status = (['passing', 'warning', 'critical'] as const)[random(3)] ?? 'passing'
      const expired = service !== 'web' && status === 'critical' && random(2) === 0
      sky.put({
        check,
        node,
        service,
        serviceId: service,
        status,
        output: expired ? 'TTL expired' : `${status} ${step}`,
      })
      rows.set(`dc1/${node}/${check}`, { status: expired ? 'critical' : status, node, seen: !expired })
    } else if (deed === 6) {
      sky.drop(check, node)
      rows.delete(`dc1/${node}/${check}`)
    } else if (deed === 7) {
      if (hidden.nodes.delete(node)) sky.put({ check: 'serfHealth', node })
      else {
        hidden.nodes.add(node)
        sky.die(node)
      }
    } else if (deed === 8) {
      hidden.datacenter = !hidden.datacenter
      sky.hide('dc1', hidden.datacenter ? 'unreachable' : null)
    } else if (deed === 9) {
      hidden.agent = !hidden.agent
      sky.loseAgent(hidden.agent)
    } else if (deed === 10) sky.silence({ check }, random(20) * MINUTE + 1000, `s${step}`)
    for (const { group, before: was } of sky.round(random(60) * 1000)) {
      for (const alert of group.alerts) {
        const state = was?.alerts.find(({ fingerprint }) => fingerprint === alert.fingerprint)?.state
        if (alert.state !== 'resolved' || state === 'resolved' || state === undefined) continue
        if (alert.check === 'serfHealth' || alert.check === 'datacenter' || alert.check.startsWith('silent:')) continue
        const row = rows.get(alert.fingerprint)
        const passes = row?.status === 'passing' && !hidden.datacenter && !hidden.agent && !hidden.nodes.has(alert.node)
        if (!passes && state !== 'pending') wrong.push(`seed ${seed}, step ${step}: ${alert.fingerprint} resolved`)
      }
      if (group.notes.some(({ n }, at) => at > 0 && n !== (group.notes[at - 1]?.n ?? 0) + 1))
        wrong.push(`seed ${seed}, step ${step}: notes`)
    }
    if (sky.round().length > 0) wrong.push(`seed ${seed}, step ${step}: a second round changed something`)
  }
  // In the end everything is seen again, and after all delays each bad check fires, in one group.
  sky.loseAgent(false)
  sky.hide('dc1', null)
  for (const node of hidden.nodes) sky.put({ check: 'serfHealth', node })
  sky.round()
  sky.round(MINUTE)
  const open = [...sky.groups.values()].filter(({ closedAt }) => closedAt === null)
  for (const [fingerprint, { status, seen }] of rows) {
    const firing = open.flatMap(({ alerts, rule }) =>
      rule === 'blind' ? [] : alerts.filter((alert) => alert.fingerprint === fingerprint && alert.state === 'firing'),
    )
    const wanted = status === 'passing' || !seen ? 0 : 1
    const flaps = firing.some(({ flapping }) => flapping !== null)
    if (firing.length !== wanted && !flaps && seen)
      wrong.push(`seed ${seed}: ${fingerprint} ${status} fires ${firing.length} times`)
  }
  return wrong
}

test('250 walks of 120 steps: nothing is resolved that nobody saw pass, nothing bad is lost, and a second look changes nothing', () => {
  expect(Array.from({ length: 250 }, (_, seed) => walk(seed + 1)).flat()).toEqual([])
})
