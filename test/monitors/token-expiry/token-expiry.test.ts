import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { spoken } from '../../../src/core/duration.ts'
import { monitorsSchema } from '../../../src/core/monitors.ts'
import {
  lifetimeOfSecretId,
  lifetimeOfToken,
  longest,
  secretId,
  vaultToken,
  verdictOf,
} from '../../../src/monitors/token-expiry/expiry.ts'
import { createTokenExpiry } from '../../../src/monitors/token-expiry.ts'
import { validityOf } from '../../../src/tools/certificate.ts'
import { createVault } from '../../../src/tools/vault.ts'
import { OWN_TOKEN, type StandIn, standInForVault } from './vault-stand-in.ts'

const NOW = Date.parse('2026-11-20T12:00:00Z')
const HOUR = 3_600_000
const DAY = 24 * HOUR
const limits = { warning: 0.25, critical: 0.1, uses_warning: 10, uses_critical: 2 }
const seconds = (time: number) => time / 1000
const iso = (time: number) => new Date(time).toISOString()

/** A token of a day that was made twelve hours ago, over which a test says otherwise. */
function token(over: object = {}) {
  const made = NOW - 12 * HOUR
  const base = {
    ttl: seconds(12 * HOUR),
    expire_time: iso(made + DAY),
    creation_time: seconds(made),
    period: 0,
    num_uses: 0,
  }
  return { ...base, explicit_max_ttl: 0, renewable: true, ...over }
}

