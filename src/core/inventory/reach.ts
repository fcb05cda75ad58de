import type { FullNode } from '../consul/rows.ts'
import { isAddress } from './names.ts'
import { type AddressOf, datacenterIn, type InventorySettings, type JumpHost } from './settings.ts'

export type Reached = { readonly address: string; readonly port: number | null }

/** Where a node is reached, or in words why nobody can tell. Never another address instead: it may be another machine. */
export function reachedAt(node: FullNode, at: AddressOf): Reached | { readonly why: string } {
  const found = foundAt(node, at)
  if ('why' in found || isAddress(found.address)) return found
  return { why: `its ${wordsOf(at)} is no host name and no IP address` }
}

function foundAt(node: FullNode, at: AddressOf): Reached | { readonly why: string } {
  if (at === 'node') return node.address ? { address: node.address, port: null } : { why: 'it has no address' }
  if (typeof at === 'string' || 'meta' in at) {
    const address = typeof at === 'string' ? node.addresses[at] : node.meta[at.meta]
    return address ? { address, port: null } : { why: `it has no ${wordsOf(at)}` }
  }
  const places = new Map(
    node.instances
      .filter(({ service }) => service === at.service)
      .map((each) => [`${each.address} ${each.port}`, each]),
  )
  const [only, ...others] = places.values()
  if (!only) return { why: `it does not run ${at.service}` }
  if (others.length > 0) return { why: `it runs ${at.service} at ${places.size} places` }
  return { address: only.address, port: only.port || null }
}

function wordsOf(at: AddressOf): string {
  if (at === 'node') return 'address'
  if (typeof at === 'string') return `${at} address`
  return 'meta' in at ? `meta ${at.meta}` : `address of ${at.service}`
}

/** The nodes that jumps name, by `node.dc`, wherever they were found. */
export type Nodes = ReadonlyMap<string, FullNode>

/**
 * What SSH goes through to a host, or why nobody can tell. A host that is a jump host itself is reached through those before it. Without
 * its jump hosts a host would be called directly, in a network where its address may be another machine's.
 */
export function jumpTo(
  name: string,
  dc: string,
  nodes: Nodes,
  settings: InventorySettings,
): string[] | { readonly why: string } {
  const all = settings.jump[dc] ?? []
  const self = all.findIndex((hop) => 'node' in hop && hop.node === name)
  const hops = (self < 0 ? all : all.slice(0, self)).map((hop) => hopText(hop, nodes, settings))
  const broken = hops.find((hop) => typeof hop !== 'string')
  return broken ?? hops.filter((hop) => typeof hop === 'string')
}

function hopText(hop: JumpHost, nodes: Nodes, settings: InventorySettings): string | { readonly why: string } {
  const own = { user: 'user' in hop ? hop.user : undefined, port: 'port' in hop ? hop.port : undefined }
  const user = own.user ?? settings.user
  const write = ({ address, port }: Reached) => {
    const host = address.includes(':') ? `[${address}]` : address
    const at = own.port ?? port ?? settings.port ?? null
    return `${user === undefined ? '' : `${user}@`}${host}${at === null ? '' : `:${at}`}`
  }
  if ('address' in hop) return write({ address: hop.address, port: null })
  const node = nodes.get(hop.node)
  if (!node) return { why: `its jump host ${hop.node} is not in Consul, or could not be read` }
  const at = ('at' in hop ? hop.at : undefined) ?? settings.address
  const reached = reachedAt(node, at)
  return 'why' in reached
    ? { why: `of its jump host ${hop.node} nobody can tell the address: ${reached.why}` }
    : write(reached)
}

/** The datacenters in which jump hosts of others are. */
export function jumpDatacenters(dcs: readonly string[], { jump }: InventorySettings): string[] {
  const hops = dcs.flatMap((dc) => jump[dc] ?? [])
  return [...new Set(hops.flatMap((hop) => ('node' in hop ? [datacenterIn(hop.node)] : [])))]
}
