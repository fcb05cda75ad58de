import type { State } from '../consul/health.ts'
import type { GroupKind } from './names.ts'

export type HostInstance = {
  readonly id: string
  readonly address: string
  readonly port: number
  readonly tags: readonly string[]
  readonly state: State
}

/** A node of Consul as Ansible reaches it. */
export type Host = {
  readonly name: string
  readonly node: string
  readonly dc: string
  /** As the site wants it reached, checked: fit for a command line. */
  readonly address: string
  readonly port: number | null
  /** Of the node itself; its services have their own. */
  readonly state: State
  /** What SSH goes through, as `ProxyJump` has it: `user@10.0.0.1:22`. */
  readonly jump: readonly string[]
  readonly meta: Readonly<Record<string, string>>
  readonly services: Readonly<Record<string, readonly HostInstance[]>>
}

export type HostGroup = {
  readonly name: string
  readonly kind: GroupKind
  /** What it is called in Consul: `web-app`, `role=db`. */
  readonly of: string
  /** Names of hosts, sorted. */
  readonly hosts: readonly string[]
}

/**
 * A node that cannot be a host. `unfit`: what is registered cannot be given to Ansible, and anybody who may register could do that, so the
 * others stand all the same. Else it is a host that nobody can name or reach as the site wants it, and the inventory lacks it.
 */
export type LeftOut = { readonly node: string; readonly dc: string; readonly why: string; readonly unfit: boolean }

/** `warnings`: what is there and may not be what it looks like. */
export type Inventory = {
  readonly hosts: readonly Host[]
  readonly groups: readonly HostGroup[]
  readonly leftOut: readonly LeftOut[]
  readonly warnings: readonly string[]
}

/** What was read of a datacenter. */
export type Part<Row> = { readonly dc: string; readonly rows: readonly Row[] }
