import type { AlertSettings, AlertTest, CheckRow, Trouble } from '../alert.ts'
import { fingerprintOf } from '../alert.ts'
import { milliseconds } from '../duration.ts'
import { factsOf, maintenanceOf, monitorsAmong } from './facts.ts'
import { hidden, type Observed } from './observed.ts'
import { delayOf } from './target.ts'

/** Checks of our own; `silent:` stands before the id of a monitor's check. */
export const [DATACENTER, TEST] = ['datacenter', 'test:']
export const SILENT = 'silent:'
/** In the place of a datacenter where it is all of Consul, or a test of a rule. No datacenter can be called so: Consul takes no brackets. */
export const [EVERYWHERE, TESTED] = ['(all)', '(test)']
const EXPIRED = /^TTL expired/

/**
 * The time of a monitor's check ran out: that says nothing of what it watches. Nor does a critical one without a word: an agent that was
 * away for longer than the TTL comes back with that (Consul 1.8.7), until the monitor speaks or its time runs out.
 */
export function isSilent({ monitors }: AlertSettings, { service, status, output }: CheckRow): boolean {
  return status === 'critical' && (EXPIRED.test(output) || isForgotten(output)) && monitors.includes(service)
}

const isForgotten = (output: string) => output.trim() === ''

/** What can not be watched, as checks of our own, each with how long it has to be so before it is told. */
export function* blindRows(
  observed: Observed,
): Generator<[row: CheckRow, raiseAfter: number, maintenance: string | null]> {
  const { settings, agent, datacenters, monitors, now } = observed
  const old = ({ since }: Trouble) => now - since >= delayOf(settings.blind.after)
  if (agent) {
    if (old(agent)) yield [datacenterRow(EVERYWHERE, agent.why), 0, null]
    return
  }
  for (const view of datacenters.values()) {
    if (view.trouble && old(view.trouble)) yield [datacenterRow(view.dc, view.trouble.why), 0, null]
    if (hidden(observed, view)) continue
    const facts = factsOf(view)
    for (const row of monitorsAmong(settings, view)) {
      const death = facts.dead.get(row.node)
      const why = death !== undefined ? `its node is dead: ${death}` : isSilent(settings, row) ? row.output : null
      if (why === null) continue
      // A monitor that lives says something within a third of its TTL.
      if (isForgotten(why)) yield [silentRow(row, WORDLESS), delayOf(settings.blind.after), maintenanceOf(facts, row)]
      else yield [silentRow(row, why), 0, maintenanceOf(facts, row)]
    }
    for (const row of view.trouble ? [] : monitors) {
      if (row.dc === view.dc && settings.monitors.includes(row.service) && !view.rows.has(fingerprintOf(row)))
        yield [silentRow(row, 'it is gone from Consul'), milliseconds(settings.vanished.after), null]
    }
  }
}

function datacenterRow(dc: string, output: string): CheckRow {
  const name = dc === EVERYWHERE ? 'Consul' : `the datacenter ${dc}`
  return { ...NONE, dc, check: DATACENTER, name: `${name} cannot be watched`, status: 'critical', output }
}

const WORDLESS = 'it is critical and says nothing: its Consul agent was away for longer than its time'

function silentRow(row: CheckRow, output: string): CheckRow {
  return { ...row, check: `${SILENT}${row.check}`, name: 'no sign of life', status: 'critical', output }
}

export function testRow({ id, status, until }: AlertTest): CheckRow {
  const output = `Nothing is wrong: somebody tests this rule. It ends by itself at ${new Date(until).toISOString()}.`
  return { ...NONE, dc: TESTED, check: `${TEST}${id}`, name: 'Test', status, output }
}

const NONE = { node: '', notes: '', service: '', serviceId: '', tags: [] } as const
