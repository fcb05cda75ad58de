import { didYouMean, nearest } from '../../core/command/suggest.ts'
import type { Missing } from '../../core/inventory/ansible.ts'
import type { Part } from '../../core/inventory/inventory.ts'
import { jumpDatacenters } from '../../core/inventory/reach.ts'
import type { InventorySettings } from '../../core/inventory/settings.ts'
import { shown } from '../../core/text.ts'
import { UserError } from '../../errors.ts'
import type { ConsulCatalog, FullNode, Read } from '../../tools/consul/catalog.ts'
import { ConsulFailure } from '../../tools/consul/watch/failure.ts'

type Ask = {
  readonly catalog: Pick<ConsulCatalog, 'datacenters' | 'everything'>
  /** Those that the site names; else Consul is asked. */
  readonly named: readonly string[] | undefined
  readonly settings: InventorySettings
  /** For each datacenter. */
  readonly limitMs: number
}

export type NodesRead = {
  /** Those that were asked for; `parts` may have others besides, for their jump hosts. */
  readonly dcs: readonly string[]
  readonly parts: readonly Part<FullNode>[]
  readonly missing: Missing
  readonly warnings: readonly string[]
}

/**
 * The nodes of these datacenters, or of all, each asked for itself. Throws a `UserError` for one that is not there, and a `ConsulFailure`
 * where Consul cannot say which there are.
 */
export async function readNodes(
  { catalog, named, settings, limitMs }: Ask,
  wished: readonly string[],
): Promise<NodesRead> {
  const all = named ?? (await catalog.datacenters({ limitMs }))
  for (const dc of wished) if (!all.includes(dc)) throw new UserError(noDatacenter(dc, all))
  const dcs = wished.length > 0 ? [...new Set(wished)] : [...all]
  const besides = jumpDatacenters(dcs, settings).filter((dc) => !dcs.includes(dc))
  const found = await Promise.all(
    [...dcs, ...besides].map(async (dc) => {
      if (!all.includes(dc)) return { dc, why: 'there is no such datacenter, and `inventory.jump` has a host of it' }
      return readOne(catalog, dc, limitMs)
    }),
  )
  return {
    dcs,
    parts: found.flatMap((each) => ('rows' in each ? [each] : [])),
    missing: found.flatMap((each) => ('rows' in each ? [] : [each])),
    warnings: [...found.flatMap((each) => ('rows' in each ? each.warnings : [])), ...strayJumps(settings, all)],
  }
}

/** A misspelt datacenter there would let SSH call hosts directly that are behind jump hosts. */
function strayJumps({ jump }: InventorySettings, all: readonly string[]): string[] {
  return Object.keys(jump)
    .filter((dc) => !all.includes(dc))
    .map((dc) => `\`inventory.jump\` names ${dc}, and Consul knows no such datacenter now.`)
}

type One = (Part<FullNode> & { readonly warnings: readonly string[] }) | { readonly dc: string; readonly why: string }

async function readOne(catalog: Ask['catalog'], dc: string, limitMs: number): Promise<One> {
  try {
    const read = await catalog.everything({ dc, limitMs })
    // Its own servers are nodes: without any it has hidden them from us.
    if (read.rows.length === 0)
      return { dc, why: 'it shows no node at all, not even its own servers: our ACL token needs node:read' }
    return { dc, rows: read.rows, warnings: warningsOf(dc, read) }
  } catch (error) {
    if (error instanceof ConsulFailure) return { dc, why: error.message.replace(/\.$/, '') }
    throw error
  }
}

/** What was read and may be less than there is, or old. */
function warningsOf(dc: string, { rows, fresh }: Read<readonly FullNode[]>): string[] {
  const services = rows.some(({ instances }) => instances.some(({ service }) => service === 'consul'))
  const hidden = fresh.filtered || !services
  return [
    ...(hidden ? [`${dc}: our ACL token may not read all of it, so hosts or their groups may be missing.`] : []),
    ...(fresh.knownLeader === false ? [`${dc}: it has no leader now, so this is what its servers last knew.`] : []),
  ]
}

function noDatacenter(dc: string, all: readonly string[]): string {
  const near = nearest(dc, all)
  const hint = near.length > 0 ? didYouMean(near) : ` There is ${all.map((each) => `\`${each}\``).join(', ')}.`
  return `There is no datacenter ${shown(dc)}.${hint}`
}
