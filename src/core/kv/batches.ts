import type { Change } from './diff.ts'

/** Changes that are made together or not at all. `alone`: a value too large for a txn, written by a PUT with CAS. */
export type Batch = { readonly alone: boolean; readonly changes: readonly Change[] }

/** Consul takes no more in one txn. */
export const MOST_OPERATIONS = 64

/** Consul refuses a txn of more than 512 KiB (`txn_max_req_len`), in which values stand as base64. */
const MOST_BYTES = 500_000

/** In their order: what is added and changed goes before what is removed, since that is how the changes come. */
export function batchesOf(changes: readonly Change[], most = MOST_OPERATIONS): Batch[] {
  const batches: Batch[] = []
  let batch: Change[] = []
  let bytes = 0
  const close = () => {
    if (batch.length > 0) batches.push({ alone: false, changes: batch })
    batch = []
    bytes = 0
  }
  for (const change of changes) {
    const size = bytesOf(change)
    if (size > MOST_BYTES) {
      close()
      batches.push({ alone: true, changes: [change] })
      continue
    }
    if (batch.length === most || bytes + size > MOST_BYTES) close()
    batch.push(change)
    bytes += size
  }
  close()
  return batches
}

/** How much of a txn it takes: its value in base64, its key as JSON, and what stands around them. */
function bytesOf({ key, text }: Change): number {
  const value = text === null ? 0 : Math.ceil(Buffer.byteLength(text) / 3) * 4
  return value + Buffer.byteLength(JSON.stringify(key)) + 160
}
