import { EVERYWHERE, TESTED } from '../../../src/core/alert/blind.ts'
import { type Evaluated, evaluate, overdue } from '../../../src/core/alert/evaluate.ts'
import { alertSettings } from '../../../src/core/alert/settings.ts'
import type {
  AlertGroup,
  AlertTest,
  CheckRow,
  CheckStatus,
  DatacenterView,
  Silence,
  Trouble,
} from '../../../src/core/alert.ts'
import { fingerprintOf } from '../../../src/core/alert.ts'

export const MINUTE = 60_000

export const rowOf = (given: Partial<CheckRow> & { check: string }): CheckRow => ({
  ...{
    dc: 'dc1',
    node: 'n1',
    name: given.check,
    status: 'passing',
    output: '',
    notes: '',
    service: '',
    serviceId: '',
    tags: [],
  },
  ...given,
})

/** Consul, the store and a clock, all by hand: what `evaluate` is given and what it makes of it. */
export function createSky(settings: object = {}) {
  const checked = alertSettings.parse({ channel: 'alerts', rules: [{ name: 'any' }], gather: '0s', ...settings })
  const rows = new Map<string, CheckRow>([serf('n1'), serf('n2')].map((row) => [fingerprintOf(row), row]))
  const troubles = new Map<string, Trouble>()
  const groups = new Map<string, AlertGroup>()
  const silences = new Map<string, Silence>()
  const tests: AlertTest[] = []
  const monitors: CheckRow[] = []
  let [now, agent, count] = [1_000_000_000_000, null as Trouble | null, 0]
  let unwatchedSince: number | null = null

  function views(): Map<string, DatacenterView> {
    const names = [...new Set([...rows.values()].map(({ dc }) => dc)), ...troubles.keys()]
    return new Map(
      names.map((dc) => {
        const own = new Map([...rows].filter(([, row]) => row.dc === dc))
        return [dc, { dc, at: now, rows: own, trouble: troubles.get(dc) ?? null }]
      }),
    )
  }

  return {
    settings: checked,
    get now() {
      return now
    },
    groups,
    silences,
    tests,
    monitors,
    put(...given: (Partial<CheckRow> & { check: string })[]) {
      for (const each of given) {
        const row = rowOf(each)
        rows.set(fingerprintOf(row), row)
      }
    },
    drop(check: string, node = 'n1') {
      rows.delete(fingerprintOf({ dc: 'dc1', node, check }))
    },
    die(node: string) {
      rows.set(`dc1/${node}/serfHealth`, { ...serf(node), status: 'critical', output: 'Agent not live or unreachable' })
    },
    hide(dc: string, kind: Trouble['kind'] | null) {
      if (kind === null) troubles.delete(dc)
      else troubles.set(dc, { kind, why: `${dc}: ${kind}`, since: now })
    },
    loseAgent(lost: boolean) {
      agent = lost ? { kind: 'agent', why: 'connection refused', since: now } : null
    },
    unwatched(since: number) {
      unwatchedSince = since
    },
    silence(matchers: Silence['matchers'], ms: number, id = 's1') {
      const by = { kind: 'slack', team: 'T01DEMO', user: 'U01ALICE' } as const
      silences.set(id, {
        id,
        version: 0,
        matchers,
        by,
        why: 'known',
        from: now,
        until: now + ms,
        ended: null,
        closed: false,
      })
    },
    /** Time passes; then one round. Gives what changed. */
    round(ms = 0): Evaluated[] {
      now += ms
      const open = [...groups.values()].filter(({ closedAt }) => closedAt === null)
      const datacenters = views()
      const world = {
        settings: checked,
        agent,
        datacenters,
        watched: [EVERYWHERE, TESTED, ...datacenters.keys()],
        monitors,
        tests,
      }
      const active = [...silences.values()].filter(({ closed }) => !closed)
      const changed = evaluate({
        ...world,
        groups: open,
        silences: active,
        details: new Map(),
        now,
        unwatchedSince,
        newId: () => `g${++count}`,
      })
      for (const { group } of changed) groups.set(group.id, group)
      for (const silence of overdue(active, now)) silences.set(silence.id, silence)
      unwatchedSince = null
      return changed
    },
    only(): AlertGroup {
      const [first, ...more] = groups.values()
      if (!first || more.length > 0) throw new Error(`There are ${groups.size} groups.`)
      return first
    },
    states: () => [...groups.values()].map(({ rule, dc, severity, state }) => `${rule}/${dc}/${severity} ${state}`),
  }
}

export const told = (group: AlertGroup) => group.notes.map(({ what }) => what)
export const bad = (status: CheckStatus = 'critical') => ({ check: 'http', status, output: `${status}!` })

function serf(node: string): CheckRow {
  return rowOf({ node, check: 'serfHealth', name: 'Serf Health Status', output: 'Agent alive and reachable' })
}
