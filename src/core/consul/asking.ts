import type { CheckStatus } from '../alert.ts'
import type { ShownValue } from './keys.ts'
import type { Check, Datacenter, Everywhere, FullNode, Instance, Service } from './rows.ts'
import type { ServiceWatch } from './watch.ts'

/** Which datacenters: one, or all that there are. */
export type Where = { readonly dc?: string | undefined }

/** Since when a check says what it says, where anybody knows: Consul keeps no time. Milliseconds since 1970. */
export type SinceOf = (check: { readonly dc: string; readonly node: string; readonly id: string }) => number | null

/** What of the live catalogue can be offered where somebody has to choose. */
export type LiveKind = 'service' | 'node' | 'datacenter' | 'tag' | 'key'

export type KvEntry = {
  readonly key: string
  /** ModifyIndex. */
  readonly index: number
  readonly flags: number
  readonly locked: boolean
  readonly value: ShownValue
}

/**
 * What people may see of Consul. Every datacenter is asked at once, each for itself within a short time, and one that does not answer is
 * named. All of them throw a `UserError` for a datacenter that is not there, and where the agent itself cannot be asked.
 */
export type ConsulAnswers = {
  services(where: Where): Promise<Everywhere<readonly Service[]>>
  /** Throws a `UserError` with near names where no datacenter has the service. */
  service(name: string, options: Where & { readonly passing?: boolean }): Promise<Everywhere<readonly Instance[]>>
  /** The same for a node. */
  node(name: string, where: Where): Promise<Everywhere<readonly FullNode[]>>
  checks(state: CheckStatus | 'any' | 'sick', where: Where): Promise<Everywhere<readonly Check[]>>
  datacenters(): Promise<Everywhere<Datacenter>>
  everything(where: Where): Promise<Everywhere<readonly FullNode[]>>
  since(): Promise<SinceOf>
  kv: {
    /** A value in each datacenter that has the key. Throws a `UserError` with near keys where none has. */
    get(key: string, where: Where): Promise<Everywhere<readonly KvEntry[]>>
    /** All keys below a prefix, but those that are hidden. Throws a `UserError` with near folders where there is none. */
    keys(prefix: string, where: Where): Promise<Everywhere<readonly string[]>>
    isMasked(key: string): boolean
  }
  watch: {
    start(service: string, options: Where & { readonly for: string }): Promise<ServiceWatch>
    list(): Promise<ServiceWatch[]>
    /** Gives what to say. Throws a `UserError` with near ids. */
    stop(id: string): Promise<string>
  }
}
