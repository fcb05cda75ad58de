import type { AlertSettings, CheckRow, DatacenterView } from '../alert.ts'
import { withoutSecrets } from './said.ts'

/** What an answer of Consul says that counts for more than one check. */
export type Facts = {
  /** With their fingerprints; marks of maintenance are not among them. */
  readonly bad: readonly (readonly [fingerprint: string, row: CheckRow])[]
  /** Nodes of which Consul says that they are dead, and what it says. */
  readonly dead: ReadonlyMap<string, string>
  /** In maintenance, with the reason: nodes, and `<node>/<service id>`. */
  readonly nodes: ReadonlyMap<string, string>
  readonly services: ReadonlyMap<string, string>
}

type Rows = DatacenterView['rows']

const SERVICE_MAINTENANCE = '_service_maintenance:'
const known = new WeakMap<Rows, Facts>()

/** Worked out once for each answer of Consul. */
export function factsOf({ rows }: Pick<DatacenterView, 'rows'>): Facts {
  const before = known.get(rows)
  if (before) return before
  const bad: [string, CheckRow][] = []
  const [services, nodes, dead] = [new Map<string, string>(), new Map<string, string>(), new Map<string, string>()]
  for (const [fingerprint, row] of rows) {
    const { status, check, node, notes, output } = row
    if (status === 'passing') continue
    const reason = () => withoutSecrets(notes.trim() || output.trim()) || 'no reason given'
    if (check === '_node_maintenance') nodes.set(node, reason())
    else if (check.startsWith(SERVICE_MAINTENANCE))
      services.set(`${node}/${check.slice(SERVICE_MAINTENANCE.length)}`, reason())
    else bad.push([fingerprint, row])
    if (check === 'serfHealth' && status === 'critical') dead.set(node, output)
  }
  const facts: Facts = { bad, dead, nodes, services }
  known.set(rows, facts)
  return facts
}

/** Why a check is in maintenance, by itself or with its node; null where it is not. */
export function maintenanceOf({ nodes, services }: Facts, { node, serviceId }: CheckRow): string | null {
  return nodes.get(node) ?? services.get(`${node}/${serviceId}`) ?? null
}

const watching = new WeakMap<Rows, { readonly services: AlertSettings['monitors']; readonly found: CheckRow[] }>()

/** The checks of monitors in an answer. */
export function monitorsAmong(
  { monitors }: Pick<AlertSettings, 'monitors'>,
  { rows }: Pick<DatacenterView, 'rows'>,
): readonly CheckRow[] {
  const before = watching.get(rows)
  if (before?.services === monitors) return before.found
  const found = [...rows.values()].filter(({ service, check }) => monitors.includes(service) && !check.startsWith('_'))
  watching.set(rows, { services: monitors, found })
  return found
}
