import { UserError } from '../../../errors.ts'

/**
 * Why a question to Consul has no answer. `agent`: the agent that we ask is not there; all others are its own words: it cannot reach
 * the datacenter, nobody leads it, the token may not, or what came is nothing that Consul says.
 */
export type FailureKind = 'agent' | 'unreachable' | 'leaderless' | 'forbidden' | 'malformed'

type Details = ErrorOptions & {
  /** As in the header Retry-After; 0 without one. */
  readonly retryAfterMs?: number
  /** What the agent said, where it said something. */
  readonly status?: number
}

export class ConsulFailure extends UserError {
  readonly kind: FailureKind
  readonly retryAfterMs: number
  readonly status: number | null
  constructor(kind: FailureKind, message: string, { retryAfterMs = 0, status, ...options }: Details = {}) {
    super(message, options)
    this.kind = kind
    this.retryAfterMs = retryAfterMs
    this.status = status ?? null
  }
}

/** An answer that is no 200, as a failure. `what` names what was asked: `Consul at 127.0.0.1:8500, asked for the checks of dc1,`. */
export function refusalOf(what: string, { status, headers, text }: { status: number; headers: Headers; text: string }) {
  const said = spoken(text)
  const details = { status, retryAfterMs: retryAfterOf(headers.get('retry-after')) }
  const failure = (kind: FailureKind, why: string) => new ConsulFailure(kind, `${what} ${why}`, details)
  if (status === 401 || status === 403 || (status >= 500 && /Permission denied|ACL not found/.test(text))) {
    return failure('forbidden', forbidden(status, said))
  }
  if (status >= 500 && /No cluster leader/i.test(text)) return failure('leaderless', 'says that it has no leader.')
  if (status >= 500 && /No path to datacenter/i.test(text)) {
    return failure('unreachable', 'says that it has no path to that datacenter.')
  }
  if (status >= 500) return failure('unreachable', `answered ${status}: ${said}`)
  if (status === 429) return failure('unreachable', `asks for fewer questions (429): ${said}`)
  return failure('malformed', `answered ${status}, which it should not: ${said}`)
}

/** An expired token and one with too few rights are mended by different people: 403 is the same, the words are not. */
function forbidden(status: number, said: string): string {
  if (/ACL not found/.test(said)) {
    return 'does not know our token (ACL not found): it has expired or was deleted. Give the bot a new one.'
  }
  if (/Permission denied/.test(said)) {
    return 'knows our token and refuses it (Permission denied): its policy needs `node_prefix "" { policy = "read" }` and `service_prefix "" { policy = "read" }`.'
  }
  return `refuses our token: ${status} ${said}`
}

/**
 * Consul's words, in one line and bounded. The port from which we asked and ids of tokens go: the one would make each failure a new
 * one, the others are for nobody to read.
 */
function spoken(text: string): string {
  const line = text
    .replace(/\s+/g, ' ')
    .replace(/[\d.[\]:a-f]+:\d+->/g, '')
    .replace(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi, '<id>')
    .trim()
  return `${line.slice(0, 200) || 'nothing'}${/[.!]$/.test(line.slice(0, 200)) ? '' : '.'}`
}

/** No proxy may silence us for longer. */
const MOST_RETRY_AFTER_MS = 5 * 60_000

/** Seconds or a date, as HTTP has it. */
function retryAfterOf(header: string | null): number {
  if (header === null || header.trim() === '') return 0
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MOST_RETRY_AFTER_MS) : 0
}
