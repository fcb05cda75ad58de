import { stateOf } from '../consul/health.ts'
import type { FullNode, Instance } from '../consul/rows.ts'
import type { Host, HostGroup, HostInstance, Inventory, LeftOut, Part } from './inventory.ts'
import { type GroupKind, groupNames, isGroupName, isHostName } from './names.ts'
import { jumpTo, type Nodes, reachedAt } from './reach.ts'
import type { InventorySettings } from './settings.ts'

export type Wish = {
  /** Only nodes that pass, and of their services only instances that do. */
  readonly passing: boolean
  /** Of which datacenters; others were read for their jump hosts alone. */
  readonly dcs: readonly string[]
}

/** Consul's nodes as hosts, each in a group for its datacenter, its services, their tags, and each pair of its meta. */
export function buildInventory(parts: readonly Part<FullNode>[], settings: InventorySettings, wish: Wish): Inventory {
  const nodes: Nodes = new Map(parts.flatMap(({ dc, rows }) => rows.map((row) => [`${row.node}.${dc}`, row])))
  const wanted = parts.filter(({ dc }) => wish.dcs.includes(dc))
  const all = wanted.flatMap(({ dc, rows }) =>
    rows.filter(fits(wish)).map((row) => hostOf(row, { dc, nodes, settings, wish })),
  )
  const leftOut = all.flatMap((each) => ('why' in each ? [each] : []))
  const hosts = all.flatMap((each) => ('why' in each ? [] : [each])).toSorted(byName)
  const byNames = [...Map.groupBy(hosts, ({ name }) => name).values()]
  const single = byNames.filter((those) => those.length === 1).flat()
  const twice = byNames.filter((those) => those.length > 1).flat()
  const { groups, clashes } = groupsOf(single)
  return {
    hosts: single,
    groups,
    leftOut: [...leftOut, ...twice.map(({ node, dc }) => ({ node, dc, why: TWICE, unfit: false }))].toSorted(
      (one, other) => order(one.dc, other.dc) || order(one.node, other.node),
    ),
    warnings: clashes.map((name) => `Several things would be the group ${name}: each has a digest behind its name.`),
  }
}

const TWICE = 'another datacenter has a node of this name: say `names: node.dc` under `inventory` in the site'

const order = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0)
const byName = (one: Host, other: Host) => order(one.name, other.name)
const passes = ({ checks }: Pick<Instance, 'checks'>) => stateOf(checks) === 'passing'
const fits =
  ({ passing }: Wish) =>
  (node: FullNode) =>
    !passing || passes(node)

type Known = { readonly dc: string; readonly nodes: Nodes; readonly settings: InventorySettings; readonly wish: Wish }

function hostOf(row: FullNode, { dc, nodes, settings, wish }: Known): Host | LeftOut {
  const { node } = row
  const whole = `${node}.${dc}`
  const name = settings.names === 'node' ? node : whole
  if (!isHostName(name)) return { node, dc, why: 'its name is none that Ansible and SSH can be given', unfit: true }
  if (isGroupName(name)) return { node, dc, why: 'its name is that of a group', unfit: true }
  const reached = reachedAt(row, settings.address)
  if ('why' in reached) return { node, dc, why: reached.why, unfit: true }
  const jump = jumpTo(whole, dc, nodes, settings)
  if ('why' in jump) return { node, dc, why: jump.why, unfit: false }
  const shown = wish.passing ? row.instances.filter(passes) : row.instances
  return {
    ...{ name, node, dc, jump, address: reached.address, port: reached.port ?? settings.port ?? null },
    state: stateOf(row.checks),
    meta: Object.fromEntries(Object.entries(row.meta).filter(([key]) => isKey(key))),
    services: servicesOf(shown),
  }
}

/** Consul's own rule for meta. A key that begins with `__` is an order to Ansible's reader of JSON. */
const isKey = (key: string) => /^(?!__)[A-Za-z0-9_-]{1,128}$/.test(key)

function servicesOf(instances: readonly Instance[]): Host['services'] {
  const named = Map.groupBy(
    instances.filter(({ service }) => !service.startsWith('__')),
    ({ service }) => service,
  )
  return Object.fromEntries(
    [...named].toSorted(([one], [other]) => order(one, other)).map(([name, those]) => [name, those.map(instanceOf)]),
  )
}

function instanceOf({ id, address, port, tags, checks }: Instance): HostInstance {
  return { id, address, port, tags, state: stateOf(checks) }
}

function groupsOf(hosts: readonly Host[]): { groups: HostGroup[]; clashes: readonly string[] } {
  const members = new Map<string, { kind: GroupKind; of: string; hosts: Set<string> }>()
  for (const host of hosts) {
    for (const { kind, of } of groupsFor(host)) {
      const key = `${kind}\n${of}`
      const group = members.get(key) ?? { kind, of, hosts: new Set() }
      members.set(key, group)
      group.hosts.add(host.name)
    }
  }
  const { nameOf, clashes } = groupNames([...members.values()])
  const groups = [...members.values()].map(({ kind, of, hosts: names }) => ({
    ...{ name: nameOf(kind, of), kind, of },
    hosts: [...names].toSorted(order),
  }))
  return { groups: groups.toSorted((one, other) => order(one.name, other.name)), clashes }
}

/** A pair of meta without a value says nothing (`consul-network-segment`). */
function groupsFor({ dc, services, meta }: Host): { kind: GroupKind; of: string }[] {
  const tags = Object.values(services).flatMap((those) => those.flatMap(({ tags: own }) => own))
  const pairs = Object.entries(meta).filter(([, value]) => value !== '')
  return [
    { kind: 'dc', of: dc },
    ...Object.keys(services).map((of) => ({ kind: 'service' as const, of })),
    ...[...new Set(tags)].filter(Boolean).map((of) => ({ kind: 'tag' as const, of })),
    ...pairs.map(([key, value]) => ({ kind: 'meta' as const, of: `${key}=${value}` })),
  ]
}
