import { z } from 'zod'
import { UserError } from '../../../errors.ts'
import type { Ask } from '../watch/ask.ts'
import { ConsulFailure } from '../watch/failure.ts'

/** One operation of a txn (https://developer.hashicorp.com/consul/api-docs/txn). `index` 0 with `cas`: only if there is no such key. */
export type TxnOperation =
  | {
      readonly verb: 'cas'
      readonly key: string
      readonly value: string
      readonly flags: number
      readonly index: number
    }
  | { readonly verb: 'delete-cas' | 'check-index'; readonly key: string; readonly index: number }

/** Why it was refused, and by which operation of it (from 0). */
export type TxnRefusal = { readonly at: number; readonly what: string }

export type Writing = { readonly dc: string; readonly limitMs?: number; readonly signal?: AbortSignal }

/**
 * An external service as the catalogue takes it. A node that is not there is made as an external one; one that is there stays as it is.
 */
export type Registration = {
  readonly node: string
  readonly address: string
  readonly makesNode: boolean
  readonly id: string
  readonly name: string
  readonly port: number
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, string>>
  readonly nodeMeta: Readonly<Record<string, string>>
  /** `Definition` as consul-esm reads it; `status` keeps what a check says that was there before. */
  readonly check: {
    readonly id: string
    readonly status: string
    readonly definition: Readonly<Record<string, unknown>>
  } | null
}

/**
 * Writes to one datacenter. `?dc=` says which, but for the catalogue, where only `Datacenter` in the body counts (seen with 1.8.7). All throw a `ConsulFailure` where nobody knows whether it was done, and where the token may not. */
export type ConsulWriter = {
  /** All of it or nothing; what was refused, or null. At most 64 operations and 512 KiB. */
  txn(operations: readonly TxnOperation[], writing: Writing): Promise<TxnRefusal[] | null>
  /** A single value with CAS, for one that is too large for a txn; false where the index is another one. */
  put(operation: Extract<TxnOperation, { verb: 'cas' }>, writing: Writing): Promise<boolean>
  register(registration: Registration, writing: Writing): Promise<void>
  /** A service with its checks; without one the whole node. */
  deregister(
    place: { readonly node: string; readonly id?: string; readonly check?: string },
    writing: Writing,
  ): Promise<void>
}

const LIMIT_MS = 10_000

const refusals = z.looseObject({
  Errors: z.array(z.looseObject({ OpIndex: z.number(), What: z.string() })).nullish(),
})

export function writerOn(ask: Ask): ConsulWriter {
  const put = async (
    path: string,
    content: string,
    { dc, limitMs = LIMIT_MS, signal }: Writing,
    also: number[] = [],
  ) => {
    const query = path.includes('?') ? '&' : '?'
    const what = `to write to ${dc}`
    return ask({
      path: `${path}${query}dc=${encodeURIComponent(dc)}`,
      what,
      limitMs,
      signal,
      method: 'PUT',
      content,
      also,
    }).catch((error: unknown) => {
      throw rightsFor(error, dc)
    })
  }
  return {
    async txn(operations, writing) {
      const { status, body } = await put('/v1/txn', JSON.stringify(operations.map(operationOf)), writing, [409])
      if (status !== 409) return null
      const found = refusals.safeParse(jsonOf(body))
      const errors = found.data?.Errors ?? []
      if (errors.length === 0)
        throw new ConsulFailure(
          'malformed',
          `Consul refused a txn in ${writing.dc} and did not say why: ${body.toString('utf8', 0, 200)}`,
        )
      return errors.map(({ OpIndex, What }) => ({ at: OpIndex, what: What }))
    },
    async put({ key, value, flags, index }, writing) {
      const parts = key.split('/')
      if (parts.some((part) => part === '.' || part === '..')) throw new UserError(`The key ${key} cannot be written.`)
      const path = `/v1/kv/${parts.map(encodeURIComponent).join('/')}?cas=${index}&flags=${flags}`
      const { body } = await put(path, value, writing)
      return body.toString('utf8').trim() === 'true'
    },
    async register(registration, writing) {
      await put(
        '/v1/catalog/register',
        JSON.stringify({ ...registrationOf(registration), Datacenter: writing.dc }),
        writing,
      )
    },
    async deregister({ node, id, check }, writing) {
      const place = {
        Node: node,
        Datacenter: writing.dc,
        ...(id === undefined ? {} : { ServiceID: id }),
        ...(check === undefined ? {} : { CheckID: check }),
      }
      await put('/v1/catalog/deregister', JSON.stringify(place), writing)
    },
  }
}

function operationOf(operation: TxnOperation) {
  const { verb, key, index } = operation
  if (verb !== 'cas') return { KV: { Verb: verb, Key: key, Index: index } }
  const { value, flags } = operation
  return { KV: { Verb: verb, Key: key, Value: Buffer.from(value).toString('base64'), Flags: flags, Index: index } }
}

function registrationOf({ node, address, makesNode, id, name, port, tags, meta, nodeMeta, check }: Registration) {
  return {
    Node: node,
    Address: address,
    ...(makesNode ? { NodeMeta: nodeMeta } : { SkipNodeUpdate: true }),
    Service: { ID: id, Service: name, Address: address, Port: port, Tags: tags, Meta: meta },
    ...(check
      ? {
          Checks: [
            {
              CheckID: check.id,
              Name: `${name} health`,
              Status: check.status,
              ServiceID: id,
              Definition: check.definition,
            },
          ],
        }
      : {}),
  }
}

/** Refused for want of rights: which ones it needs. */
function rightsFor(error: unknown, dc: string): unknown {
  if (!(error instanceof ConsulFailure) || error.kind !== 'forbidden' || !/Permission denied/.test(error.message))
    return error
  const rules =
    '`key_prefix "<prefix>" { policy = "write" }`, and for external services `node_prefix` and `service_prefix` with `write`'
  return new ConsulFailure('forbidden', `Consul refuses the worker's token in ${dc}: its policy needs ${rules}.`, {
    cause: error,
  })
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return null
  }
}
