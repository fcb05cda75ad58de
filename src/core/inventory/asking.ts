import type { Where } from '../consul/asking.ts'
import type { Everywhere, FullNode } from '../consul/rows.ts'
import type { Inventory } from './inventory.ts'

/** What Ansible would get, and what was read for it: who did not answer is named there. */
export type InventoryAnswer = { readonly inventory: Inventory; readonly read: Everywhere<readonly FullNode[]> }

export type InventoryAnswers = {
  /** Throws a `UserError` for a datacenter that is not there. */
  read(options: Where & { readonly passing: boolean }): Promise<InventoryAnswer>
}
