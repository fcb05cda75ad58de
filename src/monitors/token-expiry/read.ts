import { z } from 'zod'
import type { Expiring } from '../../core/monitors.ts'
import { isInVault } from '../../core/monitors.ts'
import { messageOf, UserError } from '../../errors.ts'
import { validityOf, validityOfFile, validityOfHost } from '../../tools/certificate.ts'
import type { VaultClient } from '../../tools/vault.ts'
import type { Lifetime } from './expiry.ts'
import { lifetimeOfSecretId, lifetimeOfToken, longest, secretId, vaultToken } from './expiry.ts'

export type Sources = {
  /** Not there when no entry is in Vault. */
  readonly vault: VaultClient | undefined
  /** ExpirationTime and CreateTime of a Consul token by its accessor, or of the monitor's own; undefined when it is gone. */
  readonly consulToken: (
    accessor: string | undefined,
  ) => Promise<{ ExpirationTime?: string; CreateTime?: string } | undefined>
  readonly maxTtlMs: number
}

/** Whether any entry needs Vault, and with it VAULT_ADDR. */
export const asksVault = (entries: readonly Expiring[]) => entries.some(isInVault)

/** Reads how long one entry lives. It never throws: what cannot be read is said, without accessor and token. */
export async function readLifetime(entry: Expiring, sources: Sources): Promise<Lifetime> {
  try {
    return known(await lifetimeOf(entry, sources))
  } catch (error) {
    const secrets = 'accessor' in entry && entry.accessor ? [entry.accessor] : []
    return {
      kind: 'unread',
      why: secrets.reduce((text, secret) => text.replaceAll(secret, '...'), messageOf(error).slice(0, 200)),
    }
  }
}

async function lifetimeOf(entry: Expiring, sources: Sources): Promise<Lifetime> {
  const { consulToken, maxTtlMs } = sources
  const vault = sources.vault ?? NO_VAULT
  switch (entry.kind) {
    case 'vault_token': {
      const data = await vault.ask('POST', 'auth/token/lookup-accessor', { accessor: entry.accessor })
      return data ? lifetimeOfToken(vaultToken.parse(data), maxTtlMs) : whyMissing(vault)
    }
    case 'approle': {
      const found = await secretIdsOf(vault, `auth/${entry.mount}/role/${entry.role}`)
      return found.length > 0 ? longest(found) : whyMissing(vault)
    }
    case 'consul_token': {
      const token = await consulToken(entry.accessor)
      if (!token) return GONE
      if (!token.ExpirationTime) return { kind: 'never' }
      return { kind: 'until', from: Date.parse(token.CreateTime ?? ''), at: Date.parse(token.ExpirationTime) }
    }
    case 'certificate_file':
      return { kind: 'until', ...(await validityOfFile(entry.file)) }
    case 'certificate_host':
      return { kind: 'until', ...(await validityOfHost(entry.host, entry.port)) }
    case 'certificate_pki': {
      const data = await vault.ask('GET', `${entry.mount}/cert/${entry.serial}`)
      if (!data) return whyMissing(vault)
      const { certificate, revocation_time = 0 } = pkiCertificate.parse(data)
      return revocation_time > 0
        ? { kind: 'gone', why: 'it is revoked' }
        : { kind: 'until', ...validityOf(certificate) }
    }
  }
}

/** A share of a lifetime whose beginning or end is no time would pass every threshold. */
function known(life: Lifetime): Lifetime {
  if (life.kind !== 'until' || (Number.isFinite(life.from) && Number.isFinite(life.at))) return life
  return { kind: 'unread', why: 'its beginning or its end is no time' }
}

const noVault = () => Promise.reject(new UserError('VAULT_ADDR is not set'))
const NO_VAULT: VaultClient = { ask: noVault, isActive: noVault }
const GONE = { kind: 'gone', why: 'expired, revoked, or the monitor may not look it up' } as const
/** Vault refuses what is gone and what is forbidden alike; with a token of its own that is dead, the monitor knows nothing at all. */
async function whyMissing(vault: VaultClient): Promise<Lifetime> {
  const own = await vault.ask('GET', 'auth/token/lookup-self')
  return own ? GONE : { kind: 'unread', why: "the monitor's own Vault token is refused" }
}

const pkiCertificate = z.looseObject({ certificate: z.string(), revocation_time: z.number().optional() })
const keysOf = z.looseObject({ keys: z.array(z.string()) })

async function secretIdsOf(vault: VaultClient, role: string): Promise<Lifetime[]> {
  const listed = await vault.ask('GET', `${role}/secret-id?list=true`)
  if (!listed) return []
  const found: Lifetime[] = []
  for (const accessor of keysOf.parse(listed).keys) {
    const data = await vault.ask('POST', `${role}/secret-id-accessor/lookup`, { secret_id_accessor: accessor })
    // It may have been tidied between the two calls.
    if (data && Object.keys(data).length > 0) found.push(lifetimeOfSecretId(secretId.parse(data)))
  }
  return found
}
