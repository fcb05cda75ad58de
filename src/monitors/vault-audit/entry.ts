/**
 * What the monitor takes from an entry, and nothing more: no token, accessor, data, response or header goes further than this file
 * (of token and accessor only whether there was one). Enterprise may leave any field out, so each may be missing.
 */
export type Entry = {
  readonly type: string
  /** Milliseconds since 1970 by the clock of Vault; undefined where the entry has no time. */
  readonly time: number | undefined
  readonly error: string
  /** `response.data.error`: an HMAC, unless the mount is tuned or the device logs raw. */
  readonly dataError: string
  readonly id: string
  readonly namespace: string
  readonly path: string
  readonly mountType: string
  readonly address: string
  readonly entityId: string
  readonly displayName: string
  readonly roleName: string
  readonly tokenType: string
  readonly allowed: boolean | undefined
  readonly hasToken: boolean
  readonly hasAccessor: boolean
}

/** Reads one parsed line; whatever is missing or of another type becomes empty. Fields as in Vault's audit/types.go. */
export function readEntry(line: object): Entry {
  const entry = line as Fields
  const [auth, request] = [fields(entry.auth), fields(entry.request)]
  const allowed = fields(auth.policy_results).allowed
  const time = Date.parse(text(entry.time))
  return {
    type: text(entry.type),
    time: Number.isNaN(time) ? undefined : time,
    error: text(entry.error),
    dataError: text(fields(fields(entry.response).data).error),
    id: text(request.id),
    namespace: text(fields(request.namespace).path),
    path: text(request.path),
    mountType: text(request.mount_type),
    address: text(request.remote_address),
    entityId: text(auth.entity_id),
    displayName: text(auth.display_name),
    roleName: text(fields(auth.metadata).role_name),
    tokenType: text(auth.token_type),
    allowed: typeof allowed === 'boolean' ? allowed : undefined,
    hasToken: text(request.client_token) !== '' || text(auth.client_token) !== '',
    hasAccessor: text(auth.accessor) !== '' || text(request.client_token_accessor) !== '',
  }
}

type Fields = Readonly<Record<string, unknown>>

const NONE: Fields = {}
const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : NONE)
const text = (value: unknown): string => (typeof value === 'string' ? value : '')
