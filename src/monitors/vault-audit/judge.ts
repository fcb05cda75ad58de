import type { DeniedClass } from './classify.ts'
import { aboutPath, classOf } from './classify.ts'
import type { Entry } from './entry.ts'
import { createSeen, SEEN_AT_LEAST } from './seen.ts'
import {
  DENIED,
  INVALID_CREDENTIALS,
  INVALID_ROLE_OR_SECRET,
  INVALID_WRAPPING,
  MISSING_TOKEN,
  messagesOf,
  SENTINEL,
} from './texts.ts'

export const KINDS = ['denied', 'failedLogin', 'wrappingInvalid', 'missingClientToken'] as const
export type Kind = (typeof KINDS)[number]

/** Something to count, with what it is counted by. */
export type Finding = {
  readonly kind: Kind
  /** For the kind `denied` only. */
  readonly class?: DeniedClass
  readonly time: number | undefined
  readonly namespace: string
  readonly principal: string
  readonly path: string
  readonly address: string
}

/** A principal that is left out; each field that is given must fit. Tokens and accessors are no names. */
export type Principal = { readonly entity_id?: string; readonly display_name?: string; readonly role_name?: string }

export type Judging = {
  readonly exclude?: readonly Principal[]
  /** HMACs of `invalid role or secret ID` under the salt of this device (POST sys/audit-hash/:path). */
  readonly hmacs?: readonly string[]
  /** How many ids of requests are remembered. */
  readonly remember?: number
}

/** `again`: an entry of a request that was counted; `excluded`: of a principal that is left out; `other`: nothing to count. */
export type Judgment = Finding | 'again' | 'excluded' | 'other'

/** Judges entry after entry; each request counts once, by the first entry that tells. */
export function createJudge({ exclude = [], hmacs = [], remember = SEEN_AT_LEAST }: Judging): (e: Entry) => Judgment {
  const seen = createSeen(remember)
  const principalOf = createNames()
  return (entry) => {
    const kind = kindOf(entry, hmacs)
    if (kind === undefined) return 'other'
    if (entry.id === '' ? isHalf(kind, entry) : !seen.add(`${kind} ${entry.id}`)) return 'again'
    if (exclude.some((principal) => isPrincipal(principal, entry))) return 'excluded'
    return {
      kind,
      ...(kind === 'denied' ? { class: classOf(entry) } : {}),
      time: entry.time,
      namespace: entry.namespace,
      principal: principalOf(entry),
      path: aboutPath(entry),
      address: entry.address,
    }
  }
}

/** What an entry tells by itself; undefined when it is nothing to count. */
export function kindOf({ error, dataError }: Entry, hmacs: readonly string[] = []): Kind | undefined {
  const messages = messagesOf(error)
  if (messages.includes(DENIED) || SENTINEL.test(error)) return 'denied'
  if (messages.includes(INVALID_WRAPPING)) return 'wrappingInvalid'
  if (messages.includes(INVALID_CREDENTIALS) || dataError === INVALID_ROLE_OR_SECRET || hmacs.includes(dataError))
    return 'failedLogin'
  return messages.includes(MISSING_TOKEN) ? 'missingClientToken' : undefined
}

/** Without an id the two entries of a pair cannot be told to be one: the response counts, where there is one. */
function isHalf(kind: Kind, { type }: Entry): boolean {
  return kind !== 'wrappingInvalid' && kind !== 'missingClientToken' && type !== 'response'
}

function isPrincipal(principal: Principal, { entityId, displayName, roleName }: Entry): boolean {
  const { entity_id = entityId, display_name = displayName, role_name = roleName } = principal
  return entity_id === entityId && display_name === displayName && role_name === roleName
}

/** Entities of which it is remembered what they called themselves first; the rest go by their id alone. */
const MOST_NAMED = 10_000

/** One name for one principal, whatever it calls itself later: its entity, with its first name; without an entity what it calls itself. */
function createNames(): (entry: Entry) => string {
  const names = new Map<string, string>()
  return ({ entityId, roleName, displayName, address }) => {
    const called = roleName || displayName
    if (!entityId) return called || address || 'unknown'
    const known = names.get(entityId)
    if (known !== undefined) return known
    const name = called ? `${called} (entity ${entityId.slice(0, 8)})` : `entity ${entityId}`
    if (!called || names.size >= MOST_NAMED) return `entity ${entityId}`
    names.set(entityId, name)
    return name
  }
}
