import { z } from 'zod'
import { milliseconds, spoken } from '../../core/duration.ts'
import type { TokenExpirySettings } from '../../core/monitors.ts'

/**
 * How long something lives, in milliseconds since 1970. `gone`: expired, revoked or removed. `unread`: nobody could tell, which is
 * neither expired nor well.
 */
export type Lifetime =
  | { readonly kind: 'never'; readonly uses?: number }
  | {
      readonly kind: 'until'
      readonly from: number
      readonly at: number
      readonly uses?: number
      readonly why?: string
    }
  | { readonly kind: 'gone'; readonly why: string }
  | { readonly kind: 'unread'; readonly why: string }

export type Verdict = {
  readonly status: 'passing' | 'warning' | 'critical'
  readonly text: string
  readonly at: number | null
}

/** What POST auth/token/lookup-accessor answers under `data`. Times are seconds since 1970, or text in `expire_time`. */
export const vaultToken = z.looseObject({
  ttl: z.number(),
  expire_time: z.string().nullish(),
  creation_time: z.number().default(0),
  explicit_max_ttl: z.number().default(0),
  period: z.union([z.number(), z.string()]).optional(),
  num_uses: z.number().default(0),
  renewable: z.boolean().optional(),
  last_renewal_time: z.number().optional(),
})

/** What POST auth/<mount>/role/<role>/secret-id-accessor/lookup answers under `data`. */
export const secretId = z.looseObject({
  expiration_time: z.string(),
  creation_time: z.string(),
  secret_id_num_uses: z.number().default(0),
})

const DAWN = Date.parse('1970-01-02T00:00:00Z')
const remaining = (uses: number) => (uses > 0 ? { uses } : {})

/** Vault counts a token's cap from a whole second, and its expiry from the moment of the renewal: the same end, a little apart. */
const SAME_MS = 10_000

/**
 * `ttl: 0` with `expire_time: null` never expires. A renewable token ends at its hard cap, which a lookup does not show. A periodic one has no cap
 * but an explicit one: it lives for a period from its last renewal.
 */
export function lifetimeOfToken(token: z.infer<typeof vaultToken>, maxTtlMs: number): Lifetime {
  const created = token.creation_time * 1000
  const renewed = (token.last_renewal_time ?? token.creation_time) * 1000
  const period = Number(token.period ?? 0) * 1000
  const uses = remaining(token.num_uses)
  const expires = token.expire_time ? Date.parse(token.expire_time) : Number.NaN
  if (Number.isNaN(expires))
    return token.ttl === 0 && token.expire_time === null ? { kind: 'never', ...uses } : unreadTime
  const cap =
    token.explicit_max_ttl > 0 ? created + token.explicit_max_ttl * 1000 : period > 0 ? Infinity : created + maxTtlMs
  if (cap <= expires + SAME_MS)
    return { kind: 'until', from: created, at: cap, why: 'its hard cap; it cannot be renewed past it', ...uses }
  if (period > 0)
    return { kind: 'until', from: expires - period, at: expires, why: 'a period from its last renewal', ...uses }
  return { kind: 'until', from: renewed, at: expires, ...uses }
}

const unreadTime = { kind: 'unread', why: 'Vault says no time of expiry' } as const

/** The zero time of Go (0001-01-01) never expires; `secret_id_ttl` is only what was configured. */
export function lifetimeOfSecretId({
  expiration_time,
  creation_time,
  secret_id_num_uses,
}: z.infer<typeof secretId>): Lifetime {
  const at = Date.parse(expiration_time)
  if (Number.isNaN(at)) return unreadTime
  const uses = remaining(secret_id_num_uses)
  return at < DAWN ? { kind: 'never', ...uses } : { kind: 'until', from: Date.parse(creation_time), at, ...uses }
}

/** Of several that do the same, the one that lasts longest: what it replaced expires by design. */
export function longest(lifetimes: readonly Lifetime[]): Lifetime {
  const rank = (life: Lifetime) => (life.kind === 'never' ? Infinity : life.kind === 'until' ? life.at : -1)
  const [best] = lifetimes.toSorted((one, other) => rank(other) - rank(one))
  return best ?? { kind: 'gone', why: 'there is none' }
}

type Limits = Pick<TokenExpirySettings, 'warning' | 'critical' | 'uses_warning' | 'uses_critical'>

/** The status of one entry. A periodic token is late when half of its period passed without a renewal. */
export function verdictOf(life: Lifetime, limits: Limits, now: number): Verdict {
  if (life.kind === 'gone') return { status: 'critical', text: `is gone: ${life.why}`, at: null }
  if (life.kind === 'unread') return { status: 'critical', text: `cannot be read: ${life.why}`, at: null }
  const [time, uses] = [byTime(life, limits, now), byUses(life.uses, limits)]
  const worse = RANK.indexOf(uses.status) > RANK.indexOf(time.status) ? uses.status : time.status
  return {
    status: worse,
    text: [time.text, uses.text].filter(Boolean).join(', '),
    at: life.kind === 'until' ? life.at : null,
  }
}

const RANK: readonly Verdict['status'][] = ['passing', 'warning', 'critical']

function byTime(life: Lifetime, limits: Limits, now: number): Pick<Verdict, 'status' | 'text'> {
  if (life.kind !== 'until') return { status: 'passing', text: 'never expires' }
  const why = life.why ? ` (${life.why})` : ''
  if (life.at <= now) return { status: 'critical', text: `expired ${spoken(now - life.at)} ago${why}` }
  const left = (life.at - now) / Math.max(1, life.at - life.from)
  const warning = life.why?.startsWith('a period') ? Math.max(0.5, limits.warning) : limits.warning
  const status = left <= limits.critical ? 'critical' : left <= warning ? 'warning' : 'passing'
  return { status, text: `expires in ${spoken(life.at - now)}${why}` }
}

function byUses(uses: number | undefined, { uses_warning, uses_critical }: Limits): Pick<Verdict, 'status' | 'text'> {
  if (uses === undefined) return { status: 'passing', text: '' }
  const status = uses <= uses_critical ? 'critical' : uses <= uses_warning ? 'warning' : 'passing'
  return { status, text: `${uses} uses left` }
}

export const maxTtlOf = ({ max_ttl }: Pick<TokenExpirySettings, 'max_ttl'>) => milliseconds(max_ttl)
