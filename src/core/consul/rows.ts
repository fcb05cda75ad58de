import type { CheckStatus } from '../alert.ts'

/** What Consul says of a datacenter, as `src/tools/consul/catalog.ts` reads it. */
export type Service = { readonly name: string; readonly tags: readonly string[] }

export type Check = {
  readonly node: string
  readonly id: string
  readonly name: string
  readonly status: CheckStatus
  readonly output: string
  readonly notes: string
  readonly service: string
  readonly serviceId: string
  /** ModifyIndex: it moves when the check says something else, and is no time. */
  readonly index: number
}

export type Instance = {
  readonly id: string
  readonly service: string
  readonly node: string
  readonly address: string
  readonly port: number
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, string>>
  readonly nodeMeta: Readonly<Record<string, string>>
  /** Its own and those of its node. */
  readonly checks: readonly Check[]
}

export type ConsulNode = {
  readonly node: string
  readonly address: string
  readonly meta: Readonly<Record<string, string>>
  readonly addresses: Readonly<Record<string, string>>
}

export type FullNode = ConsulNode & { readonly instances: readonly Instance[]; readonly checks: readonly Check[] }

/** How far an answer may be believed; null where Consul says nothing of it. */
export type Fresh = {
  readonly knownLeader: boolean | null
  readonly lastContactMs: number | null
  readonly filtered: boolean | null
}

/** What one datacenter answered, or why it did not. `refused`: it did, and said no; it can be reached. */
export type DcAnswer<T> =
  | { readonly dc: string; readonly rows: T; readonly fresh: Fresh; readonly trouble?: never }
  | { readonly dc: string; readonly trouble: string; readonly refused?: boolean }

/**
 * What every datacenter that was asked says for itself. `acl`: what is known of our own token: Consul has no ACLs, none is sent, it is
 * not known there (any more), it is known, or nobody could say.
 */
export type Everywhere<T> = {
  readonly datacenters: readonly DcAnswer<T>[]
  readonly acl: 'disabled' | 'anonymous' | 'unknown' | 'known' | 'unsaid'
}

/** All rows of those that answered, each with where it is. */
export function rowsOf<T>({ datacenters }: Everywhere<readonly T[]>): (T & { readonly dc: string })[] {
  return datacenters.flatMap((each) => ('rows' in each ? each.rows.map((row) => ({ ...row, dc: each.dc })) : []))
}

export type Datacenter = {
  /** Address of the leader; null while there is none. */
  readonly leader: string | null
  readonly servers: readonly string[]
  /** Null where that could not be read. */
  readonly nodes: number | null
}
