import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { CheckStatus } from '../agent.ts'
import { ConsulFailure } from './failure.ts'

/** One row of `/v1/health/state/any`. */
export type ConsulRow = {
  readonly dc: string
  readonly node: string
  /** CheckID: unique on its node. */
  readonly check: string
  readonly name: string
  readonly status: CheckStatus
  readonly output: string
  readonly notes: string
  /** ServiceName; empty for a check of the node. */
  readonly service: string
  readonly serviceId: string
  readonly tags: readonly string[]
  /** ModifyIndex of when it began to say this. */
  readonly index: number
}

/** Content of an answer: rows that did not change are the very objects of the answer before. */
export type Content = { readonly hash: string; readonly rows: readonly ConsulRow[] }

export const NOTHING: Content = { hash: '', rows: [] }

/**
 * The content of a body, compared with the one before. An index moves for many reasons that change nothing here, so the same bytes are
 * not even parsed, and rows of which only the index moved count as the same: then `rows` is the very list of before.
 * Throws a `ConsulFailure` for a body that is no list of checks.
 */
export function contentOf(dc: string, body: Buffer, before: Content): Content {
  const hash = createHash('sha256').update(body).digest('base64')
  if (hash === before.hash) return before
  const known = new Map(before.rows.map((row) => [keyOf(row), row]))
  const now = parsed(dc, body).map((row) => {
    const old = known.get(keyOf(row))
    return old && says(old, row) ? old : row
  })
  const same = now.length === before.rows.length && now.every((row, at) => row === before.rows[at])
  return { hash, rows: same ? before.rows : now }
}

/** Only where to look for the row of before: what is found is compared in full. */
const keyOf = ({ node, check }: ConsulRow) => `${node}\n${check}`

/** The index is not asked: after a restored snapshot an old one may come again with other content. */
function says(one: ConsulRow, other: ConsulRow): boolean {
  return (
    one.node === other.node &&
    one.check === other.check &&
    one.status === other.status &&
    one.output === other.output &&
    one.name === other.name &&
    one.notes === other.notes &&
    one.service === other.service &&
    one.serviceId === other.serviceId &&
    one.tags.length === other.tags.length &&
    one.tags.every((tag, at) => tag === other.tags[at])
  )
}

const text = z.string().nullish()
const rows = z.array(
  z.object({
    Node: z.string().min(1),
    CheckID: z.string().min(1),
    Name: text,
    Status: z.string().min(1),
    Output: text,
    Notes: text,
    ServiceName: text,
    ServiceID: text,
    ServiceTags: z.array(z.string()).nullish(),
    ModifyIndex: z.number(),
  }),
)

function parsed(dc: string, body: Buffer): ConsulRow[] {
  const found = rows.safeParse(jsonOf(dc, body))
  if (found.success) return found.data.map((row) => rowOf(dc, row))
  const [issue] = found.error.issues
  throw malformed(dc, `${issue?.path.join('.') || 'all of it'}: ${issue?.message}`)
}

function jsonOf(dc: string, body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    const begin = body.toString('utf8', 0, 40).replace(/\s+/g, ' ')
    throw malformed(dc, `it is no JSON and begins with ${JSON.stringify(begin)}`, cause)
  }
}

function malformed(dc: string, why: string, cause?: unknown): ConsulFailure {
  const text = `What came for the checks of ${dc} is not Consul's list of checks: ${why}. Look what answers at that address.`
  return new ConsulFailure('malformed', text, { cause })
}

function rowOf(dc: string, row: z.infer<typeof rows>[number]): ConsulRow {
  return {
    dc,
    node: row.Node,
    check: row.CheckID,
    name: row.Name ?? '',
    ...said(row.Status, row.Output ?? ''),
    notes: row.Notes ?? '',
    service: row.ServiceName ?? '',
    serviceId: row.ServiceID ?? '',
    tags: row.ServiceTags ?? [],
    index: row.ModifyIndex,
  }
}

/**
 * Who registers in the catalog directly may give a check any word as its status, and Consul passes it on (seen with 1.8.7). One such row
 * must not blind a datacenter, nor count as well: it is critical, as it is where Consul looks for instances that pass.
 */
function said(status: string, output: string): Pick<ConsulRow, 'status' | 'output'> {
  if (status === 'passing' || status === 'warning' || status === 'critical') return { status, output }
  const note = `Its status is ${JSON.stringify(status.slice(0, 40))}, which Consul does not have; it counts as critical.`
  return { status: 'critical', output: output === '' ? note : `${note}\n${output}` }
}