describe('a Vault token', () => {
  const verdict = (over: object) => verdictOf(lifetimeOfToken(vaultToken.parse(token(over)), 32 * DAY), limits, NOW)

  test.each([
    ['half of whose life is left', {}, 'passing', /expires in 12 h$/],
    ['with a fifth left', { expire_time: iso(NOW + 3 * HOUR) }, 'warning', /expires in 3 h/],
    ['with a twentieth left', { expire_time: iso(NOW + HOUR / 2) }, 'critical', /expires in 30 m/],
    ['that never expires', { ttl: 0, expire_time: null }, 'passing', /never expires/],
    ['that is over', { ttl: 0, expire_time: iso(NOW - HOUR) }, 'critical', /expired 1 h ago/],
    [
      'just renewed, but close to its hard cap',
      { creation_time: seconds(NOW - 31 * DAY), expire_time: iso(NOW + 2 * DAY) },
      'critical',
      /expires in 1 d \(its hard cap/,
    ],
    ['whose own cap is lower', { explicit_max_ttl: seconds(13 * HOUR) }, 'critical', /expires in 1 h \(its hard cap/],
    [
      'periodic, renewed a moment ago, a year old',
      { period: seconds(DAY), creation_time: seconds(NOW - 365 * DAY), expire_time: iso(NOW + DAY - HOUR) },
      'passing',
      /a period from its last renewal/,
    ],
    [
      'periodic, not renewed for more than half of its period',
      { period: seconds(DAY), expire_time: iso(NOW + 11 * HOUR) },
      'warning',
      /expires in 11 h/,
    ],
    ['with few uses left', { num_uses: 10 }, 'warning', /10 uses left/],
    [
      'with two uses left, however long it lives',
      { ttl: 0, expire_time: null, num_uses: 2 },
      'critical',
      /2 uses left/,
    ],
    [
      'renewed a moment ago up to its hard cap, which it ends a second before',
      {
        creation_time: seconds(NOW - 32 * DAY + HOUR),
        last_renewal_time: seconds(NOW),
        expire_time: iso(NOW + HOUR - 999),
      },
      'critical',
      /expires in 1 h \(its hard cap/,
    ],
    ['of which Vault says nothing at all', { ttl: 0, expire_time: undefined }, 'critical', /cannot be read/],
    ['whose expiry Vault does not say', { expire_time: undefined }, 'critical', /cannot be read/],
  ])('%s', (_what, over, status, text) => {
    const found = verdict(over)
    expect(found.status).toBe(status)
    expect(found.text).toMatch(text)
  })
})

test('a secret_id with the zero time never expires, whatever was configured; its uses may end', () => {
  const zero = { expiration_time: '0001-01-01T00:00:00Z', creation_time: iso(NOW), secret_id_ttl: 60 }
  expect(lifetimeOfSecretId(secretId.parse(zero))).toEqual({ kind: 'never' })
  expect(verdictOf(lifetimeOfSecretId(secretId.parse({ ...zero, secret_id_num_uses: 1 })), limits, NOW).status).toBe(
    'critical',
  )
})

test('of several secret_ids the one that lasts longest counts, and none at all is gone', () => {
  const until = (at: number) => ({ kind: 'until', from: NOW, at }) as const
  expect(longest([until(NOW + HOUR), until(NOW + DAY), until(NOW)])).toEqual(until(NOW + DAY))
  expect(longest([]).kind).toBe('gone')
})

describe('the monitor beside the stand-in for Vault', () => {
  let vault: StandIn
  const said = { status: '', output: '' }
  const consulKnows = { CreateTime: iso(NOW - 23 * HOUR), ExpirationTime: iso(NOW + HOUR) }
  let consulSays: { CreateTime?: string; ExpirationTime?: string } = consulKnows
  /** What the canary was told. */
  const asked: boolean[] = []
  beforeEach(async () => {
    consulSays = consulKnows
    asked.length = 0
    vault = await standInForVault()
  })
  afterEach(() => vault.stop())

  async function round(entries: object[], secret = OWN_TOKEN): Promise<void> {
    const { token_expiry } = monitorsSchema.parse({ token_expiry: { entries } })
    if (!token_expiry) throw new Error('The settings have no token_expiry.')
    const report = { say: (status: string, output: string) => Object.assign(said, { status, output }) }
    const parts = {
      vault: createVault(vault.url, secret),
      consulToken: async () => consulSays,
      canary: { asked: (isActive: boolean) => void asked.push(isActive) },
      report,
      log: pino({ level: 'silent' }),
      now: () => NOW,
    }
    await createTokenExpiry(token_expiry, parts).round()
  }
  const deploy = { kind: 'vault_token', name: 'deploy', owner: 'platform', accessor: 'secret-accessor-1' }
  const LOOKUP = 'POST auth/token/lookup-accessor secret-accessor-1'
  const RENEW = 'POST auth/token/renew-accessor secret-accessor-1'

  test('says the worst first, with owner and time left, and no accessor', async () => {
    vault.answers.set(LOOKUP, token({ expire_time: iso(NOW + HOUR / 2) }))
    await round([{ ...deploy, name: 'nomad', kind: 'consul_token', accessor: undefined }, deploy])
    expect(said.status).toBe('critical')
    expect(said.output.split('\n')).toEqual([
      '2 critical, 0 warning, 0 passing',
      expect.stringMatching(/^critical: nomad expires in 1 h; owner platform/),
      'critical: deploy expires in 30 m; owner platform',
    ])
    expect(said.output).not.toMatch(/accessor/)
  })

  test('renews what it is allowed to and says so; what is well it leaves alone', async () => {
    vault.answers.set(LOOKUP, token())
    vault.answers.set(RENEW, {})
    await round([{ ...deploy, renew: true }])
    expect(vault.asked).not.toContain(RENEW)
    vault.answers.set(LOOKUP, token({ expire_time: iso(NOW + HOUR) }))
    await round([deploy])
    expect(vault.asked).not.toContain(RENEW)
    await round([{ ...deploy, renew: true }])
    expect(vault.asked.slice(-2)).toEqual([RENEW, LOOKUP])
    expect(said.output).toMatch(/\(renewed\)/)
    vault.answers.delete(RENEW)
    await round([{ ...deploy, renew: true }])
    expect(said.output).toMatch(/the monitor may not renew it/)
  })

  test('tells what is gone from a token of its own that is dead and from a Vault that fails', async () => {
    await round([deploy])
    expect(said.output).toMatch(/deploy is gone/)
    await round([deploy], 'another')
    expect(said.output).toMatch(/cannot be read: the monitor's own Vault token is refused/)
    vault.fail = 503
    await round([deploy])
    expect(said).toMatchObject({ status: 'critical', output: expect.stringMatching(/cannot be read: .*503/) })
  })

  test('reads AppRole by the accessors of its secret_ids', async () => {
    const role = 'auth/approle/role/ci'
    vault.answers.set(`GET ${role}/secret-id?list=true`, { keys: ['s1', 's2', 'tidied'] })
    const lookup = `POST ${role}/secret-id-accessor/lookup`
    vault.answers.set(`${lookup} s1`, { expiration_time: iso(NOW + HOUR), creation_time: iso(NOW - DAY) })
    vault.answers.set(`${lookup} s2`, { expiration_time: iso(NOW + 9 * DAY), creation_time: iso(NOW - DAY) })
    await round([{ kind: 'approle', name: 'ci', owner: 'build', role: 'ci' }])
    expect(said).toMatchObject({ status: 'passing', output: expect.stringMatching(/ci expires in 9 d/) })
  })

  test('reads a certificate of PKI, the issuer unless a serial is named; a revoked one is gone', async () => {
    const pem = readFileSync(join(import.meta.dirname, '../../cases/certificates/chain.pem'), 'utf8')
    const { at } = validityOf(pem)
    const [ca, one] = [
      { kind: 'certificate_pki', name: 'issuer', owner: 'security' },
      { kind: 'certificate_pki', name: 'web', owner: 'security', mount: 'pki/web', serial: '39-dd' },
    ]
    vault.answers.set('GET pki/cert/ca', { certificate: pem, revocation_time: 0 })
    vault.answers.set('GET pki/web/cert/39-dd', { certificate: pem, revocation_time: 1_700_000_000 })
    await round([ca, one])
    expect(vault.asked).toEqual(['GET pki/cert/ca', 'GET pki/web/cert/39-dd'])
    expect(said.status).toBe('critical')
    expect(said.output).toMatch(/critical: web is gone: it is revoked; owner security/)
    expect(said.output).toContain(`issuer expires in ${spoken(at - NOW)}; owner security`)
  })

  test('says what is wrong with a certificate of PKI that is gone, is none, or may not be read', async () => {
    const ca = { kind: 'certificate_pki', name: 'issuer', owner: 'security' }
    await round([ca])
    expect(said).toMatchObject({ status: 'critical', output: expect.stringMatching(/issuer is gone/) })
    vault.answers.set('GET pki/cert/ca', { certificate: 'nothing' })
    await round([ca])
    expect(said.output).toMatch(/issuer cannot be read: There is no certificate in PEM/)
    await round([ca], 'another')
    expect(said.output).toMatch(/issuer cannot be read: the monitor's own Vault token is refused/)
  })

  test('does not call well what has no time, or no beginning that a share could be taken of', async () => {
    const consul = { kind: 'consul_token', name: 'monitor', owner: 'platform' }
    for (const wrong of [{ ExpirationTime: iso(NOW + HOUR) }, { ...consulKnows, ExpirationTime: 'soon' }]) {
      consulSays = wrong
      await round([consul])
      expect(said).toMatchObject({
        status: 'critical',
        output: expect.stringMatching(/monitor cannot be read: its begin/),
      })
    }
    vault.answers.set(LOOKUP, {})
    await round([deploy])
    expect(said).toMatchObject({ status: 'critical', output: expect.stringMatching(/deploy cannot be read/) })
  })

  test('tells the canary of a round that Vault answered, and whether it is active; of no other round', async () => {
    vault.answers.set(LOOKUP, token())
    await round([deploy])
    expect(asked).toEqual([true])
    vault.health = 429
    await round([deploy])
    expect(asked).toEqual([true, false])
    await round([deploy], 'another')
    await round([{ kind: 'consul_token', name: 'monitor', owner: 'platform' }])
    vault.fail = 503
    await round([deploy])
    expect(asked).toEqual([true, false])
  })

  test('stays under 2 KB with many entries and says how many are left out', async () => {
    await round(Array.from({ length: 200 }, (_, index) => ({ ...deploy, name: `token-${index}` })))
    expect(Buffer.byteLength(said.output)).toBeLessThan(2048)
    expect(said.output).toMatch(/^200 critical[\s\S]*and \d+ more$/)
  })
})
