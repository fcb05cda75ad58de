import { UserError } from '../../errors.ts'
import { didYouMean } from '../command/suggest.ts'
import { count } from '../consul/describe.ts'
import { freshLine, troubleLines } from '../consul/freshness.ts'
import { ICONS, type State, states } from '../consul/health.ts'
import { nearNames } from '../consul/miss.ts'
import { asCode, shown } from '../text.ts'
import type { InventoryAnswer } from './asking.ts'
import type { Host, HostGroup, HostInstance, Inventory } from './inventory.ts'
import { type GroupKind, groupKinds } from './names.ts'

type Told = InventoryAnswer & { readonly passing: boolean }

/** Every group with its hosts, counted by how they stand. */
export function describeInventory({ inventory, read, passing }: Told): string[] {
  const { hosts, groups } = inventory
  const only = passing ? ', only what passes' : ''
  const first = `*${count(hosts.length, 'host')}* in ${count(groups.length, 'group')}${only}${healthText(hosts.map(({ state }) => state))}`
  const byName = new Map(hosts.map((host) => [host.name, host]))
  const kinds = groupKinds.flatMap((kind) => {
    const those = groups.filter((group) => group.kind === kind)
    return those.length === 0 ? [] : [`*${TITLES[kind]}*`, ...those.map((group) => groupLine(group, byName))]
  })
  return [first, ...troubleLines(read), ...leftOutLines(inventory), freshLine(read), ...kinds]
}

const TITLES: Readonly<Record<GroupKind, string>> = {
  dc: 'By datacenter',
  service: 'By service',
  tag: 'By tag',
  meta: 'By meta of the node',
}

function groupLine(group: HostGroup, byName: ReadonlyMap<string, Host>): string {
  const those = group.hosts.flatMap((each) => byName.get(each) ?? [])
  return `• ${asCode(group.name)}: ${count(those.length, 'host')}${healthText(those.map((host) => standing(host, group)))}`
}

/** Of a group of a service or a tag the worst of the host and of those instances; of any other the host alone. */
function standing(host: Host, group: HostGroup): State {
  const own = instancesOf(host, group).map(({ state }) => state)
  return states.find((state) => state === host.state || own.includes(state)) ?? 'passing'
}

function instancesOf({ services }: Host, { kind, of }: HostGroup): readonly HostInstance[] {
  if (kind === 'service') return services[of] ?? []
  return kind === 'tag' ? Object.values(services).flatMap((those) => those.filter(({ tags }) => tags.includes(of))) : []
}

function healthText(all: readonly State[]): string {
  const counts = states.flatMap((state) => {
    const many = all.filter((each) => each === state).length
    return many > 0 ? [`${ICONS[state]} ${many}`] : []
  })
  return counts.length > 0 ? ` (${counts.join(' ')})` : ''
}

/** The hosts of a group: where Ansible reaches them, through what, and how they stand. Throws a `UserError` with near names. */
export function describeHosts(name: string, { inventory, read, passing }: Told): string[] {
  const group = inventory.groups.find((each) => each.name === name)
  if (!group && name !== 'all') throw new UserError(noGroup(name, { inventory, read }))
  const names = new Set(group?.hosts)
  const hosts = group ? inventory.hosts.filter((host) => names.has(host.name)) : inventory.hosts
  const of = group ? ` (${TITLES[group.kind].replace('By ', '')} ${asCode(group.of)})` : ''
  const only = passing ? ', only what passes' : ''
  return [
    `*${name.replaceAll('*', '∗')}*${of}: ${count(hosts.length, 'host')}${only}`,
    ...troubleLines(read),
    ...leftOutLines(inventory),
    freshLine(read),
    ...hosts.map((host) => hostLine(host, group)),
  ]
}

function hostLine(host: Host, group: HostGroup | undefined): string {
  const { name, address, port, jump, state } = host
  const place = port === null ? address : `${address.includes(':') ? `[${address}]` : address}:${port}`
  const through = jump.length > 0 ? `, through ${jump.map(asCode).join(' then ')}` : ''
  const sick = sickServices(host, group)
  return `${ICONS[state]} *${state}* ${asCode(name)} at ${asCode(place)}${through}${sick}`
}

/** Of a group of a service its instances alone; else whatever does not pass on the host. */
function sickServices({ services, state: own }: Host, group: HostGroup | undefined): string {
  const names = group?.kind === 'service' ? [group.of] : Object.keys(services)
  const sick = names.flatMap((name) =>
    (services[name] ?? []).flatMap(({ state }) =>
      state === 'passing' || state === own ? [] : [`${asCode(name)} ${ICONS[state]} ${state}`],
    ),
  )
  return sick.length > 0 ? `, ${sick.join(', ')}` : ''
}

const MOST_LEFT_OUT = 5

function leftOutLines({ leftOut, warnings }: Inventory): string[] {
  const more = leftOut.length - MOST_LEFT_OUT
  return [
    ...leftOut
      .slice(0, MOST_LEFT_OUT)
      .map(({ node, dc, why }) => `⚠️ ${shown(node)} of ${asCode(dc)} is left out: ${why}.`),
    ...(more > 0 ? [`⚠️ ${count(more, 'node')} more left out.`] : []),
    ...warnings.slice(0, MOST_LEFT_OUT).map((warning) => `⚠️ ${warning}`),
  ]
}

function noGroup(typed: string, { inventory, read }: InventoryAnswer): string {
  const names = inventory.groups.map(({ name }) => name)
  const called = inventory.groups.filter(({ of }) => of.toLowerCase() === typed.toLowerCase()).map(({ name }) => name)
  const near = called.length > 0 ? called.slice(0, 3) : nearNames(typed, [...names, 'all'])
  const away = read.datacenters.flatMap((each) => (each.trouble === undefined ? [] : [asCode(each.dc)]))
  const missing = away.length > 0 ? ` Nobody could look in ${away.join(', ')}.` : ''
  const hint = near.length > 0 ? didYouMean(near) : ' `consul inventory` lists them.'
  return `There is no group ${shown(typed)}.${hint}${missing}`
}
