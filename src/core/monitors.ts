import { z } from 'zod'
import { milliseconds } from './duration.ts'

const duration = z.string().superRefine((text, context) => {
  try {
    milliseconds(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message })
  }
})

const limit = z.number().int().min(1)

const threshold = z
  .strictObject({
    count: z.enum(['denied', 'failedLogin', 'wrappingInvalid', 'missingClientToken']).default('denied'),
    /** Denied requests of this class only. */
    class: z.string().optional(),
    window: z.enum(['1m', '5m', '60m']).default('5m'),
    warning: limit.optional(),
    critical: limit.optional(),
  })
  .refine(({ warning, critical }) => warning !== undefined || critical !== undefined, {
    error: 'needs `warning`, `critical` or both',
  })

const principal = z
  .strictObject({ entity_id: z.string().min(1), display_name: z.string().min(1), role_name: z.string().min(1) })
  .partial()
  .refine((given) => Object.keys(given).length > 0, { error: 'needs entity_id, display_name or role_name' })

/** A wrapping token that somebody else used up is a sign of interception, however rare. */
const usual = [
  { count: 'denied' as const, window: '5m' as const, warning: 10, critical: 100 },
  { count: 'failedLogin' as const, window: '5m' as const, warning: 10, critical: 100 },
  { count: 'wrappingInvalid' as const, window: '60m' as const, warning: 1 },
]

const vaultAudit = z.strictObject({
  /** The file of one audit device. */
  file: z.string().min(1),
  /** Where the monitor remembers how far it has read, on a disk that stays. */
  state: z.string().min(1),
  /** What the device puts before every entry. */
  prefix: z.string().default(''),
  /** Who is left out: first of all the monitor's own lookups of tokens. */
  exclude: z.array(principal).default([]),
  failed_login_hmacs: z.array(z.string().min(1)).default([]),
  /** Paths are cut to so many segments before they leave this host's monitor. */
  path_segments: z.number().int().min(1).max(20).default(3),
  poll: duration.default('1s'),
  /**
   * VAULT_ADDR is the Vault of this host: while it is active, its file must show what token_expiry asks it. Nothing for so long means
   * that the wrong file is followed, or none.
   */
  canary: duration.optional(),
  thresholds: z.array(threshold).min(1).default(usual),
})

const text = z.string().min(1)
const runbook = z.url({ protocol: /^https?$/, error: 'expected an http or https address' })
const named = { name: text, owner: text, runbook: runbook.optional() }

/** One thing that expires, by exactly one place where its expiry can be read. */
const expiring = z.discriminatedUnion('kind', [
  z.strictObject({ ...named, kind: z.literal('vault_token'), accessor: text, renew: z.boolean().default(false) }),
  z.strictObject({ ...named, kind: z.literal('approle'), mount: text.default('approle'), role: text }),
  /** Without an accessor: the token of the monitor itself. */
  z.strictObject({ ...named, kind: z.literal('consul_token'), accessor: text.optional() }),
  z.strictObject({ ...named, kind: z.literal('certificate_file'), file: text }),
  z.strictObject({
    ...named,
    kind: z.literal('certificate_host'),
    host: text,
    port: z.number().int().min(1).max(65_535),
  }),
  /** `ca` is the issuer itself; superseded certificates expire by design, so these are named one by one. */
  z.strictObject({
    ...named,
    kind: z.literal('certificate_pki'),
    mount: text.default('pki'),
    serial: text.default('ca'),
  }),
])

/** Loopback by its address; a name may mean anything, so it is none. */
export function isLoopback(address: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(address) || canonical(address) === '::1'
}

/** The one way to write an IPv6 address; anything else stays as it is. */
function canonical(address: string): string {
  return address.includes(':') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address
}

/** Every address of the host at once: nobody could fetch from it by what Consul says. */
const isEvery = (address: string) => ['0.0.0.0', '::'].includes(canonical(address))

const listens = z
  .union([z.ipv4(), z.ipv6()], { error: 'expected the IP address of this host under which the bots reach it' })
  .refine((address) => !isEvery(address), { error: 'expected one address, which Consul then names to the bots' })

const LOOPBACK = '127.0.0.1'
const IN_VAULT: readonly string[] = ['vault_token', 'approle', 'certificate_pki']

export const isInVault = ({ kind }: Pick<Expiring, 'kind'>) => IN_VAULT.includes(kind)

const share = z.number().gt(0).lt(1)

const tokenExpiry = z
  .strictObject({
    every: duration.default('5m'),
    /** The mount or system maximum (`max_lease_ttl`): lookups do not show it, and renewals silently stop there. */
    max_ttl: duration.default('32d'),
    /** Shares of the whole lifetime that are left: a day is much for a token of a week, and all of one of a day. */
    warning: share.default(0.25),
    critical: share.default(0.1),
    /** Uses that are left, of what may be used so often only. */
    uses_warning: limit.default(10),
    uses_critical: limit.default(2),
    entries: z.array(expiring).min(1),
  })
  .refine(({ warning, critical }) => critical < warning, { error: 'needs `critical` below `warning`' })
  .refine(({ entries }) => new Set(entries.map(({ name }) => name)).size === entries.length, {
    error: 'has two entries of one name',
  })

/** The schema of the monitors' own settings: a host of Vault has no site. */
export const monitorsSchema = z
  .strictObject({
    vault_audit: vaultAudit.optional(),
    token_expiry: tokenExpiry.optional(),
    consul: z.strictObject({ ttl: duration.default('30s'), tags: z.array(z.string().min(1)).default([]) }).prefault({}),
    /**
     * Where details are served: on loopback, or on an address of this host with GROUNDCREW_MONITOR_TOKEN. Port 0 takes any free one.
     * Consul knows both.
     */
    http: z
      .strictObject({ host: listens.default(LOOPBACK), port: z.number().int().min(0).max(65_535).default(0) })
      .prefault({}),
  })
  .refine((given) => given.vault_audit || given.token_expiry, { error: 'needs vault_audit, token_expiry or both' })
  .refine((given) => !given.vault_audit?.canary || given.token_expiry?.entries.some(isInVault), {
    path: ['vault_audit', 'canary'],
    error: 'needs an entry under token_expiry that is in Vault: it waits for what that asks',
  })

export type MonitorsSettings = z.infer<typeof monitorsSchema>
export type VaultAuditSettings = z.infer<typeof vaultAudit>
export type AuditThreshold = z.infer<typeof threshold>
export type TokenExpirySettings = z.infer<typeof tokenExpiry>
export type Expiring = z.infer<typeof expiring>
