import type { Entry } from './entry.ts'
import { INVALID_TOKEN, messagesOf, SENTINEL } from './texts.ts'

/** Why a request was denied, as far as its entry tells. */
export const CLASSES = [
  'policy',
  'invalid_token',
  'missing_token',
  'preflight',
  'user_lockout',
  'auth_method_denied',
  'sentinel',
  'bad_token_lookup',
] as const

export type DeniedClass = (typeof CLASSES)[number]

/** The only auth methods for which Vault locks users out. */
const LOCKS_OUT = ['userpass', 'ldap', 'approle']
const PREFLIGHT = 'sys/internal/ui/mounts/'
const LOGIN = /^auth\/.+\/login(?:\/|$)/
const LOOKUP = /^auth\/token\/lookup(?:-accessor)?(?:\/|$)/

/**
 * The class of a denied entry. What stands in the error comes first, then paths that Vault serves without a token, then what the
 * policy said, then what is missing.
 */
export function classOf(entry: Entry): DeniedClass {
  if (SENTINEL.test(entry.error)) return 'sentinel'
  if (entry.path.startsWith(PREFLIGHT)) return 'preflight'
  if (entry.allowed === false) return 'policy'
  if (LOGIN.test(entry.path)) return isLockout(entry) ? 'user_lockout' : 'auth_method_denied'
  if (messagesOf(entry.error).includes(INVALID_TOKEN)) return 'invalid_token'
  if (!entry.hasAccessor && !isKnown(entry)) return entry.hasToken ? 'invalid_token' : 'missing_token'
  return entry.type === 'response' && LOOKUP.test(entry.path) ? 'bad_token_lookup' : 'policy'
}

/** A batch token has no accessor; Vault knows it all the same. */
function isKnown({ tokenType, entityId, displayName, allowed }: Entry): boolean {
  return (tokenType !== '' && tokenType !== 'default') || entityId !== '' || displayName !== '' || allowed === true
}

function isLockout({ mountType, path }: Entry): boolean {
  const method = mountType || (path.split('/')[1] ?? '')
  return LOCKS_OUT.includes(method)
}

/** The path a denial is about: a preflight asks for the mount behind it. */
export function aboutPath({ path }: Entry): string {
  return path.startsWith(PREFLIGHT) ? path.slice(PREFLIGHT.length) : path
}
