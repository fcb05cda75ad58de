import { UserError } from '../../errors.ts'
import { type Read, type Reading, readJson } from './catalog/read.ts'
import { listOf, texts } from './catalog/rows.ts'
import type { Ask } from './watch/ask.ts'
import { ConsulFailure } from './watch/failure.ts'

/** A key as Consul keeps it. `index` is its ModifyIndex, which a CAS needs; `session` of whoever holds it as a lock. */
export type KvPair = {
  readonly key: string
  readonly value: Buffer
  readonly flags: number
  readonly created: number
  readonly index: number
  readonly lockIndex: number
  readonly session: string | null
}

/**
 * Reads of the keys of one datacenter. All throw a `ConsulFailure`.
 *
 * Asked by `fetch`: the package `consul` 2.0.1 rejects `kv.keys` where nothing fits, turns the `false` of a failed CAS into `undefined`, gives
 * null for an empty value, and drops the headers that say how fresh an answer is.
 */
export type ConsulKv = {
  /** Null where there is no such key. */
  get(key: string, reading: Reading): Promise<Read<KvPair | null>>
  /** Names below a prefix; with a separator those that have more of it are cut there, as folders. Empty where there is none. */
  keys(prefix: string, reading: Reading & { readonly separator?: string }): Promise<Read<string[]>>
  /** All below a prefix, with values, in one read: one state of the datacenter. */
  tree(prefix: string, reading: Reading): Promise<Read<KvPair[]>>
}

export function kvOn(ask: Ask): ConsulKv {
  return {
    async get(key, reading) {
      const asking = { ...reading, path: pathOf(key), what: `for the key ${key} of ${reading.dc}`, also: [404] }
      const { rows, fresh } = await mayRead(
        key,
        readJson(ask, asking, (found) => listOf(found, pairOf)),
      )
      return { rows: rows.find((pair) => pair.key === key) ?? null, fresh }
    },
    async keys(prefix, { separator, ...reading }) {
      const query = { keys: '', ...(separator === undefined ? {} : { separator }) }
      const what = `for the keys below ${prefix || 'the root'} of ${reading.dc}`
      const asking = { ...reading, path: pathOf(prefix), what, query, also: [404] }
      return mayRead(
        prefix,
        readJson(ask, asking, (found) => texts(found, 'the keys')),
      )
    },
    async tree(prefix, reading) {
      const what = `for all below ${prefix || 'the root'} of ${reading.dc}`
      const asking = { ...reading, path: pathOf(prefix), what, query: { recurse: '' }, also: [404] }
      return mayRead(
        prefix,
        readJson(ask, asking, (found) => listOf(found, pairOf)),
      )
    },
  }
}

/**
 * Consul reads the path as it stands, so that a key with `?`, `#` or a space is written in percent; its slashes are left. A part that is `.`
 * or `..` is taken for a way up by whatever builds the address, and would read another key than the one that was asked for; an empty
 * one Consul takes out itself, and redirects to that other key.
 */
function pathOf(key: string): string {
  const parts = key.split('/')
  const straight = key.replace(/\/{2,}/g, '/').replace(/^\//, '')
  if (straight !== key) {
    const hint = straight ? ` Did you mean ${JSON.stringify(straight)}?` : ''
    throw new UserError(
      `Consul cannot be asked for the key ${JSON.stringify(key)}: none begins with a slash, or has two together.${hint}`,
    )
  }
  if (parts.some((part) => part === '.' || part === '..'))
    throw new UserError(`The key ${JSON.stringify(key)} has a part that is only dots: it cannot be asked for.`)
  return `/v1/kv/${parts.map(encodeURIComponent).join('/')}`
}

/** A token without rights on a key is told which rights; the words of the catalogue's refusal are about other ones. */
async function mayRead<T>(key: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (error) {
    if (!(error instanceof ConsulFailure) || error.kind !== 'forbidden' || !/Permission denied/.test(error.message))
      throw error
    const rule = `key_prefix ${JSON.stringify(key)} { policy = "read" }`
    throw new ConsulFailure('forbidden', `Consul refuses our token for this key: its policy needs \`${rule}\`.`, {
      cause: error,
      ...(error.status === null ? {} : { status: error.status }),
    })
  }
}

function pairOf(row: Readonly<Record<string, unknown>>): KvPair {
  const { Key, Value, Flags, CreateIndex, ModifyIndex, LockIndex, Session } = row
  if (typeof Key !== 'string' || Key === '') throw new Error('a row has no Key')
  if (Value !== null && Value !== undefined && typeof Value !== 'string')
    throw new Error(`${Key} has a Value that is no text`)
  if (typeof ModifyIndex !== 'number') throw new Error(`${Key} has no ModifyIndex`)
  return {
    key: Key,
    value: Buffer.from(Value ?? '', 'base64'),
    flags: typeof Flags === 'number' ? Flags : 0,
    created: typeof CreateIndex === 'number' ? CreateIndex : 0,
    index: ModifyIndex,
    lockIndex: typeof LockIndex === 'number' ? LockIndex : 0,
    session: typeof Session === 'string' && Session !== '' ? Session : null,
  }
}
