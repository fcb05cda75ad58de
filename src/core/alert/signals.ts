import type { Alert, AlertSettings, CheckRow, DatacenterView } from '../alert.ts'
import { BLIND, fingerprintOf } from '../alert.ts'
import { blindRows, DATACENTER, EVERYWHERE, isSilent, SILENT, TEST, testRow } from './blind.ts'
import { factsOf, maintenanceOf } from './facts.ts'
import { hidden, type Observed, type Signal, unseen } from './observed.ts'
import { severityOf } from './route.ts'
import { type Target, targetOf } from './target.ts'

/** A check that belongs to a group. */
export type Bad = { readonly row: CheckRow; readonly target: Target; readonly maintenance: string | null }

/** Checks that are bad, by their group (`groupKey`) and fingerprint; and what is known of any check. */
export type Signals = {
  readonly groups: ReadonlyMap<string, ReadonlyMap<string, Bad>>
  of(alert: Known): Signal
}
type Known = Pick<Alert, 'dc' | 'node' | 'check' | 'fingerprint'>

export const groupKey = ({ rule, dc, severity }: Pick<Target, 'rule' | 'severity'> & { readonly dc: string }) =>
  JSON.stringify([rule, dc, severity])

/** What every check says now: Consul's own, and ours about what can not be watched. */
export function signalsOf(observed: Observed): Signals {
  const { settings, datacenters, tests, now } = observed
  const shown = new Map<string, Judged>()
  for (const view of datacenters.values()) if (!hidden(observed, view)) shown.set(view.dc, judgedOf(settings, view))
  const groups = new Map([...shown.values()].flatMap((judged) => [...judged.groups]))
  const own = new Map<string, Signal>()
  // What was worked out of an answer stays as it is: ours join a copy.
  const copies = new Map<string, Map<string, Bad>>()
  const put = (row: CheckRow, target: Target, maintenance: string | null = null) => {
    const [key, fingerprint] = [groupKey({ ...target, dc: row.dc }), fingerprintOf(row)]
    own.set(fingerprint, { is: 'bad', row, target, maintenance })
    const copy = copies.get(key) ?? new Map(groups.get(key))
    copies.set(key, copy.set(fingerprint, { row, target, maintenance }))
    groups.set(key, copy)
  }
  for (const [row, raiseAfter, maintenance] of blindRows(observed)) {
    put(row, { rule: BLIND, severity: settings.blind.severity, raiseAfter }, maintenance)
  }
  for (const test of tests.filter(({ until }) => until > now)) {
    const rule = settings.rules.find(({ name }) => name === test.rule)
    put(testRow(test), { rule: test.rule, severity: severityOf(rule ?? {}, test.status), raiseAfter: 0 })
  }
  return {
    groups,
    of: (alert) =>
      own.get(alert.fingerprint) ?? shown.get(alert.dc)?.bad.get(alert.fingerprint) ?? otherwise(observed, alert),
  }
}

type Judged = {
  readonly bad: ReadonlyMap<string, Signal>
  readonly groups: Signals['groups']
}

const judgedBefore = new WeakMap<
  DatacenterView['rows'],
  { readonly settings: AlertSettings; readonly judged: Judged }
>()

/** The checks of a datacenter that are bad: worked out once for each answer of Consul, since most rounds see the one of before. */
function judgedOf(settings: AlertSettings, view: DatacenterView): Judged {
  const before = judgedBefore.get(view.rows)
  if (before?.settings === settings) return before.judged
  const bad = new Map<string, Signal>()
  const byTarget = new Map<Target, Map<string, Bad>>()
  for (const [fingerprint, row] of factsOf(view).bad) {
    const signal = judged(settings, view, row)
    if (signal.is !== 'bad') continue
    bad.set(fingerprint, signal)
    const { target, maintenance } = signal
    if (!target) continue
    const rows = byTarget.get(target) ?? new Map<string, Bad>()
    byTarget.set(target, rows.set(fingerprint, { row, target, maintenance }))
  }
  const groups = new Map([...byTarget].map(([target, rows]) => [groupKey({ ...target, dc: view.dc }), rows]))
  judgedBefore.set(view.rows, { settings, judged: { bad, groups } })
  return { bad, groups }
}

/** A check that is not bad: it passes, is gone, or nobody can say. */
function otherwise(observed: Observed, alert: Known): Signal {
  // Whatever a check of Consul is called, it has a node.
  if (alert.check.startsWith(TEST) && !alert.node) return { is: 'ok', row: null }
  if (alert.check === DATACENTER && !alert.node) return seenAgain(observed, alert.dc)
  const view = observed.datacenters.get(alert.dc)
  if (observed.watched && !observed.watched.includes(alert.dc))
    return { is: 'dropped', why: `the datacenter ${alert.dc} is not watched any more` }
  if (!view) return { is: 'frozen' }
  const trouble = hidden(observed, view)
  if (trouble) return trouble
  const ours = alert.check.startsWith(SILENT) && !view.rows.has(alert.fingerprint)
  const row = view.rows.get(fingerprintOf({ ...alert, check: alert.check.slice(ours ? SILENT.length : 0) }))
  // Where rows are kept from us, one that is not there may be hidden as well as gone.
  if (!row) return { is: view.trouble ? 'frozen' : 'gone' }
  return ours ? { is: 'ok', row: null } : judged(observed.settings, view, row)
}

/**
 * Whether what could not be watched can be by now. Only an answer says so: a trouble that is young, since it is another one than before
 * or since this bot has just begun to look, is none.
 */
function seenAgain(observed: Observed, dc: string): Signal {
  const { agent, datacenters, watched } = observed
  if (dc === EVERYWHERE) {
    const heard = [...datacenters.values()].some(({ at, trouble }) => at !== null || trouble !== null)
    return heard && !agent ? { is: 'ok', row: null } : { is: 'frozen' }
  }
  // While our own agent does not answer nothing is known of a datacenter.
  if (agent) return unseen(observed, agent)
  if (watched && !watched.includes(dc)) return { is: 'dropped', why: `the datacenter ${dc} is not watched any more` }
  const view = datacenters.get(dc)
  return !view || view.trouble || view.at === null ? { is: 'frozen' } : { is: 'ok', row: null }
}

function judged(settings: AlertSettings, view: DatacenterView, row: CheckRow): Signal {
  const facts = factsOf(view)
  const death = row.check === 'serfHealth' ? undefined : facts.dead.get(row.node)
  if (death !== undefined) {
    return { is: 'unknown', why: `the node ${row.node} is dead: its checks stand as it left them`, wide: false }
  }
  if (row.status === 'passing') return { is: 'ok', row }
  if (isSilent(settings, row)) return { is: 'unknown', why: 'its monitor gives no sign of life', wide: false }
  return { is: 'bad', row, target: targetOf(settings, row, row.status), maintenance: maintenanceOf(facts, row) }
}
