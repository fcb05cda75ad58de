import type { ConsulAnswers } from '../../core/consul/asking.ts'
import type { FullNode } from '../../core/consul/rows.ts'
import type { InventoryAnswers } from '../../core/inventory/asking.ts'
import { buildInventory } from '../../core/inventory/build.ts'
import type { Part } from '../../core/inventory/inventory.ts'
import { jumpDatacenters } from '../../core/inventory/reach.ts'
import type { Site } from '../../core/site.ts'

/** The inventory as people see it in the chat, from what they may see of Consul: a datacenter that is away is named, and the rest stands. */
export function inventoryOf(
  { inventory: settings }: Site,
  { everything }: Pick<ConsulAnswers, 'everything'>,
): InventoryAnswers {
  return {
    async read({ dc, passing }) {
      const wanted =
        dc === undefined ? [undefined] : [dc, ...jumpDatacenters([dc], settings).filter((each) => each !== dc)]
      const [first, ...others] = await Promise.all(wanted.map((each) => everything({ dc: each })))
      if (!first) throw new Error('No datacenter was asked.')
      const datacenters = [first, ...others].flatMap((each) => each.datacenters)
      const parts = datacenters.flatMap((each): Part<FullNode>[] => (each.trouble === undefined ? [each] : []))
      const dcs = first.datacenters.map((each) => each.dc)
      return { inventory: buildInventory(parts, settings, { passing, dcs }), read: { ...first, datacenters } }
    },
  }
}
