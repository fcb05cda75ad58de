/**
 * What a failed call means for what has to be done next.
 * - `limited`: wait as long as Slack says, with this method in this channel.
 * - `unsent`: it never reached Slack.
 * - `ambiguous`: it may have been done all the same.
 * - `unfit`: these words or blocks are refused and always will be.
 * - `auth`: nothing works with this token.
 * - `refused`: Slack said no, and nothing was done.
 */
export type Fault =
  | { readonly kind: 'limited'; readonly wait: number }
  | { readonly kind: 'unsent' | 'ambiguous' | 'unfit' | 'auth' | 'refused'; readonly code: string }

/** Where Slack says that there is a limit and not for how long. */
const LIMITED_MS = 5_000

const LIMITED = ['ratelimited', 'rate_limited', 'message_limit_exceeded']
const AMBIGUOUS = ['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'unknown_error']
const AUTH = [
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'access_denied',
  'org_login_required',
  'two_factor_setup_required',
  'team_access_not_granted',
]
const UNFIT = [
  'invalid_blocks',
  'invalid_blocks_format',
  'invalid_attachments',
  'invalid_arguments',
  'block_mismatch',
  'markdown_text_conflict',
  'msg_too_long',
  'msg_blocks_too_long',
  'no_text',
  'too_many_attachments',
]
const UNSENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']

type Thrown = {
  readonly retryAfter?: unknown
  readonly statusCode?: unknown
  readonly original?: { readonly cause?: { readonly code?: unknown } }
  readonly data?: { readonly error?: unknown; readonly response_metadata?: { readonly retryAfter?: number } }
  readonly message?: unknown
}

/** Whatever is not surely one of the others may have been done: a post that is taken for undone is a post done twice. */
export function faultOf(error: unknown): Fault {
  const { retryAfter, statusCode, original, data, message } = (error ?? {}) as Thrown
  if (typeof retryAfter === 'number') return { kind: 'limited', wait: milliseconds(retryAfter) }
  if (String(message).startsWith('Retry header did not contain')) return { kind: 'limited', wait: LIMITED_MS }
  if (data) return platform(data)
  if (typeof statusCode === 'number') return { kind: said(statusCode) ? 'refused' : 'ambiguous', code: `${statusCode}` }
  const code = String(original?.cause?.code ?? '')
  return { kind: UNSENT.includes(code) ? 'unsent' : 'ambiguous', code: code || 'no answer' }
}

/** The error code of Slack's answer, if it was one. */
export function codeOf(error: unknown): string {
  const code = (error as Thrown | null)?.data?.error
  return typeof code === 'string' ? code : ''
}

/** Whether nothing was done for sure. */
export const undone = (error: unknown): boolean => faultOf(error).kind !== 'ambiguous'

function platform({ error, response_metadata }: NonNullable<Thrown['data']>): Fault {
  const code = typeof error === 'string' ? error : ''
  if (LIMITED.includes(code)) {
    const { retryAfter } = response_metadata ?? {}
    return { kind: 'limited', wait: retryAfter === undefined ? LIMITED_MS : milliseconds(retryAfter) }
  }
  // An answer that is no JSON comes here as its whole text: of a gateway, or cut off.
  if (!/^[a-z][a-z0-9_]*$/.test(code) || AMBIGUOUS.includes(code)) return { kind: 'ambiguous', code: code.slice(0, 80) }
  if (AUTH.includes(code)) return { kind: 'auth', code }
  return { kind: UNFIT.includes(code) ? 'unfit' : 'refused', code }
}

function said(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408
}

function milliseconds(seconds: number): number {
  return Math.max(seconds, 1) * 1000
}
