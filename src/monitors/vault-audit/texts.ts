/**
 * The words that Vault writes into `error` (and AppRole into `response.data.error`). Go's JSON escapes none of their letters, so a
 * line without any of them in its bytes can neither be denied nor failed, and need not be parsed.
 */
export const DENIED = 'permission denied'
export const INVALID_TOKEN = 'invalid token'
export const INVALID_CREDENTIALS = 'invalid credentials'
export const INVALID_WRAPPING = 'wrapping token is not valid or does not exist'
export const INVALID_ROLE_OR_SECRET = 'invalid role or secret ID'
export const MISSING_TOKEN = 'missing client token'
/** Sentinel of old, without its own line `permission denied`. */
export const SENTINEL = /(?:^|\n)[\t ]*(?:\* )?[er]gp standard policy ".*" evaluation resulted in denial\./

/** What the bytes of a line must contain to be worth parsing. Each has a space: see scan.ts. */
export const NEEDLES = [
  DENIED,
  'evaluation resulted in denial.',
  INVALID_CREDENTIALS,
  INVALID_WRAPPING,
  INVALID_ROLE_OR_SECRET,
  MISSING_TOKEN,
] as const

/**
 * The messages of a multierror: its lines, without what lists put before them. Vault decides by the equality of whole messages,
 * so that `permission denied for schema x` of a database is none.
 */
export function messagesOf(error: string): string[] {
  return error.split('\n').map((line) => line.replace(/^[\t ]*(?:\* )?/, '').trimEnd())
}
